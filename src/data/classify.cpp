#include "data/classify.hpp"

#include <array>
#include <expected>

#include <rte_prefetch.h>

#include "crypto/hello.hpp"
#include "data/reporting.hpp"
#include "data/trace.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::data {
namespace {

using bus::WorkerCounter;

bool client_sends(wire::Type type) {
  switch (type) {
    case wire::Type::kHello:
    case wire::Type::kConfirm:
    case wire::Type::kData:
    case wire::Type::kHeartbeat:
    case wire::Type::kClose:
    case wire::Type::kReattach:
    case wire::Type::kPathResponse:
    case wire::Type::kRekey:
    case wire::Type::kControlClose:
      return true;
    default:
      return false;
  }
}

/// spec/handshake.md "The gateway: admission", checks 1 to 3. The bucket of what is passed up comes
/// after mac1: garbage spends the other one, and keeps nobody who knows our public key from a
/// handshake.
std::expected<void, DropReason> admit_hello(Shard& shard, std::span<const std::uint8_t> message) {
  const auto header = wire::decode_hello_header(message);
  if (!header) return std::unexpected(header.error());
  if (header->version != wire::kVersion) {
    if (shard.admission.unknown_version(shard.now)) return {};
    return std::unexpected(DropReason::kHelloBadVersion);
  }
  if (!shard.admission.mac1_check(shard.now)) return std::unexpected(DropReason::kHelloRateLimited);
  if (!crypto::verify_mac1(message.first<wire::kHelloSize>(), shard.shared.mac1_key))
    return std::unexpected(DropReason::kHelloBadMac1);
  if (!shard.admission.handshake(shard.now)) return std::unexpected(DropReason::kHelloRateLimited);
  return {};
}

bool hello(Shard& shard, Datagram& datagram) {
  const auto admitted = admit_hello(shard, {datagram.message, datagram.length});
  if (!admitted) return shard.drops.drop(datagram.mbuf, admitted.error());
  bus::Report report;
  report.kind = bus::ReportKind::kHandshake;
  report.type = datagram.type;
  report.port = static_cast<std::uint8_t>(datagram.mbuf->port);
  report.from = source_of(datagram);
  report.to = destination_of(datagram);
  strip_to_message(datagram);
  report.mbuf = datagram.mbuf;
  return punt(shard, report);
}

/// False: the datagram is gone, or was a HELLO.
bool has_prefix(Shard& shard, Datagram& datagram) {
  const std::span<const std::uint8_t> message(datagram.message, datagram.length);
  // The type's own verdicts come before its size (spec/wire.md): a foreign type is no short
  // message.
  if (message.empty()) return shard.drops.drop(datagram.mbuf, DropReason::kWireTooShort);
  const auto type = wire::type_from_number(message[0]);
  if (!type) return shard.drops.drop(datagram.mbuf, DropReason::kWireUnknownType);
  if (!client_sends(*type)) return shard.drops.drop(datagram.mbuf, DropReason::kWireWrongRole);
  if (message.size() > limits::kMaxDatagram)
    return shard.drops.drop(datagram.mbuf, DropReason::kWireBadLength);
  datagram.type = *type;
  if (*type == wire::Type::kHello) return hello(shard, datagram);
  if (const auto fault = wire::prefix_fault(message))
    return shard.drops.drop(datagram.mbuf, *fault);
  return true;
}

bool classify_one(Shard& shard, Datagram& datagram) {
  datagram.type = wire::Type::kData;
  const bool plain = datagram.length <= limits::kMaxDatagram &&
                     wire::is_sound_data({datagram.message, datagram.length});
  if (!plain && !has_prefix(shard, datagram)) return false;
  const wire::Prefix prefix = wire::prefix_at(datagram.message);
  if (prefix.cid.value == 0) return shard.drops.drop(datagram.mbuf, DropReason::kCidInvalid);
  datagram.cid = prefix.cid.value;
  datagram.counter = prefix.counter;
  datagram.phase = prefix.phase;
  datagram.other_boot = prefix.id_key_phase != shard.shared.id_key_phase;
  return true;
}

bool hand_off(Shard& shard, Datagram& datagram, std::uint8_t owner) {
  if (shard.mesh == nullptr || owner >= shard.mesh->workers())
    return drop_unknown_cid(shard, datagram, DropReason::kCidInvalid);
  if (!shard.mesh->push(shard.worker, owner,
                        {.mbuf = datagram.mbuf, .session = {}, .kind = HandOff::Kind::kFrame},
                        datagram.type))
    return shard.drops.drop(datagram.mbuf, DropReason::kHandoffQueueFull);
  shard.counters.add(WorkerCounter::kHandedOff);
  return false;
}

bool find_control_session(Shard& shard, Datagram& datagram) {
  const auto key = shard.sessions.find_control(datagram.slot, datagram.type,
                                               ConnectionId{datagram.cid}, datagram.phase);
  if (!key) return shard.drops.drop(datagram.mbuf, key.error());
  return true;
}

bool find_traffic_session(Shard& shard, Datagram& datagram) {
  const auto epoch =
      shard.sessions.find_epoch(datagram.slot, ConnectionId{datagram.cid}, datagram.phase);
  if (!epoch) return shard.drops.drop(datagram.mbuf, epoch.error());
  if (shard.sessions.ids(datagram.slot).state == SlotState::kBirth)
    return shard.drops.drop(datagram.mbuf, DropReason::kSessionStateForbids);
  // The hot line said so; the record behind it must agree.
  const Epoch& found = **epoch;
  if (found.role == EpochRole::kFree || found.receive_cid.value != datagram.cid ||
      found.phase() != datagram.phase) {
    stop_inconsistent(shard, datagram.slot);
    return shard.drops.drop(datagram.mbuf, DropReason::kSessionStateForbids);
  }
  datagram.epoch = *epoch;
  found.window.prefetch(datagram.counter);
  shard.keys.prefetch_set(found.key_id);
  return true;
}

}  // namespace

