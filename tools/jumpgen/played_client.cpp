#include "tools/jumpgen/played_client.hpp"

#include <cstring>

#include <rte_mbuf.h>

#include "tools/jumpgen/probe.hpp"

namespace jumpgate::jumpgen {
namespace {

/// Source ports, above those of well-known services.
constexpr std::uint16_t kFirstPort = 20000;
constexpr std::uint32_t kPorts = 40000;
constexpr client::UplinkId kFirstUplink = 0;

client::EngineConfig engine_config(const Playground& ground, std::uint32_t index) {
  client::EngineConfig config;
  config.identity.own = ground.plan.key(index);
  config.identity.gateway = ground.gateway_key;
  config.identity.suites[0] = ground.suite;
  config.uplinks = {{.name = "first", .preference = 0}, {.name = "second", .preference = 0}};
  return config;
}

}  // namespace

PlayedClient::PlayedClient(Playground& ground, std::uint32_t index)
    : ground_(ground),
      index_(index),
      hello_counter_(ground.hello_base),
      engine_(
          engine_config(ground, index),
          {.output = *this, .counters = *this, .random = ground.random, .aeads = ground.aeads}) {
  for (client::UplinkId uplink = 0; uplink < kUplinks; ++uplink)
    open_port(uplink);
}

void PlayedClient::open_port(client::UplinkId uplink) {
  const auto port = static_cast<std::uint16_t>(kFirstPort + ports_opened_++ % kPorts);
  ports_.at(uplink) = port;
  const PacketPort& ethernet = ground_.station.port();
  headers_.at(uplink) = data::make_outer_template(
      {.remote = ground_.gateway,
       .local = {.address = ground_.plan.outer_address(index_, uplink), .port = port},
       .next_hop = ground_.gateway.address},
      ethernet.mac(), ethernet.mtu());
}

void PlayedClient::start(MonoNs now) {
  started_ = now;
  for (client::UplinkId uplink = 0; uplink < kUplinks; ++uplink)
    engine_.on_uplink(uplink, {.up = true, .gateway = ground_.gateway}, now);
  engine_.start(now);
}

bool PlayedClient::jump(MonoNs now) {
  const client::ClientSession* session = engine_.session();
  if (session == nullptr || session->state() != State::kAttached) return false;
  const auto target =
      session->core().bound_uplink == kFirstUplink ? client::UplinkId{1} : kFirstUplink;
  open_port(target);
  jump_began_ = now;
  jumping_ = engine_.move_to(target, now);
  ground_.counts.jumps_begun += jumping_ ? 1 : 0;
  return jumping_;
}

// ---- What the engine has to say
// ------------------------------------------------------------------

rte_mbuf* PlayedClient::buffer_of(std::span<const std::uint8_t> datagram) {
  if (!ground_.sealing.empty()) {
    rte_mbuf* own = ground_.sealing.front();
    if (datagram.data() == rte_pktmbuf_mtod(own, std::uint8_t*) - wire::kPrefixSize) {
      ground_.sealing = ground_.sealing.subspan(1);
      (void)rte_pktmbuf_prepend(own, wire::kPrefixSize);
      (void)rte_pktmbuf_append(own, wire::kTagSize);
      return own;
    }
  }
  rte_mbuf* copy = ground_.station.allocate();
  if (copy == nullptr) return nullptr;
  std::memcpy(rte_pktmbuf_append(copy, static_cast<std::uint16_t>(datagram.size())),
              datagram.data(), datagram.size());
  return copy;
}

void PlayedClient::send(client::UplinkId uplink, std::span<const TxDatagram> datagrams) {
  const Station& station = ground_.station;
  for (const TxDatagram& datagram : datagrams) {
    rte_mbuf* frame = buffer_of(datagram.bytes);
    if (frame == nullptr) continue;
    // Every buffer of the pool has the room for these headers.
    data::encapsulate(headers_.at(uplink), base::load_le<6>(station.gateway_mac().bytes.data()),
                      station.port().offloads(), datagram.traffic_class, frame);
    ground_.station.push(frame);
  }
}

void PlayedClient::deliver(std::span<const std::span<std::uint8_t>> inner) {
  const IpAddress own = ground_.plan.inner_address(index_);
  for (const std::span<std::uint8_t> packet : inner) {
    const auto probe = read_probe(packet);
    const bool to_us = probe && probe->destination == own;
    ground_.down.arrived(probe, to_us ? std::optional(index_) : std::nullopt, ground_.now);
  }
}

void PlayedClient::event(const audit::Event& event) {
  SessionCounts& counts = ground_.counts;
  switch (event.type) {
    case EventType::kTransportAttached:
      ++counts.attached;
      ground_.attach_time.record(ground_.now - started_);
      break;
    case EventType::kTransportSwitch:
      if (jumping_) {
        ++counts.jumps_done;
        ground_.jump_time.record(ground_.now - jump_began_);
      } else {
        ++counts.moves_unasked;
      }
      jumping_ = false;
      break;
    case EventType::kTransportSwitchDenied:
    case EventType::kTransportSwitchFailed:
      // An attempt; the engine makes others while its recovery window lasts.
      ++counts.jumps_failed;
      break;
    case EventType::kSessionTerminated:
      ++counts.ended;
      jumping_ = false;
      break;
    default:
      break;
  }
}

void PlayedClient::tunnel_ready(const client::TunnelSetup&) {
  // The addresses inside the tunnel follow from the plan.
}

bool PlayedClient::write(std::uint64_t counter) {
  hello_counter_ = counter;
  return true;
}

}  // namespace jumpgate::jumpgen
