#include "record/replayer.hpp"

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "ctl/controller.hpp"
#include "record/stand_ins.hpp"
#include "record/tape.hpp"
#include "record/taped_ports.hpp"

namespace jumpgate::record {
namespace {

std::string readable(Call call, std::span<const std::uint8_t> bytes) {
  if (call == Call::kEvent) return {bytes.begin(), bytes.end()};
  return base::format_hex(bytes);
}

/// One recorded exchange.
struct Recorded {
  Call call{};
  std::span<const std::uint8_t> asked;
  std::span<const std::uint8_t> result;
};

std::optional<Recorded> read_exchange(Reader& reader) {
  Recorded recorded;
  pass(reader, recorded.call);
  for (auto* part : {&recorded.asked, &recorded.result}) {
    std::uint64_t size = 0;
    pass(reader, size);
    *part = reader.take(size);
  }
  if (reader.failed()) return std::nullopt;
  return recorded;
}

/// The exchanges of the record that is being played.
class Playback final : public Exchange {
 public:
  explicit Playback(const std::function<void(std::string_view)>& event) : event_(event) {}

  void play(Reader rest) {
    rest_ = rest;
    open_ = true;
  }
  /// The core is done; what of the record it did not do is a difference.
  void end() {
    open_ = false;
    if (difference_.empty() && rest_.left() > 0) {
      const auto left = read_exchange(rest_);
      differ(left ? fmt::format("recorded: {} {}; replayed: nothing more", to_string(left->call),
                                readable(left->call, left->asked))
                  : "an exchange in it makes no sense");
    }
  }
  [[nodiscard]] const std::string& difference() const { return difference_; }
  /// The number of the job that is taken next, if that is what comes next.
  [[nodiscard]] std::optional<std::uint64_t> next_job() const {
    Reader ahead = rest_;
    if (!open_ || ahead.left() == 0) return std::nullopt;
    const auto next = read_exchange(ahead);
    if (!next || next->call != Call::kPollJob) return std::nullopt;
    Reader asked(next->asked);
    std::uint64_t number = 0;
    pass(asked, number);
    return number;
  }

  [[nodiscard]] bool open() const override { return open_; }
  void exchange(Call call, std::span<const std::uint8_t> asked, Bytes& result) override {
    if (!difference_.empty() || starting_random(call)) return;
    const auto recorded = open_ && rest_.left() > 0 ? read_exchange(rest_) : std::nullopt;
    if (!recorded) {
      differ(fmt::format("recorded: nothing more; replayed: {} {}", to_string(call),
                         readable(call, asked)));
      return;
    }
    if (recorded->call != call || !std::ranges::equal(recorded->asked, asked)) {
      differ(fmt::format("recorded: {} {}; replayed: {} {}", to_string(recorded->call),
                         readable(recorded->call, recorded->asked), to_string(call),
                         readable(call, asked)));
      return;
    }
    result.assign(recorded->result.begin(), recorded->result.end());
    ++done.exchanges;
    if (call != Call::kEvent) return;
    ++done.events;
    event_(readable(call, asked));
  }

  Replayed done;
  bool starting{false};

 private:
  [[nodiscard]] bool starting_random(Call call) const { return starting && call == Call::kRandom; }
  void differ(std::string what) { difference_ = std::move(what); }

  const std::function<void(std::string_view)>& event_;
  Reader rest_{{}};
  bool open_{false};
  std::string difference_;
};

class Player {
 public:
  explicit Player(const std::function<void(std::string_view)>& event)
      : playback_(event),
        handshakes_([this] { return playback_.next_job(); }),
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
    if (reader.failed() || (input == Input::kStart) != !core_)
      return ReplayFault{.kind = Kind::kFile, .text = "no input that can come here"};
    if (core_ && last_tick > ticked_) {
      core_->tick(last_tick);
      ticked_ = last_tick;
    }
    const bool known = dispatch(input, reader, now);
    playback_.end();
    drain();
    if (!known)
      return ReplayFault{.kind = Kind::kFile,
                         .text = fmt::format("{}: makes no sense", to_string(input))};
    ++playback_.done.inputs;
    if (playback_.difference().empty()) return std::nullopt;
    return ReplayFault{.kind = Kind::kDifference,
                       .text = fmt::format("{}: {}", to_string(input), playback_.difference())};
  }
  [[nodiscard]] bool over() const { return playback_.done.whole; }
  [[nodiscard]] Replayed result() {
    Replayed result = playback_.done;
    result.sessions = core_ ? core_->session_count() : 0;
    return result;
  }

 private:
  /// Values of the input, then the record's exchanges: false when the values are not there.
  template <class... Values>
  bool take(Reader& reader, Values&... values) {
    pass_all(reader, values...);
    if (reader.failed()) return false;
    playback_.play(reader);
    return true;
  }

