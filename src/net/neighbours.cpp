#include "net/neighbours.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/invariant.hpp"
#include "base/text.hpp"
#include "net/address.hpp"
#include "net/own_addresses.hpp"

namespace jumpgate::net {
namespace {

// Free entries kept by evicting idle ones, since an evicted index is usable only after the workers
// were quiescent.
constexpr std::size_t kFreeReserve = 64;

}  // namespace

std::string_view to_string(NeighbourState state) {
  switch (state) {
    case NeighbourState::kFree:
      return "free";
    case NeighbourState::kIncomplete:
      return "incomplete";
    case NeighbourState::kReachable:
      return "reachable";
    case NeighbourState::kStale:
      return "stale";
    case NeighbourState::kDelay:
      return "delay";
    case NeighbourState::kProbe:
      return "probe";
    case NeighbourState::kFailed:
      return "failed";
  }
  return "?";
}

Neighbours::Neighbours(NeighbourTable& table, Quiescence& quiescence,
                       std::vector<PortAddressing> ports, Output output, NeighbourTimers timers)
    : table_{table},
      quiescence_{quiescence},
      ports_{std::move(ports)},
      output_{std::move(output)},
      timers_{timers},
      entries_(limits::kMaxNeighbours) {
  // Lowest index first.
  for (std::uint32_t i = limits::kMaxNeighbours; i > 0; --i)
    free_.push_back(i - 1);
}

const PortAddressing* Neighbours::port(std::uint8_t index) const {
  const auto found = std::ranges::find(ports_, index, &PortAddressing::port);
  return found == ports_.end() ? nullptr : &*found;
}

// ---- The table
// -------------------------------------------------------------------------------------------------------

std::optional<std::uint32_t> Neighbours::create(std::uint8_t port_index, const IpAddress& address) {
  reclaim();
  if (free_.empty()) (void)evict_one();
  if (free_.empty() || !table_.insert(free_.back(), port_index, address)) {
    ++counters_.table_full;
    return std::nullopt;
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  high_water_ = std::max(high_water_, std::size_t{index} + 1);
  entries_[index] = Entry{.address = address, .port = port_index};
  return index;
}

std::optional<std::uint32_t> Neighbours::find_or_start(std::uint8_t port_index,
                                                       const IpAddress& address, MonoNs now) {
  if (const auto known = table_.find(port_index, address)) return known;
  const PortAddressing* addressing = port(port_index);
  if (addressing == nullptr || !is_answerable(address) ||
      !own_address_towards(*addressing, address))
    return std::nullopt;
  const auto index = create(port_index, address);
  if (index) start_resolution(*index, now);
  return index;
}

bool Neighbours::evict_one() {
  std::optional<std::uint32_t> oldest;
  for (std::uint32_t i = 0; i < high_water_; ++i) {
    const Entry& entry = entries_[i];
    const bool idle =
        entry.state == NeighbourState::kStale || entry.state == NeighbourState::kFailed;
    if (idle && entry.pins == 0 && (!oldest || entry.deadline < entries_[*oldest].deadline))
      oldest = i;
  }
  if (oldest) forget(*oldest);
  return oldest.has_value();
}

void Neighbours::forget(std::uint32_t index) {
  Entry& entry = entries_[index];
  JG_INVARIANT(entry.pins == 0 && entry.pending.empty());
  table_.clear_mac(index);
  const std::int32_t position = table_.remove(entry.port, entry.address);
  entry = Entry{};
  retired_.push_back({index, position, quiescence_.start()});
}

void Neighbours::reclaim() {
  std::erase_if(retired_, [this](const Retired& r) {
    if (!quiescence_.passed(r.token)) return false;
    table_.release_key(r.position);
    free_.push_back(r.index);
    return true;
  });
}

std::optional<std::uint32_t> Neighbours::acquire(std::uint8_t port_index, const IpAddress& address,
                                                 MonoNs now) {
  const auto index = find_or_start(port_index, address, now);
  if (index) ++entries_[*index].pins;
  return index;
}

void Neighbours::release(std::uint32_t index) {
  JG_INVARIANT(index < entries_.size() && entries_[index].pins > 0);
  --entries_[index].pins;
}

std::vector<NeighbourView> Neighbours::list() const {
  std::vector<NeighbourView> views;
  for (std::uint32_t i = 0; i < high_water_; ++i) {
    const Entry& e = entries_[i];
    if (e.state != NeighbourState::kFree)
      views.push_back({i, e.port, e.address, e.mac, e.state, e.pins});
  }
  return views;
}

// ---- Frames waiting
// ----------------------------------------------------------------------------------------------------

bool Neighbours::resolve(std::uint8_t port_index, const IpAddress& address,
                         std::span<const std::uint8_t> frame, MonoNs now) {
  JG_INVARIANT(frame.size() >= kEthernetSize);
  const auto index = find_or_start(port_index, address, now);
  if (!index) return lose(port_index, frame, Loss::kNoRoom, now);
  Entry& entry = entries_[*index];
  if (entry.state == NeighbourState::kFailed)
    return lose(port_index, frame, Loss::kUnanswered, now);
  if (entry.state == NeighbourState::kIncomplete) return queue(entry, frame, now);
  leaving_.assign(frame.begin(), frame.end());
  send_resolved(entry, leaving_);
  return true;
}

bool Neighbours::queue(Entry& entry, std::span<const std::uint8_t> frame, MonoNs now) {
  // The newest wins (RFC 1122 section 2.3.2.2, RFC 4861 section 7.2.2); a full pool takes from its
  // own neighbour only.
  const bool full = entry.pending.size() >= limits::kMaxPendingPerNeighbour ||
                    pending_frames_ >= kMaxPendingFrames;
  if (full && entry.pending.empty()) return lose(entry.port, frame, Loss::kNoRoom, now);
  entry.pending.emplace_back(frame.begin(), frame.end());
  if (!full) {
    ++pending_frames_;
    return true;
  }
  const auto oldest = std::move(entry.pending.front());
  entry.pending.erase(entry.pending.begin());
  ++counters_.frames_replaced;
  lose(entry.port, oldest, Loss::kNoRoom, now);
  return true;
}

bool Neighbours::lose(std::uint8_t port_index, std::span<const std::uint8_t> frame, Loss why,
                      MonoNs now) {
  if (lost_) lost_(port_index, frame, why, now);
  return false;
}

void Neighbours::send_resolved(const Entry& entry, std::vector<std::uint8_t>& frame) {
  const PortAddressing* addressing = port(entry.port);
  JG_INVARIANT(addressing != nullptr);
  std::ranges::copy(entry.mac.bytes, frame.begin());
  std::ranges::copy(addressing->mac.bytes, frame.begin() + 6);
  output_(entry.port, frame);
}

void Neighbours::flush(Entry& entry) {
  // Taken out first: the output callback may come back into resolve().
  auto frames = std::exchange(entry.pending, {});
  pending_frames_ -= frames.size();
  for (auto& frame : frames)
    send_resolved(entry, frame);
}

// ---- The state machine
// -------------------------------------------------------------------------------------------------

void Neighbours::enter(std::uint32_t index, NeighbourState state, MonoNs deadline) {
  entries_[index].state = state;
  entries_[index].deadline = deadline;
}

void Neighbours::start_resolution(std::uint32_t index, MonoNs now) {
  entries_[index].solicits = 1;
  enter(index, NeighbourState::kIncomplete, now + timers_.retransmit);
  solicit(entries_[index], false);
}

void Neighbours::solicit(const Entry& entry, bool unicast) {
  const PortAddressing* addressing = port(entry.port);
  const auto own =
      addressing == nullptr ? std::nullopt : own_address_towards(*addressing, entry.address);
  if (!own) return;
  std::array<std::uint8_t, 128> frame;
  std::size_t size = 0;
  if (entry.address.family == IpFamily::kV4) {
    const ArpView arp{ArpOperation::kRequest, addressing->mac, *own, {}, entry.address};
    size = build_arp_frame(frame, unicast ? entry.mac : kBroadcastMac, arp);
  } else {
    NdView nd{.kind = NdKind::kSolicitation,
              .source = *own,
              .target = entry.address,
              .has_link_address = true};
    nd.destination = unicast ? entry.address : solicited_node(entry.address);
    nd.link_address = addressing->mac;
    size = build_nd_frame(frame, unicast ? entry.mac : multicast_mac(nd.destination),
                          addressing->mac, nd);
  }
  ++counters_.requests_sent;
  output_(entry.port, std::span{frame}.first(size));
}

void Neighbours::resolved(std::uint32_t index, const MacAddress& mac, NeighbourState state,
                          MonoNs now) {
  Entry& entry = entries_[index];
  const bool was_waiting =
      entry.state == NeighbourState::kIncomplete || entry.state == NeighbourState::kFailed;
  entry.mac = mac;
  entry.contested = false;
  table_.set_mac(index, mac);
  if (state == NeighbourState::kStale) (void)table_.take_used(index);
  enter(index, state,
        now + (state == NeighbourState::kReachable ? timers_.reachable : timers_.stale_lifetime));
  if (!was_waiting) return;
  ++counters_.resolved;
  flush(entry);
}

void Neighbours::fail(std::uint32_t index, MonoNs now) {
  Entry& entry = entries_[index];
  ++counters_.failed;
  table_.clear_mac(index);
  entry.mac = {};
  enter(index, NeighbourState::kFailed, now + timers_.failed_lifetime);
  const auto frames = std::exchange(entry.pending, {});
  pending_frames_ -= frames.size();
  const std::uint8_t port_index = entry.port;
  for (const auto& frame : frames)
    lose(port_index, frame, Loss::kUnanswered, now);
}

void Neighbours::ask_anew(std::uint32_t index, MonoNs now) {
  entries_[index].contested = false;
  entries_[index].mac = {};
  table_.clear_mac(index);
  start_resolution(index, now);
}

void Neighbours::start_probes(std::uint32_t index, MonoNs now) {
  entries_[index].solicits = 1;
  enter(index, NeighbourState::kProbe, now + timers_.retransmit);
  solicit(entries_[index], true);
}

void Neighbours::retry(std::uint32_t index, bool unicast, MonoNs now) {
  Entry& entry = entries_[index];
  if (entry.solicits >= timers_.max_solicits) {
    // Who claimed the address may well have it: everybody is asked.
    if (entry.contested)
      ask_anew(index, now);
    else
      fail(index, now);
    return;
  }
  ++entry.solicits;
  entry.deadline = now + timers_.retransmit;
  solicit(entry, unicast);
}

void Neighbours::expire(std::uint32_t index, MonoNs now) {
  Entry& entry = entries_[index];
  switch (entry.state) {
    case NeighbourState::kFree:
      return;
    case NeighbourState::kIncomplete:
      retry(index, false, now);
      return;
    case NeighbourState::kReachable:
      (void)table_.take_used(index);
      enter(index, NeighbourState::kStale, now + timers_.stale_lifetime);
      return;
    case NeighbourState::kStale:
      if (entry.pins == 0)
        forget(index);
      else
        entry.deadline = now + timers_.stale_lifetime;
      return;
    case NeighbourState::kDelay:
      start_probes(index, now);
      return;
    case NeighbourState::kProbe:
      retry(index, true, now);
      return;
    case NeighbourState::kFailed:
      // Something depends on a pinned one: it is asked again for as long as that lasts.
      if (entry.pins == 0)
        forget(index);
      else
        start_resolution(index, now);
      return;
  }
}

void Neighbours::tick(MonoNs now) {
  for (std::uint32_t i = 0; i < high_water_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.state == NeighbourState::kStale && table_.take_used(i))
      enter(i, NeighbourState::kDelay, now + timers_.delay_first_probe);
    else if (entry.state != NeighbourState::kFree && entry.deadline <= now)
      expire(i, now);
  }
  reclaim();
  while (free_.size() + retired_.size() < kFreeReserve && evict_one()) {
  }
}

}  // namespace jumpgate::net
