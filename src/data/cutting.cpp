#include "data/cutting.hpp"

#include "data/reporting.hpp"

namespace jumpgate::data {

bool Pieces::cut(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::uint16_t mtu) {
  const std::span<const std::uint8_t> whole(bytes_of(packet), rte_pktmbuf_data_len(packet));
  if (!net::may_be_cut(whole)) return false;
  // Each piece but the last carries as many whole units of eight bytes as fit behind a header with
  // all its options.
  const std::size_t header = std::size_t{whole[0] & 0x0fU} * 4;
  const std::size_t unit = (mtu - header) & ~std::size_t{7};
  const std::size_t count = (whole.size() - header + unit - 1) / unit;
  if (count > items_.size()) return false;
  if (rte_pktmbuf_alloc_bulk(shard.pool, items_.data(), static_cast<unsigned>(count)) != 0) {
    drop_of(shard, slot, packet, DropReason::kMbufExhausted);
    return true;
  }
  net::Fragmenter fragmenter(whole, mtu);
  for (; size_ < count; ++size_) {
    rte_mbuf* piece = items_[size_];
    const std::size_t size = fragmenter.next({bytes_of(piece), rte_pktmbuf_tailroom(piece)});
    if (size == 0) break;
    rte_pktmbuf_append(piece, static_cast<std::uint16_t>(size));
    piece->port = packet->port;
  }
  // Later pieces may lack options, and so be fewer.
  for (std::size_t spare = size_; spare < count; ++spare)
    shard.drops.free(items_[spare]);
  shard.counters.add(bus::WorkerCounter::kInnerCut);
  shard.counters.add(bus::WorkerCounter::kInnerPieces, size_);
  shard.drops.free(packet);
  return true;
}

void Pieces::part(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::uint16_t mtu) {
  rte_mbuf* tail = rte_pktmbuf_alloc(shard.pool);
  if (tail == nullptr) {
    drop_of(shard, slot, packet, DropReason::kMbufExhausted);
    return;
  }
  const net::MutableBytes whole(bytes_of(packet), rte_pktmbuf_data_len(packet));
  const std::size_t size =
      net::split_in_parts(whole, mtu, {bytes_of(tail), rte_pktmbuf_tailroom(tail)});
  rte_pktmbuf_append(tail, static_cast<std::uint16_t>(size));
  tail->port = packet->port;
  cut_to(packet, whole.data(), mtu);
  shard.counters.add(bus::WorkerCounter::kInnerParted);
  items_[0] = packet;
  items_[1] = tail;
  size_ = 2;
}

}  // namespace jumpgate::data
