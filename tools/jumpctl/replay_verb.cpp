#include "tools/jumpctl/replay_verb.hpp"

#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "crypto/connection_id.hpp"
#include "record/replayer.hpp"

namespace jumpgate::jumpctl {

int replay(const Options& options, const Output& output) {
  if (!crypto::CidCipher::supported()) {
    output.err << "jumpctl: this CPU lacks AES-NI, which the controller needs\n";
    return kUsage;
  }
  const auto result = record::replay(options.target, [&](std::string_view line) {
    if (options.events) output.out << line;
  });
  if (!result) {
    output.err << "jumpctl: " << result.error().text << '\n';
    return result.error().kind == record::ReplayFault::Kind::kDifference ? kRefused : kUsage;
  }
  if (options.json) {
    output.out << to_text({{"inputs", result->inputs},
                           {"exchanges", result->exchanges},
                           {"events", result->events},
                           {"sessions", result->sessions},
                           {"whole", result->whole}});
    return kDone;
  }
  output.out << fmt::format(
      "identical: {} inputs, {} exchanges with workers, network, threads and log, {} of them "
      "events; {} sessions at the end\n",
      result->inputs, result->exchanges, result->events, result->sessions);
  if (!result->whole)
    output.out << "the recording ends there: record.max_bytes was reached, or the program ended "
                  "without a word\n";
  return kDone;
}

}  // namespace jumpgate::jumpctl
