#include "client/tunnel.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/nonce.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::client {
namespace {

DropReason drop_of(session::ReplayVerdict verdict) {
  return verdict == session::ReplayVerdict::kOld ? DropReason::kReplayOld
                                                 : DropReason::kReplayDuplicate;
}

}  // namespace

Tunnel::Tunnel(Aead& aead, std::size_t window_packets, const net::OuterClass& outer_class)
    : aead_(aead), outer_class_(outer_class) {
  for (auto& epoch : epochs_)
    epoch = std::make_unique<Epoch>(window_packets);
}

Epoch* Tunnel::install(const EpochInfo& info, const crypto::TrafficSecret& send,
                       const crypto::TrafficSecret& receive, MonoNs now) {
  for (auto& epoch : epochs_) {
    if (epoch->live()) continue;
    epoch->install(info, aead_, send, receive, now);
    return epoch.get();
  }
  return nullptr;
}

void Tunnel::release(std::uint64_t epoch) {
  if (Epoch* found = find(epoch); found != nullptr) found->clear();
}

Epoch* Tunnel::find(std::uint64_t epoch) {
  for (auto& e : epochs_) {
    if (e->live() && e->info().number == epoch) return e.get();
  }
  return nullptr;
}

Epoch* Tunnel::find(ConnectionId client_cid, std::uint8_t phase) {
  for (auto& e : epochs_) {
    if (e->live() && e->info().route.client_cid == client_cid && e->phase() == phase)
      return e.get();
  }
  return nullptr;
}

bool Tunnel::knows(ConnectionId client_cid) const {
  return std::ranges::any_of(epochs_, [client_cid](const auto& e) {
    return e->live() && e->info().route.client_cid == client_cid;
  });
}

std::size_t Tunnel::seal(Epoch& epoch, wire::Type type,
                         std::span<const std::span<std::uint8_t>> packets,
                         std::span<TxDatagram> out) {
  JG_INVARIANT(packets.size() <= limits::kBurst && out.size() >= packets.size());
  std::array<AeadOp, limits::kBurst> ops;
  const Route& route = epoch.info().route;
  std::size_t count = 0;
  for (const std::span<std::uint8_t> packet : packets) {
    if (!epoch.may_send()) break;
    std::uint8_t* message = packet.data() - wire::kPrefixSize;
    const std::uint64_t counter = epoch.take_counter(packet.size());
    wire::write_prefix({.type = type,
                        .phase = epoch.phase(),
                        .id_key_phase = route.id_key_phase,
                        .counter = counter,
                        .cid = route.gateway_id.cid},
                       std::span<std::uint8_t, wire::kPrefixSize>(message, wire::kPrefixSize));
    ops.at(count) = {.expanded = epoch.send_key(),
                     .aad = message,
                     .aad_length = wire::kPrefixSize,
                     .length = static_cast<std::uint32_t>(packet.size()),
                     .data = packet.data(),
                     .tag = packet.data() + packet.size(),
                     .iv = crypto::traffic_nonce(epoch.send_iv(), counter)};
    const bool data = type == wire::Type::kData;
    out[count] = {.bytes = {message, packet.size() + wire::kTrafficOverhead},
                  .to = route.gateway,
                  .traffic_class = data ? outer_class_.of(net::traffic_class_of(packet.data()))
                                        : std::uint8_t{0}};
    ++count;
  }
  aead_.seal(std::span(ops).first(count));
  return count;
}

std::size_t Tunnel::open(std::span<const SealedPacket> packets, std::span<OpenedPacket> out,
                         DropCounters& drops) {
  JG_INVARIANT(packets.size() <= limits::kBurst && out.size() >= packets.size());
  std::array<AeadOp, limits::kBurst> ops;
  std::array<std::uint64_t, limits::kBurst> counters{};
  std::size_t tried = 0;
  for (const SealedPacket& p : packets) {
    Epoch* epoch = find(p.prefix.cid, p.prefix.phase);
    if (epoch == nullptr) {
      drops.add(DropReason::kEpochUnknown);
      continue;
    }
    const session::ReplayVerdict verdict = epoch->window().check(p.prefix.counter);
    if (verdict != session::ReplayVerdict::kOk) {
      drops.add(drop_of(verdict));
      continue;
    }
    if (!epoch->may_receive()) {
      drops.add(DropReason::kKeyLimitReached);
      continue;
    }
    const auto plaintext =
        p.message.subspan(wire::kPrefixSize, p.message.size() - wire::kTrafficOverhead);
    ops.at(tried) = {.expanded = epoch->receive_key(),
                     .aad = p.message.data(),
                     .aad_length = wire::kPrefixSize,
                     .length = static_cast<std::uint32_t>(plaintext.size()),
                     .data = plaintext.data(),
                     .tag = plaintext.data() + plaintext.size(),
                     .iv = crypto::traffic_nonce(epoch->receive_iv(), p.prefix.counter)};
    out[tried] = {.type = p.prefix.type,
                  .epoch = epoch,
                  .plaintext = plaintext,
                  .uplink = p.uplink,
                  .traffic_class = p.traffic_class,
                  .counter = p.prefix.counter};
    counters.at(tried) = p.prefix.counter;
    ++tried;
  }
  aead_.open(std::span(ops).first(tried));

  std::size_t opened = 0;
  for (std::size_t i = 0; i < tried; ++i) {
    if (!ops.at(i).ok) {
      drops.add(DropReason::kAuthFailed);
      continue;
    }
    // Again: the same packet may stand twice in one burst.
    session::ReplayWindow& window = out[i].epoch->window();
    const session::ReplayVerdict verdict = window.check(counters.at(i));
    if (verdict != session::ReplayVerdict::kOk) {
      drops.add(drop_of(verdict));
      continue;
    }
    window.commit(counters.at(i));
    out[i].epoch->count_received(out[i].plaintext.size());
    out[opened++] = out[i];
  }
  return opened;
}

}  // namespace jumpgate::client
