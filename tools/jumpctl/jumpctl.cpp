#include "tools/jumpctl/jumpctl.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ostream>
#include <variant>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/client.hpp"
#include "api/protocol.hpp"
#include "tools/jumpctl/config_verbs.hpp"
#include "tools/jumpctl/log_verbs.hpp"
#include "tools/jumpctl/policy_verbs.hpp"
#include "tools/jumpctl/render.hpp"
#include "tools/jumpctl/replay_verb.hpp"
#include "tools/jumpctl/trace_verb.hpp"
#include "tools/jumpctl/verbs.hpp"

namespace jumpgate::jumpctl {

int fail(const Output& output, const api::Error& error) {
  output.err << "jumpctl: " << error.message << '\n';
  switch (error.code) {
    case api::ErrorCode::kCannotConnect:
    case api::ErrorCode::kBadRequest:
      return kUsage;
    case api::ErrorCode::kNotFound:
    case api::ErrorCode::kAmbiguous:
    case api::ErrorCode::kRefused:
    case api::ErrorCode::kBusy:
    case api::ErrorCode::kTooLarge:
      return kRefused;
  }
  return kRefused;
}

std::string to_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

namespace {

struct Renderer {
  std::string operator()(const api::SessionPage& page) const { return render(page.sessions); }
  template <class T>
  std::string operator()(const T& reply) const {
    return render(reply);
  }
};

int show(const Options& options, const Output& output, const api::Response& response) {
  if (!response) return fail(output, response.error());
  output.out << (options.json ? to_text(api::to_json(*response))
                              : std::visit(Renderer{}, *response));
  return kDone;
}

// Every page, as one answer. A table that changes meanwhile may show a session twice or not at all,
// but the walk ends: offsets must rise.
api::Response all_sessions(api::Client& client) {
  api::SessionPage all;
  std::uint64_t offset = 0;
  for (;;) {
    auto response = client.request(api::SessionsRequest{offset});
    if (!response) return response;
    auto& page = std::get<api::SessionPage>(*response);
    all.total = page.total;
    std::ranges::move(page.sessions, std::back_inserter(all.sessions));
    if (!page.next_offset || *page.next_offset <= offset) return all;
    offset = *page.next_offset;
  }
}

int follow_events(const Options& options, const Output& output, api::Client& client) {
  if (const auto followed = client.follow(); !followed) return fail(output, followed.error());
  for (std::uint64_t shown = 0; options.count == 0 || shown < options.count;) {
    const auto event = client.next_event(seconds(3600));
    if (!event && event.error().code == api::ErrorCode::kBusy) continue;  // a quiet hour
    if (!event) return fail(output, event.error());
    if (event->lost > 0) {
      output.err << "jumpctl: " << event->lost << " events missed here; the event log has them\n";
      continue;
    }
    output.out << (options.json ? event->line + '\n' : render_event(event->line)) << std::flush;
    if (!output.out) return kRefused;  // a full disk: nobody would read the rest either
    ++shown;
  }
  return kDone;
}

int perform(const std::string& command, const Options& options, const Output& output) {
  if (command == "timeline") return show_timeline(options, output);
  if (command.starts_with("policy ")) return policy(command.substr(7), options, output);
  if (command == "config check") return check_config(options, output);
  if (command == "replay") return replay(options, output);
  if (command == "events verify") return verify_events(options, output);
  if (command == "trace") return trace(options, output);
  auto client = api::Client::connect(options.socket);
  if (!client) return fail(output, client.error());
  if (command == "events") return follow_events(options, output, *client);
  if (command == "sessions") return show(options, output, all_sessions(*client));
  api::Request request = api::StatusRequest{};
  if (command == "session") request = api::SessionRequest{options.target};
  if (command == "terminate") request = api::TerminateRequest{options.target};
  if (command == "rekey") request = api::RekeyRequest{options.target};
  if (command == "counters") request = api::CountersRequest{options.worker};
  if (command == "reload") request = api::ReloadRequest{};
  return show(options, output, client->request(request));
}

void add_policy_commands(CLI::App& policy, Options& options) {
  policy.require_subcommand(1);
  policy.add_subcommand("show", "the policy in force");
  policy.add_subcommand("history", "the policies since the start, and what each changed");
  const auto of_document = [&](const char* name, const char* what) {
    CLI::App* verb = policy.add_subcommand(name, what);
    verb->add_option("FILE", options.target, "a policy document")->required();
    return verb;
  };
  of_document("check", "is the document valid? Asks no gateway");
  of_document("diff", "what would it change?");
  of_document("apply", "apply it: whole, or not at all")
      ->add_flag("--grace", options.grace,
                 "running sessions follow at their next transition, not at once");
}

void add_commands(CLI::App& app, Options& options) {
  app.add_option("--socket", options.socket, "control socket of the gateway")
      ->capture_default_str();
  app.add_flag("--json", options.json, "answer in JSON");
  app.fallthrough();  // --json and --socket may follow the command
  app.require_subcommand(1);
  app.set_version_flag("--version", JUMPGATE_VERSION);
  app.add_subcommand("status", "the gateway at a glance");
  app.add_subcommand("sessions", "every session, one line each");
  app.add_subcommand("session", "everything about one session")
      ->add_option("ID|PEER", options.target, "its id or its peer's name")
      ->required();
  CLI::App* events =
      app.add_subcommand("events", "what happens, from now on; or check an event log");
  events->add_flag("--follow", options.follow, "go on until interrupted");
  events->add_option("--count", options.count, "end after so many events");
  events->require_subcommand(0, 1);
  events->add_subcommand("verify", "check an event log against the state machine")
      ->add_option("FILE", options.files, "the log's files, oldest first; none: the gateway's log");
  CLI::App* timeline = app.add_subcommand("timeline", "a session's whole life, from the event log");
  timeline->add_option("ID|PEER", options.target, "its id or its peer's name")->required();
  timeline->add_option("--file", options.files,
                       "the log's files, oldest first; none: the gateway's log");
  app.add_subcommand("terminate", "end a session")
      ->add_option("ID|PEER", options.target, "its id or its peer's name")
      ->required();
  app.add_subcommand("rekey", "ask a session's client for new keys")
      ->add_option("ID|PEER", options.target, "its id or its peer's name")
      ->required();
  app.add_subcommand("counters", "packets and drops by reason")
      ->add_option("--worker", options.worker, "of one worker alone");
  CLI::App* trace = app.add_subcommand("trace", "a session's next packets, stage by stage");
  trace->add_option("ID|PEER", options.target, "its id or its peer's name")->required();
  trace->add_option("-n", options.packets, "so many packets")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, api::kMaxTracedPackets));
  trace->add_option("--seconds", options.seconds, "wait for them so long")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, api::kMaxTraceSeconds));
  add_policy_commands(*app.add_subcommand("policy", "timers and limits of the sessions"), options);
  CLI::App* config = app.add_subcommand("config", "configuration files");
  config->require_subcommand(1);
  config
      ->add_subcommand("check", "is the gateway's file valid, and is it meant so? Asks no gateway")
      ->add_option("FILE", options.target, "a gateway's configuration")
      ->required();
  CLI::App* replay =
      app.add_subcommand("replay", "play a gateway's recording again: does it decide the same?");
  replay->add_option("FILE", options.target, "the recording")->required();
  replay->add_flag("--events", options.events, "print the events, as they are published again");
  app.add_subcommand("reload", "read the configuration anew: peers and policy");
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  CLI::App app{"Looks into a running jumpgated and directs it.", "jumpctl"};
  Options options;
  add_commands(app, options);
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& fault) {
    // CLI11 misses a command before it sees that a word was none.
    if (const auto words = app.remaining(true); !words.empty())
      err << "jumpctl: not understood: " << words.front() << '\n';
    return app.exit(fault, out, err) == 0 ? kDone : kUsage;
  }
  const CLI::App* command = app.get_subcommands().front();
  std::string name = command->get_name();
  for (const CLI::App* part : command->get_subcommands())
    name += ' ' + part->get_name();
  if (name == "events" && !options.follow) {
    err << "jumpctl: give --follow to see events as they happen, or 'events verify' to check a "
           "log\n";
    return kUsage;
  }
  return perform(name, options, {out, err});
}

}  // namespace jumpgate::jumpctl
