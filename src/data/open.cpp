#include "data/open.hpp"

#include "data/meters.hpp"
#include "data/reporting.hpp"
#include "data/trace.hpp"
#include "session/replay_window.hpp"

namespace jumpgate::data {
namespace {

using session::ReplayVerdict;

DropReason reason_of(ReplayVerdict verdict) {
  return verdict == ReplayVerdict::kOld ? DropReason::kReplayOld : DropReason::kReplayDuplicate;
}

bool drop(Shard& shard, const Datagram& datagram, DropReason reason) {
  return drop_of(shard, datagram.slot, datagram.mbuf, reason);
}

}  // namespace

void check_replay(Shard& shard, Batch<Datagram>& datagrams) {
  datagrams.retain([&](const Datagram& datagram) {
    const ReplayVerdict verdict = datagram.epoch->window.check(datagram.counter);
    if (verdict != ReplayVerdict::kOk) return drop(shard, datagram, reason_of(verdict));
    if (datagram.epoch->receive_exhausted())
      return drop(shard, datagram, DropReason::kKeyLimitReached);
    shard.aead_burst.prefetch_key(datagram.epoch->suite, datagram.epoch->key_id);
    prefetch_meters(shard, datagram.slot, net::Way::kIn);
    return true;
  });
}

void open(Shard& shard, Batch<Datagram>& datagrams) {
  AeadBurst& burst = shard.aead_burst;
  burst.fill(datagrams.items(), [](const Datagram& datagram) {
    const Epoch& epoch = *datagram.epoch;
    return AeadBurst::Message{epoch.suite,      epoch.key_id,
                              epoch.receive,    datagram.counter,
                              datagram.message, datagram.length - wire::kTrafficOverhead};
  });
  burst.open();
  std::size_t i = 0;
  datagrams.retain([&](const Datagram& datagram) {
    if (burst.ok(i++)) return true;
    ++datagram.epoch->failed_opens;
    return drop(shard, datagram, DropReason::kAuthFailed);
  });
}

void commit_replay(Shard& shard, Batch<Datagram>& datagrams) {
  datagrams.retain([&](Datagram& datagram) {
    session::ReplayWindow& window = datagram.epoch->window;
    const ReplayVerdict verdict = window.check(datagram.counter);
    if (verdict != ReplayVerdict::kOk) return drop(shard, datagram, reason_of(verdict));
    datagram.leads = datagram.counter >= window.next();
    window.commit(datagram.counter);
    note_opened(shard, datagram);
    datagram.epoch->received_blocks += blocks_of(datagram.length - wire::kTrafficOverhead);
    return true;
  });
  shard.counters.add(bus::WorkerCounter::kOpened, datagrams.size());
}

}  // namespace jumpgate::data
