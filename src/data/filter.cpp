#include "data/filter.hpp"

#include <array>
#include <new>
#include <span>

#include "base/bytes.hpp"
#include "data/reporting.hpp"
#include "net/filter_image.hpp"
#include "net/inner_shape.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::data {
namespace {

using net::FilterImage;

/// What a batch is judged by, and what the filters say of each of its packets. Filters have no state:
/// packets of one flow in a row are judged once.
class Jury {
 public:
  void skip() { places_[size_++] = kNobodys; }
  void add(std::uint16_t set, rte_mbuf* packet) {
    const std::span<const std::uint8_t> bytes(bytes_of(packet), rte_pktmbuf_data_len(packet));
    // Made where it stands.
    ::new (&keys_[keys_count_]) net::FilterKey(net::filter_key_of(bytes));
    kinds_[keys_count_] = (std::uint32_t{set} << 1) | ((bytes[0] >> 4) == 6 ? 1U : 0U);
    const bool again = keys_count_ != 0 && kinds_[keys_count_] == kinds_[keys_count_ - 1] &&
                       same(keys_[keys_count_], keys_[keys_count_ - 1]);
    if (!again) ++keys_count_;
    places_[size_++] = static_cast<std::uint8_t>(keys_count_ - 1);
  }

  /// Those of one set and family go together: mostly all of them.
  void judge(const FilterImage& image, net::FilterDirection direction) {
    for (std::size_t i = 0; i < keys_count_; ++i)
      if (kinds_[i] != kJudged) judge_kind(image, direction, kinds_[i]);
  }
  /// Of the i-th packet.
  [[nodiscard]] bool denied(std::size_t i) const {
    return places_[i] != kNobodys && !allowed_[places_[i]];
  }

 private:
  static constexpr std::uint8_t kNobodys = UINT8_MAX;
  static constexpr std::uint32_t kJudged = UINT32_MAX;

  static bool same(const net::FilterKey& a, const net::FilterKey& b) {
    for (std::size_t i = 0; i < a.bytes.size(); i += 8)
      if (base::load_le64(&a.bytes[i]) != base::load_le64(&b.bytes[i])) return false;
    return true;
  }

  void judge_kind(const FilterImage& image, net::FilterDirection direction, std::uint32_t kind) {
    std::array<const std::uint8_t*, limits::kBurst> keys;
    std::array<std::size_t, limits::kBurst> places;
    std::array<bool, limits::kBurst> allowed;
    std::size_t count = 0;
    for (std::size_t i = 0; i < keys_count_; ++i) {
      if (kinds_[i] != kind) continue;
      keys[count] = keys_[i].bytes.data();
      places[count++] = i;
      kinds_[i] = kJudged;
    }
    image.judge(static_cast<std::uint16_t>(kind >> 1), direction, (kind & 1) != 0,
                std::span(keys).first(count), std::span(allowed).first(count));
    for (std::size_t i = 0; i < count; ++i)
      allowed_[places[i]] = allowed[i];
  }

  std::array<std::uint8_t, limits::kBurst> places_;  // of each packet's key
  std::size_t size_{0};
  std::array<net::FilterKey, limits::kBurst> keys_;
  std::array<std::uint32_t, limits::kBurst> kinds_;
  std::array<bool, limits::kBurst> allowed_;
  std::size_t keys_count_{0};
};

/// Nothing that the checks before the filter's would drop by their own names.
bool is_sound(rte_mbuf* packet) {
  const std::span<const std::uint8_t> bytes(bytes_of(packet), rte_pktmbuf_data_len(packet));
  return !net::inner_fault(bytes) && (!net::has_options(bytes.data()) || !net::option_fault(bytes));
}

bool owns_source(Shard& shard, const InnerPacket& packet) {
  const std::uint8_t* ip = bytes_of(packet.mbuf);
  const std::uint32_t peer = shard.sessions.ids(packet.from_slot).peer;
  return (ip[0] >> 4) == 6 ? shard.routes->peer_owns_v6(peer, ip + 8)
                           : shard.routes->peer_owns_v4(peer, ip + 12);
}

}  // namespace

void filter_in(Shard& shard, Batch<InnerPacket>& inner) {
  Jury jury;
  for (const InnerPacket& packet : inner) {
    const std::uint16_t set =
        packet.from_slot == kNoSlot
            ? net::kNoFilter
            : shard.filters->set_of(shard.sessions.ids(packet.from_slot).peer);
    if (set == net::kNoFilter || !is_sound(packet.mbuf))
      jury.skip();
    else
      jury.add(set, packet.mbuf);
  }
  jury.judge(*shard.filters, net::FilterDirection::kIn);
  std::size_t i = 0;
  inner.retain([&](const InnerPacket& packet) {
    if (!jury.denied(i++)) return true;
    // Nobody is told anything because of a packet in his name that is not his.
    if (!owns_source(shard, packet))
      return drop_of(shard, packet.from_slot, packet.mbuf, DropReason::kInnerBadSource);
    return refuse_inner(shard, packet.from_slot, packet.mbuf, DropReason::kFilterDenied);
  });
}

void filter_out(Shard& shard, Batch<Routed>& routed) {
  Jury jury;
  for (const Routed& packet : routed) {
    const bool ours = packet.session.worker == shard.worker &&
                      packet.session.slot < shard.sessions.size() &&
                      packet.mbuf->port != bus::kIntoTunnel;
    const std::uint16_t set =
        ours ? shard.filters->set_of(shard.sessions.ids(packet.session.slot).peer) : net::kNoFilter;
    if (set == net::kNoFilter)
      jury.skip();
    else
      jury.add(set, packet.mbuf);
  }
  jury.judge(*shard.filters, net::FilterDirection::kOut);
  std::size_t i = 0;
  routed.retain([&](const Routed& packet) {
    return !jury.denied(i++) ||
           refuse_inner(shard, packet.session.slot, packet.mbuf, DropReason::kFilterDenied);
  });
}

}  // namespace jumpgate::data
