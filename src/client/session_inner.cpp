// DATA of a session: inner packets in messages, both ways (spec/inner-networks.md).
#include <algorithm>
#include <utility>

#include "client/client_session.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::client {

/// Inner packets on their way to the host, those of one burst together.
class ClientSession::Delivery {
 public:
  explicit Delivery(ClientSession& session) : session_(session) {}

  void add(const OpenedPacket& packet) {
    if (const auto kind = net::part_of(packet.plaintext))
      add_part(packet, *kind);
    else
      add_whole(packet.plaintext, packet.traffic_class);
  }
  void flush() {
    if (count_ == 0) return;
    delivered_ = true;
    session_.core_.world.output.deliver(std::span(packets_).first(std::exchange(count_, 0)));
  }
  [[nodiscard]] bool delivered() const { return delivered_; }

 private:
  void add_part(const OpenedPacket& packet, net::PartKind kind) {
    const auto joined = session_.part_joiner_.add({.kind = kind,
                                                   .epoch = packet.epoch->info().number,
                                                   .counter = packet.counter,
                                                   .plaintext = packet.plaintext,
                                                   .outer_class = packet.traffic_class});
    if (!joined) {
      session_.core_.world.drops.add(joined.error());
    } else if (!joined->packet.empty()) {
      add_whole(joined->packet, joined->outer_class);
      flush();  // before the next part takes its room
    }
  }
  void add_whole(std::span<std::uint8_t> packet, std::uint8_t outer_class) {
    if (const auto fault = session_.inner_path_.incoming(packet, outer_class))
      session_.core_.world.drops.add(*fault);
    else
      packets_.at(count_++) = packet;
  }

  ClientSession& session_;
  std::array<std::span<std::uint8_t>, limits::kBurst> packets_;
  std::size_t count_{0};
  bool delivered_{false};
};

void ClientSession::on_traffic(std::span<const SealedPacket> packets, MonoNs now) {
  std::array<OpenedPacket, limits::kBurst> opened;
  Delivery delivery(*this);
  const std::size_t count = core_.tunnel.open(packets, opened, core_.world.drops);
  const bool drains = core_.over();
  for (std::size_t i = 0; i < count && core_.over() == drains; ++i) {
    const OpenedPacket& packet = opened.at(i);
    core_.totals.rx_packets += 1;
    core_.totals.rx_bytes += packet.plaintext.size() + wire::kTrafficOverhead;
    if (packet.type == wire::Type::kData)
      delivery.add(packet);
    else if (drains)
      core_.world.drops.add(DropReason::kSessionStateForbids);
    if (!drains) on_opened(packet, now);
  }
  delivery.flush();
  if (delivery.delivered() && !core_.over()) send_due_heartbeat(now);
}

void ClientSession::send_inner(std::span<const std::span<std::uint8_t>> packets, MonoNs now) {
  std::array<std::span<std::uint8_t>, limits::kBurst> ready;
  std::size_t count = 0;
  for (const std::span<std::uint8_t> packet : packets) {
    const auto fault = inner_path_.outgoing(packet);
    if (!fault) {
      ready.at(count++) = packet;
    } else if (*fault == DropReason::kInnerTooBig) {
      // What came before it goes before it.
      if (count > 0) seal_inner(std::span(ready).first(std::exchange(count, 0)), now);
      send_too_big(packet, now);
    } else {
      core_.world.drops.add(*fault);
    }
  }
  if (count > 0) seal_inner(std::span(ready).first(count), now);
}

void ClientSession::send_too_big(std::span<std::uint8_t> packet, MonoNs now) {
  if (const auto pieces = inner_path_.cut(packet); !pieces.empty()) {
    seal_inner(pieces, now);
    return;
  }
  core_.world.drops.add(DropReason::kInnerTooBig);
  const std::span<std::uint8_t> answer = inner_path_.too_big(packet, now);
  if (!answer.empty()) core_.world.output.deliver({&answer, 1});
}

void ClientSession::seal_inner(std::span<const std::span<std::uint8_t>> packets, MonoNs now) {
  Epoch* epoch = core_.state() == State::kBirth || core_.over() ? nullptr : core_.sending();
  if (epoch == nullptr) {
    core_.world.drops.add(DropReason::kNoBinding, packets.size());
    return;
  }
  std::array<TxDatagram, limits::kBurst> datagrams;
  const std::size_t count = core_.tunnel.seal(*epoch, wire::Type::kData, packets, datagrams);
  if (count > 0) {
    core_.world.output.send(epoch->info().route.uplink, std::span(datagrams).first(count));
  }
  core_.totals.tx_packets += count;
  for (std::size_t i = 0; i < count; ++i)
    core_.totals.tx_bytes += datagrams.at(i).bytes.size();
  if (count < packets.size()) {
    core_.world.drops.add(DropReason::kKeyLimitReached, packets.size() - count);
    if (core_.next_epoch == std::nullopt) {
      core_.terminate(Reason::kKeysExpired, now);
      return;
    }
  }
  rekeyer_.on_send(jumper_.pending(), now);
  last_data_ = now;
  liveness_.on_traffic(now);
  send_due_heartbeat(now);
}

}  // namespace jumpgate::client
