/// The neighbour cache: ARP (RFC 826, RFC 1122 section 2.3.2) and IPv6 neighbour discovery (RFC
/// 4861 section 7), one state machine for both.
///
///   (none) --resolve--> INCOMPLETE --answer--> REACHABLE --time--> STALE --use--> DELAY --time-->
///   PROBE --+
///                        | retries                  ^                                 confirmed |
///                        v used up +----------------------------------------------------+
///                       FAILED (what waited is lost; the entry stays if pinned)         PROBE
///                       unanswered: FAILED
///
/// Owner thread: the controller. Time is passed in; frames leave through the output callback,
/// inside the call. Bounds: limits::kMaxNeighbours entries; kMaxPendingPerNeighbour frames each and
/// kMaxPendingFrames in all wait for resolution (the oldest of the neighbour is replaced);
/// strangers' requests fill at most half of the table. Failure: a frame that will not be sent is
/// handed back, once; nothing is believed from outside the port's own prefixes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "net/frames.hpp"
#include "net/neighbour_table.hpp"
#include "net/published.hpp"
#include "net/topology.hpp"

namespace jumpgate::net {

enum class NeighbourState : std::uint8_t {
  kFree,
  kIncomplete,
  kReachable,
  kStale,
  kDelay,
  kProbe,
  kFailed
};
std::string_view to_string(NeighbourState state);

/// RFC 4861 section 10 unless named otherwise.
struct NeighbourTimers {
  Duration retransmit{seconds(1)};
  unsigned max_solicits{3};  // multicast and unicast alike
  Duration reachable{seconds(30)};
  Duration delay_first_probe{seconds(5)};
  Duration stale_lifetime{seconds(600)};  // an unused, unpinned entry is forgotten after it
  Duration failed_lifetime{seconds(3)};  // a failed one answers "unreachable" at once for this long
};

/// Frames waiting for resolution, over all neighbours: a burst to a handful of hosts, 768 KiB at
/// most.
inline constexpr std::size_t kMaxPendingFrames = 512;

struct NeighbourCounters {
  std::uint64_t requests_sent{0};
  std::uint64_t requests_answered{0};
  std::uint64_t resolved{0};
  std::uint64_t failed{0};
  std::uint64_t frames_replaced{0};  // by newer ones, while they waited
  std::uint64_t table_full{0};
};

/// For the operator's listing.
struct NeighbourView {
  std::uint32_t index{0};
  std::uint8_t port{0};
  IpAddress address{};
  MacAddress mac{};  // zero while unresolved
  NeighbourState state{NeighbourState::kFree};
  std::uint32_t pins{0};
};

/// Why a frame will not be sent: no room to wait in, or a newer frame took it; or the next hop was
/// asked and does not answer.
enum class Loss : std::uint8_t { kNoRoom, kUnanswered };

class Neighbours {
 public:
  /// A whole Ethernet frame for a port; valid during the call.
  using Output = std::function<void(std::uint8_t port, std::span<const std::uint8_t> frame)>;
  /// A frame that will not be sent; valid during the call, which may come back into resolve().
  using Lost = std::function<void(std::uint8_t port, std::span<const std::uint8_t> frame, Loss why,
                                  MonoNs now)>;

  Neighbours(NeighbourTable& table, Quiescence& quiescence, std::vector<PortAddressing> ports,
             Output output, NeighbourTimers timers = {});

  /// Who hears of what is lost; nobody until then.
  void on_lost(Lost lost) { lost_ = std::move(lost); }

  /// Pins an entry for as long as a binding or a route names its index, and starts resolution.
  /// nullopt: table full.
  [[nodiscard]] std::optional<std::uint32_t> acquire(std::uint8_t port, const IpAddress& address,
                                                     MonoNs now);
  void release(std::uint32_t index);

  /// A frame (bus kResolve) whose next hop on `port` is `address`: sent now if it is resolved, else
  /// queued. Its destination and source MAC are filled in here. False: it is lost, and on_lost's
  /// has heard so.
  bool resolve(std::uint8_t port, const IpAddress& address, std::span<const std::uint8_t> frame,
               MonoNs now);

