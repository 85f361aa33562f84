#include "data/joining.hpp"

#include "data/reporting.hpp"
#include "data/trace.hpp"
#include "net/ecn.hpp"

namespace jumpgate::data {
namespace {

/// Counted for its session as well, unless that is gone.
void lose(Shard& shard, const Part& part) {
  const bus::SessionRef& owner = part.session;
  const SlotIds& ids = shard.sessions.ids(owner.slot);
  const bool lives = ids.life == owner.life && ids.state != SlotState::kFree;
  drop_of(shard, lives ? owner.slot : kNoSlot, part.mbuf, DropReason::kInnerPartLost);
}

void let_wait(Shard& shard, const Part& part) {
  note_gone(shard, part.mbuf, bus::TraceEnd::kHeld);
  if (const auto oldest = shard.parts.put(part)) lose(shard, *oldest);
}

}  // namespace

bool join_part(Shard& shard, Datagram& datagram, net::PartKind kind, std::uint8_t& outer_class) {
  const bool is_tail = kind == net::PartKind::kTail;
  const Part part{.mbuf = datagram.mbuf,
                  .session = shard.ref(datagram.slot),
                  .key_id = datagram.epoch->key_id,
                  .head = datagram.counter - (is_tail ? 1 : 0),
                  .since = shard.now,
                  .kind = kind,
                  .outer_class = outer_class};
  const auto other = shard.parts.take_other(part);
  if (!other) {
    let_wait(shard, part);
    return false;
  }
  rte_mbuf* head = is_tail ? other->mbuf : part.mbuf;
  rte_mbuf* tail = is_tail ? part.mbuf : other->mbuf;
  const std::size_t begun = rte_pktmbuf_data_len(head);
  const std::size_t whole = net::join_parts({bytes_of(head), begun + rte_pktmbuf_tailroom(head)},
                                            begun, {bytes_of(tail), rte_pktmbuf_data_len(tail)});
  if (whole == 0) {
    drop_of(shard, datagram.slot, tail, DropReason::kInnerBadHeader);
    return drop_of(shard, datagram.slot, head, DropReason::kInnerBadHeader);
  }
  extend(head, 0, static_cast<std::uint16_t>(whole - begun));
  // What was met last has the record.
  if (is_tail && shard.tracer.on()) shard.tracer.rename(tail, head);
  shard.drops.free(tail);
  shard.counters.add(bus::WorkerCounter::kInnerJoined);
  datagram.mbuf = head;
  outer_class = net::class_of_parts(outer_class, other->outer_class);
  return true;
}

void expire_parts(Shard& shard) {
  if (const auto late = shard.parts.take_expired(shard.now)) lose(shard, *late);
}

void drop_parts(Shard& shard) {
  for (const Part& part : shard.parts.places())
    if (part.mbuf != nullptr) lose(shard, part);
}

}  // namespace jumpgate::data
