/// Gateway, clients and network in one simulated time: the stage on which scripts, attackers and properties play.
///
///   Client 0..n-1 --- Network (faults, NATs) --- Gateway          one seed: one run, byte for byte
///
/// After every step the invariants of spec/session-fsm.md are checked: on both event streams (Timeline), on the
/// gateway's records, and on the wire (Watch). Owner thread: one. Bound: what the clients' number makes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <vector>

#include <jumpgate/time.hpp>

#include "client.hpp"
#include "findings.hpp"
#include "gateway.hpp"
#include "network.hpp"
#include "nonce_ledger.hpp"
#include "timeline.hpp"
#include "watch.hpp"

namespace jumpgate::sim {

struct Setup {
  std::uint64_t seed{1};
  std::size_t clients{8};
  session::Policy policy;
  std::size_t commands{64};
  std::size_t event_ring{4096};
  bool drain_events{true};  // false: somebody else reads them, and nothing is judged by them
  record::Sink record{};    // gets a recording of the gateway's controller
};

/// What goes on by itself while time passes.
struct Drive {
  double moves{0.05};  // planned moves a client begins in each kDriveTick
  double sends{0.2};   // inner packets to its partner, likewise
};
inline constexpr Duration kDriveTick = milliseconds(100);

class World {
 public:
  explicit World(const Setup& setup);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() = default;

  // ---- Time
  /// Ends early with the first finding.
  void run(Duration time);
  /// Faults end, the clients rest: every client is to be ATTACHED on both sides and to deliver within kHealTime.
  void heal_and_check();

  // ---- What a script may do
  void restart(std::size_t client);
  void suspend(std::size_t client, Duration time);
  void set_uplink(std::size_t client, std::uint8_t uplink, bool up);
  void readdress(std::size_t client, std::uint8_t uplink);
  void path_error(std::size_t client, std::uint8_t uplink);
  void move(std::size_t client, std::uint8_t uplink);
  void terminate(std::size_t client);
  void ask_rekey(std::size_t client);
  void reload(const session::Policy& policy);
  void apply_with_grace(const session::Policy& policy);
  void step_wall_clock(Duration by) { wall_step_ = wall_step_ + by; }
  void hold_commands(std::size_t left, Duration time);
  Network& network() { return network_; }
  Drive drive;

  // ---- Looking
  [[nodiscard]] MonoNs now() const { return now_; }
  /// Milliseconds since 1970, as the gateway's log gets them; scripts step it.
  [[nodiscard]] std::uint64_t wall_ms() const {
    return static_cast<std::uint64_t>(1'700'000'000'000 + wall_step_.ms()) + now_.ns / 1'000'000;
  }
  [[nodiscard]] std::uint64_t seed() const { return setup_.seed; }
  /// As the world began.
  [[nodiscard]] const session::Policy& policy() const { return setup_.policy; }
  [[nodiscard]] Findings& findings() { return findings_; }
  [[nodiscard]] Gateway& gateway() { return *gateway_; }
  [[nodiscard]] Client& client(std::size_t index) { return *clients_.at(index); }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] const NonceLedger& ledger() const { return ledger_; }
  /// Commits at the gateway after the first of each session.
  [[nodiscard]] std::uint64_t jumps() const { return timeline_.switches(); }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// Every packet as it leaves its sender: for attackers and for digests of a run.
  std::function<void(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes)> on_wire;
  /// Every event of the gateway, after it was judged.
  std::function<void(const audit::Event&)> on_gateway_event;

 private:
  static constexpr Duration kHealTime = seconds(150);

  bool step(MonoNs end);
  [[nodiscard]] std::vector<SessionId> sessions_of(std::size_t client) const;
  void deliver_due();
  void tick_clients();
  void run_drive();
  void wake_gateway();
  void expect_policy(const session::Policy& policy);
  void boot(std::size_t client);
  void judge_end(const audit::Event& event, const Life& life, std::size_t client, bool at_gateway);
  [[nodiscard]] bool had_live_candidate(std::size_t client) const;
  void note_limits();
  void check_progress();
  [[nodiscard]] bool in_step(std::size_t client);
  [[nodiscard]] double draw() { return std::uniform_real_distribution<>(0, 1)(random_); }
  void note_wire(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes);

  Setup setup_;
  MonoNs now_{1'000'000'000'000};
  std::mt19937_64 random_;
  Findings findings_;
  NonceLedger ledger_;
  RecordingAead gcm_;
  RecordingAead chacha_;
  Network network_;
  Timeline timeline_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Gateway> gateway_;
  Watch watch_;
  Duration wall_step_{};
  bool gateway_has_input_{false};
  bool driving_{true};
  MonoNs next_drive_;
  MonoNs stood_at_{};
  unsigned stood_for_{0};  // steps since time last went on
  MonoNs release_at_{kNever};
  MonoNs commands_free_since_{};
  // Per client: when a jump was refused, or its rate or its jump ids were spent.
  std::vector<MonoNs> limited_at_;
  // Per client: uplinks that have a jump id since the last commit.
  std::vector<std::set<std::string>> tried_;
  std::uint16_t fewest_switches_{};            // a minute, of any policy so far
  std::set<SessionId> excused_;                // ended by order, or their client died
  std::vector<std::set<std::uint64_t>> seen_;  // per receiver: inner packets delivered
  std::uint64_t delivered_{0};
};

}  // namespace jumpgate::sim