  /// An ARP or neighbour discovery frame; answers requests for our own addresses. A reason when it
  /// had no effect.
  std::optional<DropReason> receive(std::uint8_t port, std::span<const std::uint8_t> frame,
                                    MonoNs now);

  /// Announces our own addresses of a port (gratuitous ARP, unsolicited NA): at start and when its
  /// link comes up.
  void announce(std::uint8_t port);

  /// Retries, ageing, probes and deferred frees. Call at least every 100 ms; cheap when nothing is
  /// due.
  void tick(MonoNs now);

  [[nodiscard]] const NeighbourCounters& counters() const { return counters_; }
  [[nodiscard]] std::vector<NeighbourView> list() const;

 private:
  struct Entry {
    IpAddress address{};
    MacAddress mac{};
    std::uint8_t port{0};
    NeighbourState state{NeighbourState::kFree};
    unsigned solicits{0};
    bool contested{false};  // somebody else claims the address; the known one is asked
    std::uint32_t pins{0};
    MonoNs deadline{kNever};
    std::vector<std::vector<std::uint8_t>> pending{};
  };
  // Hidden from the workers, but one may still hold the index.
  struct Retired {
    std::uint32_t index;
    std::int32_t position;
    std::uint64_t token;
  };

  const PortAddressing* port(std::uint8_t index) const;
  std::optional<std::uint32_t> create(std::uint8_t port, const IpAddress& address);
  std::optional<std::uint32_t> find_or_start(std::uint8_t port, const IpAddress& address,
                                             MonoNs now);
  bool evict_one();
  void reclaim();
  void forget(std::uint32_t index);

  void start_resolution(std::uint32_t index, MonoNs now);
  void start_probes(std::uint32_t index, MonoNs now);
  void ask_anew(std::uint32_t index, MonoNs now);
  void solicit(const Entry& entry, bool unicast);
  void enter(std::uint32_t index, NeighbourState state, MonoNs deadline);
  void resolved(std::uint32_t index, const MacAddress& mac, NeighbourState state, MonoNs now);
  void fail(std::uint32_t index, MonoNs now);
  void expire(std::uint32_t index, MonoNs now);
  void retry(std::uint32_t index, bool unicast, MonoNs now);
  bool queue(Entry& entry, std::span<const std::uint8_t> frame, MonoNs now);
  bool lose(std::uint8_t port, std::span<const std::uint8_t> frame, Loss why, MonoNs now);
  void send_resolved(const Entry& entry, std::vector<std::uint8_t>& frame);
  void flush(Entry& entry);

  std::optional<DropReason> receive_arp(const PortAddressing& port,
                                        std::span<const std::uint8_t> payload, MonoNs now);
  std::optional<DropReason> receive_nd(const PortAddressing& port, const MacAddress& from,
                                       std::span<const std::uint8_t> packet, MonoNs now);
  std::optional<DropReason> receive_solicitation(const PortAddressing& port, const MacAddress& from,
                                                 const NdView& nd, MonoNs now);
  std::optional<DropReason> receive_advertisement(const PortAddressing& port, const NdView& nd,
                                                  MonoNs now);
  /// True: `mac` is another than the known one, nobody was asked for it, and the port does not believe it so.
  bool contests(const PortAddressing& port, std::uint32_t index, const MacAddress& mac, MonoNs now);
  void heard(const PortAddressing& port, const IpAddress& address, const MacAddress& mac,
             bool may_create, MonoNs now);

  NeighbourTable& table_;
  Quiescence& quiescence_;
  std::vector<PortAddressing> ports_;
  Output output_;
  Lost lost_;
  NeighbourTimers timers_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<Retired> retired_;
  std::size_t high_water_{0};  // entries from here on were never used
  std::size_t pending_frames_{0};
  std::vector<std::uint8_t>
      leaving_;  // the frame that is being sent; kept, so that sending asks for no memory
  NeighbourCounters counters_;
};

}  // namespace jumpgate::net
