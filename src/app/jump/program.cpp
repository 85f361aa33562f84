#include "app/jump/program.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "aead_sodium/aead_sodium.hpp"
#include "app/jump/status.hpp"
#include "app/memory.hpp"
#include "app/standard_streams.hpp"
#include "audit/sink.hpp"
#include "base/text.hpp"

namespace jumpgate::jump {
namespace {

/// A client makes a handful of events a minute.
constexpr std::size_t kClientEventRing = 1024;

std::uint64_t wall_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

/// The fastest driver that this CPU can run.
std::unique_ptr<Aead> make_aead(Suite suite) {
  auto fast = aead_ipsecmb::make_aead(suite);
  return fast ? std::move(fast) : aead_sodium::make_aead(suite);
}

std::string make_folder(const std::filesystem::path& folder) {
  if (folder.empty()) return {};  // the present one
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return error ? fmt::format("cannot make {}: {}", folder.string(), error.message()) : "";
}

/// Why there is no session, for a person.
std::string no_session_reason(const client::Engine& engine, const config::ClientConfig& config,
                              const Host& host) {
  const client::HandshakeReport& report = engine.handshake().report();
  if (report.counter_not_written)
    return fmt::format("the HELLO counter cannot be written in {}", config.state_dir);
  if (report.refused != Reason::kNone) {
    return fmt::format("the gateway refused: {} ({})", to_string(report.refused),
                       describe(report.refused));
  }
  if (report.answer_not_verified) return "an answer did not verify: wrong pre-shared key?";
  if (report.version_refused) return "the gateway speaks no protocol version of ours";
  if (report.hellos == 0) return "no usable uplink: " + host.uplink_report();
  return fmt::format(
      "no answer from the gateway after {} HELLOs: not reachable, not running, or one of the two "
      "public keys is wrong",
      report.hellos);
}

}  // namespace

Program::Program(config::ClientConfig config, Announce announce)
    : config_(std::move(config)),
      announce_(std::move(announce)),
      log_(kClientEventRing),
      audit_(log_, config_.name, wall_ms),
      host_(config_, loop_, log_),
      counters_((std::filesystem::path(config_.state_dir) / ("jump-" + config_.name + ".counter"))
                    .string()) {}

std::string Program::open_control() {
  const std::filesystem::path path(config_.control_socket);
  if (std::string error = make_folder(path.parent_path()); !error.empty()) return error;
  auto server = api::Server::open({.path = config_.control_socket, .access = {}}, *this, &feed_);
  if (!server) return server.error().message;
  control_ = std::move(*server);
  return loop_.add(control_->fd(), [this](std::uint32_t) { control_->poll_once(Duration{}); })
             ? ""
             : "cannot watch the control socket";
}

std::string Program::open_events() {
  if (!config_.events_file.empty()) {
    const std::filesystem::path path(config_.events_file);
    if (std::string error = make_folder(path.parent_path()); !error.empty()) return error;
    auto file =
        std::make_unique<audit::FileSink>(audit::FileSink::Options{.path = config_.events_file});
    if (!file->open())
      app::complain("jump",
                    fmt::format("events.file {}: {}; until it can be written events are lost to it",
                                config_.events_file, std::strerror(errno)));
    audit_.add_sink(std::move(file));
  }
  audit_.add_sink(std::make_unique<api::FeedSink>(feed_));
  audit_.start();
  return {};
}

std::string Program::make_engine() {
  client::EngineConfig engine;
  engine.identity.own = crypto::KeyPair::from_private(config_.private_key.get());
  engine.identity.gateway = config_.gateway_public_key;
  engine.identity.preshared.get() = config_.preshared_key.get();
  gcm_ = make_aead(Suite::kAes256Gcm);
  chacha_ = make_aead(Suite::kChaCha20Poly1305);
  const client::AeadSet aeads{.aes256_gcm = gcm_.get(), .chacha20_poly1305 = chacha_.get()};
  std::size_t offered = 0;
  for (const Suite suite : config_.suites) {
    if (aeads.find(suite) != nullptr && offered < engine.identity.suites.size())
      engine.identity.suites.at(offered++) = suite;
  }
  if (offered == 0) return "this CPU can run none of the configured suites";
  for (const config::UplinkConfig& uplink : config_.uplinks) {
    engine.uplinks.push_back({.name = uplink.name, .preference = uplink.preference});
  }
  engine.outer_class = config_.outer_class;
  engine.probe_path_mtu = config_.probe_path_mtu;
  engine_ = std::make_unique<client::Engine>(
      std::move(engine),
      client::EngineDeps{
          .output = host_, .counters = counters_, .random = random_, .aeads = aeads});
  return {};
}

std::string Program::set_up() {
  // Once more: a daemon's child has not inherited it.
  if (!app::lock_memory())
    app::complain("jump", "memory is not locked (RLIMIT_MEMLOCK): keys may reach swap");
  // Before the first thread, which would otherwise take a signal by its default: the end.
  if (!loop_.catch_signals([this] { stop(client::EventLoop::now()); }))
    return "cannot catch signals";
  if (std::string error = make_folder(config_.state_dir); !error.empty()) return error;
  // First of all what a second program of the same name would take from the one that runs.
  if (std::string error = open_control(); !error.empty()) return error;
  if (std::string error = host_.open(); !error.empty()) return error;
  if (std::string error = open_events(); !error.empty()) return error;
  if (std::string error = make_engine(); !error.empty()) return error;
  host_.set_ready_handler([this] { on_ready(); });
  host_.set_gone_handler([this] { on_gone(); });
  return host_.attach(*engine_);
}

int Program::run() {
  if (const std::string error = set_up(); !error.empty()) {
    announce_(false, error + (::geteuid() == 0 ? "" : " (jump up needs root)"));
    return kExitFailed;
  }
  const MonoNs now = client::EventLoop::now();
  give_up_at_ = now + config_.connect_timeout;
  engine_->start(now);
  loop_.run([this] { return std::min(engine_->next_deadline(), give_up_at_); },
            [this](MonoNs due) { on_tick(due); });
  audit_.stop();
  // Before the control socket closes, which tells `jump down` that the name is free again.
  host_.close();
  return status_;
}

void Program::on_tick(MonoNs now) {
  engine_->tick(now);
  log_.flush_loss(now, 0);
  if (now >= give_up_at_) give_up();
}

void Program::on_ready() {
  if (give_up_at_ == kNever) return;  // a later session: whoever waited has been told
  give_up_at_ = kNever;
  const auto& setup = *host_.setup();
  std::string addresses;
  for (std::size_t i = 0; i < setup.address_count; ++i)
    addresses += " " + base::format_prefix(setup.addresses.at(i));
  const client::UplinkId uplink = engine_->session()->core().current_uplink();
  announce_(true, fmt::format("{} is up: {}{} over {} to {}", config_.name, host_.tun_name(),
                              addresses, config_.uplinks.at(uplink).name,
                              base::format_endpoint(engine_->uplinks().gateway(uplink))));
  ::sd_notify(0, "READY=1");
}

void Program::on_gone() {
  const std::string what = fmt::format("the tunnel interface {} was deleted", host_.tun_name());
  // Whoever still waits for the tunnel is told; later there is only stderr.
  if (give_up_at_ != kNever)
    announce_(false, what);
  else
    app::complain("jump", what);
  give_up_at_ = kNever;
  status_ = kExitFailed;
  stop(client::EventLoop::now());
}

void Program::give_up() {
  give_up_at_ = kNever;
  announce_(false, no_session_reason(*engine_, config_, host_));
  status_ = kExitFailed;
  stop(client::EventLoop::now());
}

void Program::stop(MonoNs now) {
  ::sd_notify(0, "STOPPING=1");
  engine_->close(now);
  loop_.stop();
}

// ---- Control socket
// ------------------------------------------------------------------------------

std::expected<nlohmann::json, api::Error> Program::call(std::string_view command,
                                                        const nlohmann::json& arguments) {
  if (command == "status") return status_json(config_, *engine_, host_, client::EventLoop::now());
  if (command == "down") {
    stop(client::EventLoop::now());
    return nlohmann::json{{"name", config_.name}};
  }
  if (command == "to") return move_to(arguments);
  return std::unexpected(api::Error{api::ErrorCode::kBadRequest, "no such command"});
}

std::expected<nlohmann::json, api::Error> Program::move_to(const nlohmann::json& arguments) {
  if (!arguments.contains("uplink") || !arguments["uplink"].is_string()) {
    return std::unexpected(
        api::Error{api::ErrorCode::kBadRequest, "'uplink' is missing: the name of an uplink"});
  }
  const auto name = arguments["uplink"].get<std::string>();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < config_.uplinks.size(); ++i) {
    names.push_back(config_.uplinks.at(i).name);
    if (config_.uplinks.at(i).name != name) continue;
    if (engine_->move_to(static_cast<client::UplinkId>(i), client::EventLoop::now()))
      return nlohmann::json{{"uplink", name}};
    return std::unexpected(api::Error{
        api::ErrorCode::kRefused,
        "not now: the uplink is down or in use already, or the session is not ATTACHED"});
  }
  return std::unexpected(
      api::Error{api::ErrorCode::kNotFound,
                 fmt::format("no uplink '{}'; there are: {}", name, fmt::join(names, ", "))});
}

}  // namespace jumpgate::jump
