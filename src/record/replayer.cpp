#include "record/replayer.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "ctl/controller.hpp"
#include "record/plausible.hpp"
#include "record/playback.hpp"
#include "record/stand_ins.hpp"
#include "record/tape.hpp"
#include "record/taped_ports.hpp"

namespace jumpgate::record {
namespace {

/// What is wrong with an input, as a sentence; empty: nothing is, and the core has had it.
using Wrong = std::string;
constexpr const char* kNotWhole = "it is not whole, or holds what can not be";

class Player {
 public:
  explicit Player(const std::function<void(std::string_view)>& event)
      : playback_(event),
        handshakes_(playback_),
        ports_(playback_, {.workers = workers_,
                           .datagrams = network_,
                           .paths = network_,
                           .handshakes = handshakes_,
                           .routes = network_,
                           .events = events_,
                           .random = random_}) {
    events_.observe(&ports_);
  }

  /// What is wrong; nothing: the record was done again as it was.
  std::optional<ReplayFault> play(std::span<const std::uint8_t> record) {
    using Kind = ReplayFault::Kind;
    Reader reader(record);
    Input input{};
    MonoNs last_tick;
    MonoNs now;
    pass_all(reader, input, last_tick, now);
    if (reader.failed() || (input == Input::kStart) == core_.has_value())
      return ReplayFault{.kind = Kind::kFile, .text = "no input that can come here"};
    Wrong wrong = advance(last_tick, now);
    if (wrong.empty()) wrong = dispatch(input, reader, now);
    playback_.end();
    const auto named = [input](Kind kind, std::string_view text) {
      return ReplayFault{.kind = kind, .text = fmt::format("{}: {}", to_string(input), text)};
    };
    if (!wrong.empty()) return named(Kind::kFile, wrong);
    ++playback_.done.inputs;
    const auto& fault = playback_.fault();
    if (fault) return named(fault->kind, fault->text);
    return std::nullopt;
  }
  [[nodiscard]] bool over() const { return playback_.done.whole; }
  [[nodiscard]] Replayed result() {
    Replayed result = playback_.done;
    result.sessions = core_ ? core_->session_count() : 0;
    return result;
  }

 private:
  /// To the last tick before the input, in which nothing was due: then to the input.
  Wrong advance(MonoNs last_tick, MonoNs now) {
    // What a clock shows in three centuries of running; deadlines lie beyond it and must not wrap.
    constexpr MonoNs kLatest{INT64_MAX};
    const bool ticks = core_ && last_tick != ticked_;
    if ((ticks && last_tick < newest_) || now < newest_ || now < last_tick || now > kLatest)
      return "its time goes backwards, or is none that a clock shows";
    newest_ = now;
    if (!ticks) return "";
    core_->tick(last_tick);
    ticked_ = last_tick;
    return "";
  }

  /// Values of the input, then the record's exchanges: false when the values are not there.
  template <class... Values>
  bool take(Reader& reader, Values&... values) {
    pass_all(reader, values...);
    if (reader.failed()) return false;
    playback_.play(reader, !core_, core_ ? core_->peer_count() : 0);
    return true;
  }

  Wrong dispatch(Input input, Reader& reader, MonoNs now) {
    switch (input) {
      case Input::kStart:
        return start(reader, now);
      case Input::kControl:
        return control(reader, now);
      case Input::kReport:
        return report(reader, now);
      case Input::kAcknowledged: {
        bus::Command command;
        if (!take(reader, command.session, command.tag, command.applied)) return kNotWhole;
        core_->on_acknowledged(command, now);
        return "";
      }
      case Input::kTick:
        static_cast<void>(take(reader));
        core_->tick(now);
        ticked_ = now;
        return "";
      case Input::kLink: {
        std::uint8_t port = 0;
        bool up = false;
        if (!take(reader, port, up)) return kNotWhole;
        if (port >= limits::kMaxPorts) return fmt::format("of port {}", port);
        core_->on_link(port, up);
        return "";
      }
      case Input::kTerminate: {
        SessionId id;
        if (!take(reader, id)) return kNotWhole;
        static_cast<void>(core_->terminate(id, now));
        return "";
      }
      case Input::kAskRekey: {
        SessionId id;
        if (!take(reader, id)) return kNotWhole;
        static_cast<void>(core_->ask_rekey(id, now));
        return "";
      }
      case Input::kReloadBegun:
        static_cast<void>(take(reader));
        basis_ = core_->begin_reload(now);
        return "";
      case Input::kReload:
        return reload(reader, now);
      case Input::kApplyPolicy:
        return policy(reader, now);
      case Input::kRefused: {
        std::string field;
        if (!take(reader, field)) return kNotWhole;
        core_->reload_refused(field, now);
        return "";
      }
      case Input::kStop:
        static_cast<void>(take(reader));
        core_->begin_stop();
        return "";
      case Input::kEnd:
        static_cast<void>(take(reader));
        playback_.done.whole = true;
        return "";
    }
    return "this program knows no such input";
  }

