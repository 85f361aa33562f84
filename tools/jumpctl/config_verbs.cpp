#include "tools/jumpctl/config_verbs.hpp"

#include <ostream>

#include <nlohmann/json.hpp>

#include "config/gateway_config.hpp"

namespace jumpgate::jumpctl {

nlohmann::json problems_json(const config::Problems& problems) {
  nlohmann::json list = nlohmann::json::array();
  for (const config::Problem& p : problems.list())
    list.push_back({{"file", p.place.file},
                    {"line", p.place.line},
                    {"column", p.place.column},
                    {"key", p.key},
                    {"what", p.what},
                    {"expected", p.expected}});
  return list;
}

int check_config(const Options& options, const Output& output) {
  const auto config = config::load_gateway(options.target);
  const config::Problems problems = config ? config::Problems{} : config.error();
  const config::Problems warnings = config ? config->warnings : config::Problems{};
  if (options.json) {
    output.out << to_text({{"valid", config.has_value()},
                           {"problems", problems_json(problems)},
                           {"warnings", problems_json(warnings)}});
  } else {
    output.err << problems.text() << warnings.text();
    if (config) output.out << options.target << ": valid\n";
  }
  return config ? kDone : kUsage;
}

}  // namespace jumpgate::jumpctl
