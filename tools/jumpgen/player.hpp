/// The loop that plays: sessions are opened, traffic flows both ways at a rate, sessions jump, all
/// are closed again.
///
///   open -> [ trial: send for its duration -> drain ]* -> close
///
/// Purpose: one thread, two stations, and when what is due. Owner thread: main's; the only one.
/// Bound: each turn sends at most a burst a direction and handles at most one from each port.
/// Failure: open() ends at its deadline with the sessions that are attached; a trial always ends.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/token_bucket.hpp"
#include "tools/jumpgen/inner_host.hpp"
#include "tools/jumpgen/swarm.hpp"

namespace jumpgate::jumpgen {

struct Load {
  std::uint64_t rate{0};  // packets a second in each direction; 0: as many as the port takes
  bool up{true};          // clients to server
  bool down{true};
  std::uint64_t train{8};  // packets of one client in a row
  std::uint64_t jumps_per_second{0};
  Duration duration{seconds(10)};
};

struct Opening {
  std::uint32_t wanted{0};
  std::uint32_t attached{0};
  Duration took;
  bool gateway_answers{false};  // ARP on both ports
};

struct TrialResult {
  Load load;
  Duration took;  // of the sending
  DirectionCounts up;
  DirectionCounts down;
  Histogram up_latency;
  Histogram down_latency;
  SessionCounts sessions;  // what changed during the trial
  Histogram jump_time;

  [[nodiscard]] std::uint64_t lost() const { return up.lost() + down.lost(); }
  /// The generator itself sent at least 99 % of what the rate asks for.
  [[nodiscard]] bool kept_up() const;
};

class Player {
 public:
  using Clock = std::function<MonoNs()>;

  struct Parts {
    Playground& ground;
    Swarm& swarm;
    InnerHost& host;
    Station& outer;
    Station& inner;
    Meter& up;
    Meter& down;
  };

  /// `stopping` ends whatever runs, early.
  Player(const Parts& parts, Clock clock, std::function<bool()> stopping)
      : parts_(parts), clock_(std::move(clock)), stopping_(std::move(stopping)) {}

  /// Opens all sessions, `per_second` handshakes begun a second.
  [[nodiscard]] Opening open(std::uint64_t per_second);
  [[nodiscard]] TrialResult run(const Load& load, PacketSizes sizes);
  void close();

 private:
  struct Sender {
    base::TokenBucket budget;
    PacketSizes sizes;
    std::uint32_t next{0};  // client
  };

  MonoNs turn();
  [[nodiscard]] bool resolve();
  void drain();
  void send(Sender& sender, const Load& load, Station& through, bool up, MonoNs now);
  void jump(base::TokenBucket& budget, MonoNs now);

  Parts parts_;
  Clock clock_;
  std::function<bool()> stopping_;
  std::uint32_t trial_{0};
  std::uint32_t next_jump_{0};
};

}  // namespace jumpgate::jumpgen