  Wrong start(Reader& reader, MonoNs now) {
    ctl::Settings settings;
    const auto config = std::make_shared<config::GatewayConfig>();
    if (!take(reader, settings, *config)) return kNotWhole;
    if (auto wrong = wrong_with(settings); !wrong.empty()) return wrong;
    if (auto wrong = wrong_with(*config); !wrong.empty()) return wrong;
    if (config->peers.size() > settings.max_peers)
      return fmt::format("{} peers, and room for {}", config->peers.size(), settings.max_peers);
    cids_.emplace(settings.cid_key);
    core_.emplace(settings, ports_.ports(), config, crypto::ResetKey(), now);
    ticked_ = now;
    return "";
  }

  Wrong control(Reader& reader, MonoNs now) {
    bus::Report report;
    Bytes trimmed;
    if (!take(reader, report, trimmed)) return kNotWhole;
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    if (trimmed.size() > payload.size()) return fmt::format("of {} bytes", trimmed.size());
    std::ranges::copy(trimmed, payload.begin());
    core_->on_control(report, payload, now);
    return "";
  }

  Wrong report(Reader& reader, MonoNs now) {
    bus::Report report;
    TapedId cid;
    if (!take(reader, report, cid)) return kNotWhole;
    if (cid.ours && !possible(*cid.ours)) return "of a connection id that can not be";
    report.cid = untaped(*cids_, cid);
    core_->on_report(report, now);
    return "";
  }

  Wrong reload(Reader& reader, MonoNs now) {
    const auto next = std::make_shared<config::GatewayConfig>();
    if (!take(reader, *next)) return kNotWhole;
    if (auto wrong = wrong_with(*next); !wrong.empty()) return wrong;
    if (!basis_) return "nothing that it could be planned from";
    auto plan = core_->plan_reload(*std::exchange(basis_, std::nullopt), next);
    if (!plan) return plan.error();
    static_cast<void>(core_->reload(*plan, now));
    return "";
  }

  Wrong policy(Reader& reader, MonoNs now) {
    session::PolicySet next;
    std::string how;
    ctl::PolicyApplication application{};
    if (!take(reader, next, how, application)) return kNotWhole;
    if (auto wrong = wrong_with(next); !wrong.empty()) return wrong;
    static_cast<void>(core_->apply_policy(next, how, application, now));
    return "";
  }

  Playback playback_;
  IdleWorkers workers_;
  IdleNetwork network_;
  IdleHandshakes handshakes_;
  NoRandom random_;
  audit::EventLog events_{
      2};  // nobody takes from it: the observer sees each event before it is lost
  TapedPorts ports_;
  std::optional<crypto::CidCipher> cids_;
  std::optional<ctl::Controller> core_;
  std::optional<ctl::ReloadBasis> basis_;  // of the reload that has begun
  MonoNs ticked_{};
  MonoNs newest_{};  // time of an input
};

}  // namespace

std::expected<Replayed, ReplayFault> replay(const std::string& path,
                                            const std::function<void(std::string_view)>& event) {
  const auto bad_file = [](std::string text) {
    return std::unexpected(ReplayFault{.kind = ReplayFault::Kind::kFile, .text = std::move(text)});
  };
  auto tape = TapeReader::open(path);
  if (!tape) return bad_file(tape.error());
  const auto player = std::make_unique<Player>(event);
  for (;;) {
    const auto record = tape->next();
    if (!record) return bad_file(record.error());
    if (!*record) break;
    auto fault = player->over()
                     ? ReplayFault{.kind = ReplayFault::Kind::kFile, .text = "comes after the end"}
                     : player->play(**record);
    if (fault) {
      fault->text = fmt::format("{}: record {}: {}", path, tape->number(), fault->text);
      return std::unexpected(std::move(*fault));
    }
  }
  if (player->result().inputs == 0) return bad_file(path + ": holds no record");
  return player->result();
}

}  // namespace jumpgate::record