bool drop_unknown_cid(Shard& shard, Datagram& datagram, DropReason reason) {
  if (shard.admission.unknown_cid(shard.now)) {
    bus::Report report;
    report.kind = bus::ReportKind::kUnknownCid;
    report.type = datagram.type;
    report.port = static_cast<std::uint8_t>(datagram.mbuf->port);
    report.cid = ConnectionId{datagram.cid};
    report.from = source_of(datagram);
    report.to = destination_of(datagram);
    report.value = datagram.length;
    static_cast<void>(send_report(shard, report));
  }
  return shard.drops.drop(datagram.mbuf, reason);
}

void classify(Shard& shard, Batch<Datagram>& datagrams) {
  datagrams.retain([&](Datagram& datagram) { return classify_one(shard, datagram); });
}

void find_owner(Shard& shard, Batch<Datagram>& datagrams) {
  Batch<ConnectionId> ids;
  Batch<crypto::CidFields> fields;
  std::array<std::uint8_t, limits::kBurst> place;
  // Packets of one session come in rows: an id that is the one before is deciphered once.
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    const ConnectionId cid{datagrams[i].cid};
    if (ids.empty() || ids[ids.size() - 1] != cid) ids.push(cid);
    place[i] = static_cast<std::uint8_t>(ids.size() - 1);
  }
  std::uint32_t valid = 0;
  fields.fill([&](std::span<crypto::CidFields> room) {
    valid = shard.shared.cids.decode_burst(ids.items(), room);
    return ids.size();
  });
  for (const crypto::CidFields& id : fields)
    if (id.worker == shard.worker && id.slot < shard.sessions.size())
      shard.sessions.prefetch_ids(id.slot);
  std::size_t i = 0;
  std::size_t passed = limits::kBurst;  // the id that was last found to live here
  std::uint32_t asked_for = kNoSlot;
  datagrams.retain([&](Datagram& datagram) {
    const std::size_t at = place[i++];
    if (at == passed && !datagram.other_boot) {
      datagram.slot = asked_for;
      return true;
    }
    if ((valid >> at & 1) == 0) return drop_unknown_cid(shard, datagram, DropReason::kCidInvalid);
    const crypto::CidFields& id = fields[at];
    // Another node's: not ours to judge, nor to reset.
    if (id.node != shard.shared.node)
      return shard.drops.drop(datagram.mbuf, DropReason::kCidInvalid);
    if (id.worker != shard.worker) return hand_off(shard, datagram, id.worker);
    if (id.slot >= shard.sessions.size())
      return drop_unknown_cid(shard, datagram, DropReason::kCidUnknown);
    datagram.slot = id.slot;
    const SlotIds& hot = shard.sessions.ids(id.slot);
    // An id of an earlier life is as dead as one of a free slot. A dead id of this life is not: the
    // session lives, and a reset would end it.
    if (hot.state == SlotState::kFree || id.generation < hot.first_generation)
      return drop_unknown_cid(shard, datagram, DropReason::kCidUnknown);
    // The id lives here, so the phase bit was turned on the way: a reset would hand its real token
    // to whoever turned it (spec/wire.md "RESET").
    if (datagram.other_boot) return shard.drops.drop(datagram.mbuf, DropReason::kCidInvalid);
    if (id.slot != asked_for) {
      shard.sessions.prefetch_rest(id.slot);
      rte_prefetch0(&shard.session_counters[id.slot]);
      asked_for = id.slot;
    }
    passed = at;
    return true;
  });
}

void find_session(Shard& shard, Batch<Datagram>& datagrams, Batch<Datagram>& control) {
  // What a traffic message named and was given: the next that names the same is given the same.
  std::uint64_t cid = 0;
  std::uint8_t phase = 0;
  Epoch* epoch = nullptr;
  datagrams.retain([&](Datagram& datagram) {
    note_received(shard, datagram);
    const bool traffic = datagram.type == wire::Type::kData ||
                         wire::class_of(datagram.type) == wire::Class::kTraffic;
    if (traffic && datagram.cid == cid && datagram.phase == phase) {
      datagram.epoch = epoch;
      epoch->window.prefetch(datagram.counter);
      return true;
    }
    cid = 0;  // no message's
    const SlotState state = shard.sessions.ids(datagram.slot).state;
    const bool drains = state == SlotState::kDraining;
    if (state == SlotState::kStopped || (drains && datagram.type != wire::Type::kData))
      return shard.drops.drop(datagram.mbuf, DropReason::kSessionStateForbids);
    if (!traffic) {
      if (find_control_session(shard, datagram)) control.push(datagram);
      return false;
    }
    if (!find_traffic_session(shard, datagram)) return false;
    if (drains) return true;  // each is judged by itself: not all types are taken
    cid = datagram.cid;
    phase = datagram.phase;
    epoch = datagram.epoch;
    return true;
  });
}

}  // namespace jumpgate::data
