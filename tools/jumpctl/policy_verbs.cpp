#include "tools/jumpctl/policy_verbs.hpp"

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include <jumpgate/limits.hpp>

#include "api/client.hpp"
#include "api/protocol.hpp"
#include "config/policy_document.hpp"
#include "tools/jumpctl/config_verbs.hpp"
#include "tools/jumpctl/render.hpp"

namespace jumpgate::jumpctl {
namespace {

api::Response ask(const Options& options, const api::Request& request) {
  auto client = api::Client::connect(options.socket);
  if (!client) return std::unexpected(client.error());
  return client->request(request);
}

template <class Answer>
int show(const Options& options, const Output& output, const api::Response& response) {
  if (!response) return fail(output, response.error());
  output.out << (options.json ? to_text(api::to_json(*response))
                              : render(std::get<Answer>(*response)));
  return kDone;
}

int check(const Options& options, const Output& output) {
  const auto policy = config::load_policy(options.target);
  if (options.json) {
    output.out << to_text(
        {{"valid", policy.has_value()},
         {"problems", problems_json(policy ? config::Problems{} : policy.error())}});
  } else if (policy) {
    output.out << options.target << ": valid\n";
  } else {
    output.err << policy.error().text();
  }
  return policy ? kDone : kUsage;
}

int diff(const Options& options, const Output& output) {
  const auto policy = config::load_policy(options.target);
  if (!policy) {
    output.err << policy.error().text();
    return kUsage;
  }
  const auto response = ask(options, api::PolicyRequest{});
  if (!response) return fail(output, response.error());
  std::vector<session::PolicyField> running;
  for (const api::PolicyField& field : std::get<api::PolicyInfo>(*response).fields)
    running.push_back({field.name, field.value});
  const auto changes = session::differences(running, session::fields_of(*policy));
  if (options.json) {
    output.out << to_text({{"changes", changes}});
  } else {
    output.out << render(api::Reloaded{changes});
  }
  return changes.empty() ? kDone : kRefused;
}

int apply(const Options& options, const Output& output) {
  std::ifstream file(options.target, std::ios::binary);
  // One byte more than a record holds: a larger document is refused as too large, not cut.
  std::string document(limits::kMaxApiMessage + 1, '\0');
  file.read(document.data(), static_cast<std::streamsize>(document.size()));
  if (!file.is_open() || file.bad()) {
    output.err << "jumpctl: " << options.target << " can not be read\n";
    return kUsage;
  }
  document.resize(static_cast<std::size_t>(file.gcount()));
  // Judged by the gateway alone, which tells a refusal in its events too.
  api::PolicyApplyRequest request;
  request.document = std::move(document);
  request.name = std::filesystem::path(options.target).filename().string();
  request.grace = options.grace;
  return show<api::PolicyApplied>(options, output, ask(options, request));
}

}  // namespace

int policy(const std::string& verb, const Options& options, const Output& output) {
  if (verb == "check") return check(options, output);
  if (verb == "diff") return diff(options, output);
  if (verb == "apply") return apply(options, output);
  if (verb == "show")
    return show<api::PolicyInfo>(options, output, ask(options, api::PolicyRequest{}));
  return show<api::PolicyChanges>(options, output, ask(options, api::PolicyHistoryRequest{}));
}

}  // namespace jumpgate::jumpctl