  bool dispatch(Input input, Reader& reader, MonoNs now) {
    switch (input) {
      case Input::kStart:
        return start(reader, now);
      case Input::kControl:
        return control(reader, now);
      case Input::kReport:
        return report(reader, now);
      case Input::kAcknowledged: {
        bus::Command command;
        if (!take(reader, command.session, command.tag, command.applied)) return false;
        core_->on_acknowledged(command, now);
        return true;
      }
      case Input::kTick:
        playback_.play(reader);
        core_->tick(now);
        ticked_ = now;
        return true;
      case Input::kLink: {
        std::uint8_t port = 0;
        bool up = false;
        if (!take(reader, port, up) || port >= limits::kMaxPorts) return false;
        core_->on_link(port, up);
        return true;
      }
      case Input::kTerminate: {
        SessionId id;
        if (!take(reader, id)) return false;
        static_cast<void>(core_->terminate(id, now));
        return true;
      }
      case Input::kReload: {
        const auto next = std::make_shared<config::GatewayConfig>();
        if (!take(reader, *next)) return false;
        static_cast<void>(core_->reload(next, now));
        return true;
      }
      case Input::kApplyPolicy:
        return policy(reader, now);
      case Input::kRefused: {
        std::string field;
        if (!take(reader, field)) return false;
        core_->reload_refused(field, now);
        return true;
      }
      case Input::kStop:
        playback_.play(reader);
        core_->begin_stop();
        return true;
      case Input::kEnd:
        playback_.play(reader);
        playback_.done.whole = true;
        return true;
    }
    return false;
  }

  bool start(Reader& reader, MonoNs now) {
    ctl::Settings settings;
    const auto config = std::make_shared<config::GatewayConfig>();
    if (!take(reader, settings, *config) || !plausible(settings)) return false;
    playback_.starting = true;
    cids_.emplace(settings.cid_key);
    core_.emplace(settings, ports_.ports(), config, crypto::ResetKey(), now);
    playback_.starting = false;
    ticked_ = now;
    return true;
  }

  bool control(Reader& reader, MonoNs now) {
    bus::Report report;
    Bytes trimmed;
    if (!take(reader, report, trimmed) || trimmed.size() > wire::kControlPayloadSize) return false;
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    std::ranges::copy(trimmed, payload.begin());
    core_->on_control(report, payload, now);
    return true;
  }

  bool report(Reader& reader, MonoNs now) {
    bus::Report report;
    TapedId cid;
    if (!take(reader, report, cid) || (cid.ours && !possible(*cid.ours))) return false;
    report.cid = untaped(*cids_, cid);
    core_->on_report(report, now);
    return true;
  }

  bool policy(Reader& reader, MonoNs now) {
    session::PolicySet next;
    std::string how;
    ctl::PolicyApplication application{};
    if (!take(reader, next, how, application)) return false;
    static_cast<void>(core_->apply_policy(next, how, application, now));
    return true;
  }

  /// A file that nobody checked may not ask for tables that no gateway has.
  static bool plausible(const ctl::Settings& settings) {
    return settings.workers >= 1 && settings.workers <= limits::kMaxWorkers &&
           std::uint64_t{settings.workers} * settings.slots_per_worker <=
               2 * limits::kMaxSlotsPerWorker &&
           settings.max_sessions <= limits::kMaxSlotsPerWorker &&
           settings.max_peers <= 2 * limits::kMaxPeers;
  }

  static bool possible(const crypto::CidFields& id) {
    return id.worker < limits::kMaxWorkers && id.slot < limits::kMaxSlotsPerWorker &&
           id.generation >> limits::kCidGenerationBits == 0;
  }

  /// The log's own ring is nobody's here.
  void drain() {
    std::array<audit::Event, 64> taken;
    while (events_.take(taken) > 0) {
    }
  }

  Playback playback_;
  IdleWorkers workers_;
  IdleNetwork network_;
  IdleHandshakes handshakes_;
  NoRandom random_;
  audit::EventLog events_;
  TapedPorts ports_;
  std::optional<crypto::CidCipher> cids_;
  std::optional<ctl::Controller> core_;
  MonoNs ticked_{};
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
  while (!player->over()) {
    const auto record = tape->next();
    if (!record) return bad_file(record.error());
    if (!*record) break;
    if (auto fault = player->play(**record)) {
      fault->text = fmt::format("{}: record {}: {}", path, tape->number(), fault->text);
      return std::unexpected(std::move(*fault));
    }
  }
  if (player->result().inputs == 0) return bad_file(path + ": holds no record");
  return player->result();
}

}  // namespace jumpgate::record
