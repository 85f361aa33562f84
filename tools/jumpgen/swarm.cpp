#include "tools/jumpgen/swarm.hpp"

#include <algorithm>
#include <array>

#include <rte_mbuf.h>

#include "net/frames.hpp"

namespace jumpgate::jumpgen {
namespace {

/// Timers handled before the port is looked at again.
constexpr std::size_t kTimersAtOnce = 64;

}  // namespace

Swarm::Swarm(Playground& ground, Meter& up, const IpAddress& server, MonoNs now)
    : ground_(ground),
      up_(up),
      server_(server),
      armed_(ground.plan.count(), kNever),
      timers_(ground.plan.count(), now) {
  clients_.reserve(ground.plan.count());
  for (std::uint32_t i = 0; i < ground.plan.count(); ++i)
    clients_.push_back(std::make_unique<PlayedClient>(ground, i));
}

void Swarm::rearm(std::uint32_t client) {
  const MonoNs deadline = clients_[client]->engine().next_deadline();
  if (deadline == armed_[client]) return;
  armed_[client] = deadline;
  timers_.arm(client, deadline);
}

void Swarm::start(std::uint32_t client, MonoNs now) {
  ground_.now = now;
  clients_[client]->start(now);
  rearm(client);
}

void Swarm::close(std::uint32_t client, MonoNs now) {
  ground_.now = now;
  clients_[client]->engine().close(now);
  rearm(client);
}

void Swarm::poll(MonoNs now) {
  ground_.now = now;
  receive(now);
  timers_.advance(now, kTimersAtOnce, [&](std::uint32_t client) {
    armed_[client] = kNever;
    clients_[client]->engine().tick(now);
    rearm(client);
  });
}

bool Swarm::locate(std::span<std::uint8_t> frame, Arrival& arrival) {
  const auto ip = net::parse_ip(frame.subspan(net::kEthernetSize));
  if (!ip || ip->fragment || ip->protocol != net::kProtocolUdp) return false;
  const auto udp = net::parse_udp(*ip);
  const auto owner = udp ? ground_.plan.owner_of(ip->destination()) : std::nullopt;
  if (!owner || !clients_[owner->client]->owns(owner->uplink, udp->destination_port)) return false;
  const auto offset = static_cast<std::size_t>(udp->payload.data() - frame.data());
  arrival = {.owner = *owner,
             .datagram = {.bytes = frame.subspan(offset, udp->payload.size()),
                          .from = {.address = ip->source(), .port = udp->source_port}}};
  return true;
}

void Swarm::receive(MonoNs now) {
  const std::span<rte_mbuf*> frames = ground_.station.receive();
  std::array<RxDatagram, limits::kBurst> run;
  std::size_t count = 0;
  ClientPlan::OuterOwner owner;
  const auto hand_over = [&] {
    if (count == 0) return;
    clients_[owner.client]->engine().on_datagrams(owner.uplink, std::span(run).first(count), now);
    rearm(owner.client);
    count = 0;
  };
  // Datagrams of one client in a row are one burst for its engine.
  for (rte_mbuf* frame : frames) {
    Arrival arrival;
    if (!locate(bytes_of(frame), arrival)) {
      ++misdirected_;
      continue;
    }
    if (arrival.owner.client != owner.client || arrival.owner.uplink != owner.uplink) hand_over();
    owner = arrival.owner;
    run.at(count++) = arrival.datagram;
  }
  hand_over();
  rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(frames.size()));
}

void Swarm::send(std::uint32_t client, std::size_t packets, PacketSizes& sizes, MonoNs now) {
  ground_.now = now;
  std::array<rte_mbuf*, limits::kBurst> buffers{};
  std::array<std::span<std::uint8_t>, limits::kBurst> inner;
  std::size_t count = 0;
  for (; count < std::min(packets, limits::kBurst); ++count) {
    rte_mbuf* buffer = ground_.station.allocate();
    if (buffer == nullptr) break;
    buffers.at(count) = buffer;
    const std::uint16_t size = sizes.next();
    inner.at(count) = {reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(buffer, size)), size};
    write_probe(inner.at(count), ground_.plan.inner_address(client), server_,
                up_.stamp(client, size, now));
  }
  ground_.sealing = std::span(buffers).first(count);
  clients_[client]->engine().on_inner(std::span(inner).first(count), now);
  // What the engine could not send is lost, as in a real client; its drop counters say why.
  for (rte_mbuf* left : ground_.sealing)
    rte_pktmbuf_free(left);
  ground_.sealing = {};
  rearm(client);
}

bool Swarm::jump(std::uint32_t client, MonoNs now) {
  ground_.now = now;
  const bool begun = clients_[client]->jump(now);
  rearm(client);
  return begun;
}

std::uint32_t Swarm::attached() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(clients_, [](const auto& c) { return c->engine().attached(); }));
}

client::DropCounters Swarm::drops() const {
  client::DropCounters sum;
  for (const auto& client : clients_)
    for (std::size_t reason = 0; reason < kDropReasonCount; ++reason)
      sum.add(static_cast<DropReason>(reason),
              client->engine().drops().count(static_cast<DropReason>(reason)));
  return sum;
}

}  // namespace jumpgate::jumpgen
