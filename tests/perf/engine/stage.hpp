/// One real controller with a million sessions, and its phases.
///
///   arrivals, answers -> inbox -> [ tick: acknowledgements, reports, Controller::tick ] -> datagrams, commands, events
///                                  timed, as ControllerLoop::round does it
///
/// Owner thread: one. Bound: as the controller's own; what a tick takes in has the loop's bounds. Failure: a phase
/// that does not end within its limit says so in its result.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "../../support/inline_handshakes.hpp"
#include "audit/event_log.hpp"
#include "clients.hpp"
#include "ctl/controller.hpp"
#include "pace.hpp"
#include "surroundings.hpp"

namespace jumpgate::bench {

/// What a tick did, in units whose cost does not depend on how many sessions there are.
struct Work {
  std::uint64_t looks{0};  // at slots of the session store
  std::uint64_t peers{0};  // looked at
  std::uint64_t commands{0};
  std::uint64_t datagrams{0};
  std::uint64_t events{0};

  bool operator==(const Work&) const = default;
  [[nodiscard]] Work operator-(const Work& before) const {
    return {.looks = looks - before.looks,
            .peers = peers - before.peers,
            .commands = commands - before.commands,
            .datagrams = datagrams - before.datagrams,
            .events = events - before.events};
  }
  /// Of each the larger.
  void raise(const Work& other);
};

struct Phase {
  bool ended{false};
  std::uint64_t done{0};  // of what the phase is about
  Duration elapsed{};     // of the benchmark's clock
  Ticks ticks;
  Work most;  // of each in any tick
  std::uint64_t events{0};
  std::uint64_t without_command{0};  // steps that waited for a command

  /// What came right after it.
  void add(const Phase& next);
};

/// Inputs of a phase, the first at once and the last after `over`.
struct Arrivals {
  std::uint64_t count{0};
  Duration over{};
  std::size_t at_once{limits::kReportsPerTick};  // most in one tick
  std::function<Input(std::uint64_t)> make;
};

class Stage {
 public:
  Stage(std::uint32_t sessions, const session::Policy& policy);

  /// Ticks until all has arrived and `done` says so, or `limit` is over.
  [[nodiscard]] Phase run(const Arrivals& arrivals, const std::function<bool()>& done,
                          Duration limit);

  /// An operator's request: done in the next tick.
  void post(std::function<void()> request) { request_ = std::move(request); }

  /// Time passes, and nobody runs the controller.
  void pass(Duration time) { now_ = now_ + time; }

  [[nodiscard]] ctl::Controller& controller() { return *controller_; }
  [[nodiscard]] Clients& clients() { return clients_; }
  [[nodiscard]] MonoNs now() const { return now_; }
  /// That of the start again, with other names and addresses where `other` says so.
  [[nodiscard]] std::shared_ptr<const config::GatewayConfig> config(std::uint32_t peers,
                                                                    bool other) const;

 private:
  static constexpr Duration kRoundTrip = milliseconds(40);  // of a client
  // How long the product's controller sleeps at most between two rounds (ControllerLoop::idle_wait).
  static constexpr Duration kIdleRound = microseconds(200);

  struct Answer {
    MonoNs due;
    Input input;
  };

  void gather(const Arrivals& arrivals, MonoNs began);
  [[nodiscard]] MonoNs due(const Arrivals& arrivals, MonoNs began) const;
  void tick(Phase& phase);
  /// Since the controller began.
  [[nodiscard]] Work work() const;
  void handle(const Input& input);
  void read_what_left(Phase& phase);
  void rest(MonoNs until);

  base::SystemRandom random_;
  PublicKey gateway_;
  Clients clients_;
  Workers workers_;
  Outside outside_;
  test::InlineHandshakes handshakes_;
  NoRoutes routes_;
  audit::EventLog events_;
  MonoNs now_{1'000'000'000'000};
  std::unique_ptr<ctl::Controller> controller_;
  std::uint64_t arrived_{0};
  std::vector<bus::Command*> acknowledged_;
  std::vector<Input> inbox_;
  std::function<void()> request_;
  std::deque<Answer> answers_;
  std::array<audit::Event, 256> read_;
};

}  // namespace jumpgate::bench
