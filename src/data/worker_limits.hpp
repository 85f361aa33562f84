/// Every bound of one worker that the operator may set: all its memory follows from them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <jumpgate/time.hpp>

#include "base/token_bucket.hpp"

namespace jumpgate::data {

struct WorkerLimits {
  std::uint32_t slots{1024};
  /// The largest window a session may ask for; a power of two, at least 64.
  std::uint32_t replay_window_packets{8192};
  /// Windows beyond one a slot: for draining, proposed and renewed epochs.
  std::uint32_t extra_windows{256};
  /// Expanded keys kept; a power of two, at least 8. No limit on sessions.
  std::uint32_t expanded_keys{1024};
  /// Packets of proposed epochs held in all; each session holds limits::kMaxHeldPackets at most.
  std::uint32_t held_packets{1024};
  /// Buckets for sources of control messages; a power of two. Sources that collide share one.
  std::uint32_t source_buckets{1024};
  /// Opening a control message costs about 1.5 us: 20,000 a second are 3 % of a core.
  base::TokenRate control_total{20'000, seconds(1), 2'000};
  base::TokenRate control_per_source{50, seconds(1), 50};
  /// HELLOs whose mac1 is looked at. One costs about 0.5 us: 100,000 a second are 5 % of a core.
  base::TokenRate mac1_checks{100'000, seconds(1), 10'000};
  /// HELLOs of unknown versions, which have no mac1 that we could check: candidates for a hint.
  base::TokenRate unknown_versions{100, seconds(1), 20};
  /// HELLOs passed up, mac1 verified; the controller has a bucket for each source.
  base::TokenRate handshakes{10'000, seconds(1), 1'000};
  /// ARP and neighbour discovery for the controller. A bucket of their own, which nothing from beyond
  /// the link takes from: without its neighbours no session is heard.
  base::TokenRate neighbour_messages{20'000, seconds(1), 2'000};
  /// Packets whose next hop has no MAC yet, for the controller.
  base::TokenRate unresolved{10'000, seconds(1), 1'000};
  /// Echo requests to addresses of ours, for the controller: anybody's.
  base::TokenRate echoes{10'000, seconds(1), 1'000};
  /// Candidates for a stateless reset.
  base::TokenRate unknown_cids{200, seconds(1), 50};
  /// Inner packets that may deserve an ICMP error.
  base::TokenRate refusals{500, seconds(1), 100};
  /// Whether outer fragments are put together (data/reassembly.hpp).
  bool outer_reassembly{false};
  /// The longest sleep of a worker that finds nothing to do (data/idle.hpp); zero: it spins.
  Duration idle_sleep{};
  int socket{-1};
};

}  // namespace jumpgate::data
