#include "tools/jumpctl/log_verbs.hpp"

#include <expected>
#include <ostream>
#include <variant>

#include <nlohmann/json.hpp>

#include "api/client.hpp"
#include "api/protocol.hpp"
#include "audit/log_files.hpp"
#include "audit/timeline.hpp"
#include "audit/verifier.hpp"
#include "tools/jumpctl/render_log.hpp"

namespace jumpgate::jumpctl {
namespace {

// Findings kept for --json; all are counted. The text form prints each as it comes.
constexpr std::size_t kMaxFindings = 1000;

// The log that is meant; on failure what was wrong has been said.
std::expected<audit::LogFiles, int> open_log(const Options& options, const Output& output) {
  auto log = [&]() -> std::expected<audit::LogFiles, std::string> {
    if (!options.files.empty()) return audit::LogFiles::open(options.files);
    auto client = api::Client::connect(options.socket);
    if (!client) return std::unexpected(client.error().message);
    const auto place = client->request(api::EventLogRequest{});
    if (!place) return std::unexpected(place.error().message);
    const auto& told = std::get<api::EventLogPlace>(*place);
    return audit::LogFiles::open_rotated(told.file, told.keep);
  }();
  if (log) return std::move(*log);
  output.err << "jumpctl: " << log.error() << '\n';
  return std::unexpected(kUsage);
}

int broken_off(const Output& output, const std::string& why) {
  output.err << "jumpctl: " << why << '\n';
  return kUsage;
}

}  // namespace

int show_timeline(const Options& options, const Output& output) {
  auto log = open_log(options, output);
  if (!log) return log.error();
  audit::Timeline timeline(options.target);
  const auto read = log->read([&](const audit::LogLine& line) { timeline.on_line(line); });
  if (!read) return broken_off(output, read.error());
  const auto sessions = timeline.sessions();
  if (timeline.unreadable() > 0) {
    output.err << "jumpctl: " << timeline.unreadable()
               << " lines can not be read; 'jumpctl events verify' names them\n";
  }
  if (timeline.sessions_left_out() > 0) {
    output.err << "jumpctl: " << timeline.sessions_left_out()
               << " later sessions are left out; name one by its id\n";
  }
  if (sessions.empty()) {
    output.err << "jumpctl: no event of '" << options.target
               << "' in the log: give a session's id (32 hexadecimal digits) or a peer's name\n";
    return kRefused;
  }
  output.out << (options.json ? to_text(to_json(sessions)) : render(sessions));
  return kDone;
}

int verify_events(const Options& options, const Output& output) {
  auto log = open_log(options, output);
  if (!log) return log.error();
  nlohmann::json findings = nlohmann::json::array();
  audit::Verifier verifier([&](const audit::Finding& finding) {
    if (!options.json) {
      output.out << render(finding, log->paths());
    } else if (findings.size() < kMaxFindings) {
      findings.push_back(to_json(finding, log->paths()));
    }
  });
  const auto read = log->read([&](const audit::LogLine& line) { verifier.on_line(line); });
  if (!read) return broken_off(output, read.error());
  verifier.finish();
  if (options.json) {
    output.out << to_text({{"files", log->paths()},
                           {"lines", verifier.lines()},
                           {"sessions", verifier.sessions()},
                           {"events_lost", verifier.told_lost()},
                           {"faults", verifier.faults()},
                           {"findings", std::move(findings)}});
  } else {
    output.out << verifier.lines() << " lines, " << verifier.sessions() << " sessions, "
               << verifier.told_lost() << " events lost and told, " << verifier.faults()
               << " faults\n";
  }
  return verifier.faults() == 0 ? kDone : kRefused;
}

}  // namespace jumpgate::jumpctl
