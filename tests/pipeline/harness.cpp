#include "harness.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <rte_mempool.h>

#include "aead_sodium/aead_sodium.hpp"
#include "base/text.hpp"
#include "crypto/control_seal.hpp"
#include "crypto/nonce.hpp"
#include "net/ecn.hpp"
#include "net/frames.hpp"
#include "wire/prefix.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::test {
namespace {

constexpr unsigned kMbufs = 2047;
constexpr std::array<std::uint8_t, 16> kCidKey{1, 2, 3, 4, 5};

AeadOp operation(const void* expanded, const TrafficKey& key, std::uint64_t counter,
                 ByteVector& message) {
  AeadOp op;
  op.expanded = expanded;
  op.aad = message.data();
  op.data = message.data() + wire::kPrefixSize;
  op.length = static_cast<std::uint32_t>(message.size() - wire::kTrafficOverhead);
  op.tag = op.data + op.length;
  op.iv = crypto::traffic_nonce(key.iv, counter);
  return op;
}

template <typename T>
T must(std::expected<T, std::string> made) {
  if (!made) {
    ADD_FAILURE() << made.error();
    std::abort();
  }
  return std::move(*made);
}

std::unique_ptr<const net::RouteImage> make_routes(std::span<const net::Treatment> treatments) {
  std::vector<net::PeerPrefix> peers{
      {*base::parse_prefix("10.8.0.2/32"), 0}, {*base::parse_prefix("fd00:8::2/128"), 0},
      {*base::parse_prefix("10.8.0.3/32"), 1}, {*base::parse_prefix("fd00:8::3/128"), 1},
      {*base::parse_prefix("10.8.0.4/32"), 2},
  };
  for (net::PeerPrefix& peer : peers)
    peer.treatment = treatments[peer.peer];
  net::PortAddressing inner;
  inner.port = kInnerPort;
  inner.role = net::PortRole::kInner;
  inner.mac = kInnerMac;
  inner.addresses = {*base::parse_prefix("10.0.0.1/24", base::HostBits::kKeep),
                     *base::parse_prefix("fd00:a::1/64", base::HostBits::kKeep)};
  return must(net::RouteImage::build({.peers = peers, .ports = {&inner, 1}, .routes = {}}));
}

}  // namespace

Endpoint endpoint(std::string_view text) {
  return base::parse_endpoint(text).value();
}
IpAddress address(std::string_view text) {
  return base::parse_ip(text).value();
}

ByteVector to_server(std::size_t payload) {
  return inner_packet("10.8.0.2", "10.0.0.9", payload);
}

ByteVector Client::seal_at(wire::Type type, const ByteVector& plaintext, std::uint64_t at) const {
  ByteVector message(plaintext.size() + wire::kTrafficOverhead);
  const wire::Prefix prefix{.type = type,
                            .phase = static_cast<std::uint8_t>(keys.epoch & 3),
                            .id_key_phase = 1,
                            .counter = at,
                            .cid = gateway_cid};
  wire::write_prefix(prefix, std::span<std::uint8_t, 16>(message.data(), 16));
  std::ranges::copy(plaintext, message.begin() + wire::kPrefixSize);
  const auto aead = aead_sodium::make_aead(keys.suite);
  ExpandedKey expanded;
  aead->expand(keys.receive.key, expanded.bytes.data());
  AeadOp op = operation(expanded.bytes.data(), keys.receive, at, message);
  aead->seal({&op, 1});
  return message;
}

ByteVector Client::seal(wire::Type type, const ByteVector& plaintext) {
  return seal_at(type, plaintext, counter++);
}

ByteVector Client::heartbeat(bool reply_wanted, std::uint16_t next_interval_ms) {
  wire::Heartbeat heartbeat;
  heartbeat.reply_wanted = reply_wanted;
  heartbeat.next_interval_ms = next_interval_ms;
  heartbeat.send_time_us = 1'000;
  return this->heartbeat(heartbeat);
}
ByteVector Client::heartbeat(const wire::Heartbeat& heartbeat) {
  ByteVector plaintext(wire::kHeartbeatSize);
  wire::encode_heartbeat(heartbeat, std::span<std::uint8_t, 32>(plaintext.data(), 32));
  return seal(wire::Type::kHeartbeat, plaintext);
}

ByteVector Client::sealed_control(wire::Type type, ConnectionId to, std::uint8_t fill,
                                  base::RandomSource& random) const {
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  payload.fill(fill);
  ByteVector message(wire::kControlSize);
  crypto::seal_control({.type = type,
                        .phase = static_cast<std::uint8_t>(generation & 3),
                        .id_key_phase = 1,
                        .counter = 0,
                        .cid = to},
                       payload, control, random,
                       crypto::ControlMessageOut(message.data(), message.size()));
  return message;
}

ByteVector Client::frame(const ByteVector& datagram) const {
  ByteVector frame(1600);
  frame.resize(net::build_udp_frame(frame, kOuterMac, kRouterMac, address, gateway, datagram));
  const auto packet = frame.begin() + net::kEthernetSize;
  std::ranges::copy(with_class(ByteVector(packet, frame.end()), traffic_class), packet);
  return frame;
}

data::WorkerLimits Harness::small() {
  data::WorkerLimits limits;
  limits.slots = 16;
  limits.replay_window_packets = 1024;
  limits.extra_windows = 8;
  limits.expanded_keys = 16;
  limits.held_packets = 128;
  limits.source_buckets = 16;
  return limits;
}

Harness::Harness(unsigned worker_count, data::WorkerLimits limits, PortOffloads outer_offloads,
                 std::uint16_t outer_mtu)
    : outer("outer", kOuterMac, static_cast<std::uint16_t>(worker_count)),
      inner("inner", kInnerMac, static_cast<std::uint16_t>(worker_count)),
      quiescence(worker_count),
      cids(kCidKey),
      counters(worker_count) {
  outer.does = outer_offloads;
  outer.link_mtu = outer_mtu;
  pool = rte_pktmbuf_pool_create("test_pool", kMbufs, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
  if (pool == nullptr) std::abort();
  neighbours = must(net::NeighbourTable::create());
  neighbours->set_mac(kRouterNeighbour, kRouterMac);
  for (const std::string_view server : {"10.0.0.9", "fd00:a::9"}) {
    const std::uint32_t index = server == "10.0.0.9" ? 1 : 2;
    EXPECT_TRUE(neighbours->insert(index, kInnerPort, address(server)));
    neighbours->set_mac(index, kServerMac);
  }
  routes = std::make_unique<net::Published<net::RouteImage>>(quiescence, make_routes(treatments_));
  peers = must(bus::PeerSlots::create(3, -1));
  shared = std::unique_ptr<bus::SharedState>(
      new bus::SharedState{.neighbours = *neighbours,
                           .routes = *routes,
                           .quiescence = quiescence,
                           .peers = *peers,
                           .cids = cids,
                           .node = 5,
                           .id_key_phase = 1,
                           .listen_port = kListenPort,
                           .mac1_key = kMac1Key,
                           .outer_addresses = {address("192.0.2.1"), address("2001:db8::1")},
                           .inner = {}});
  if (worker_count > 1) mesh = must(data::HandOffMesh::create(worker_count, 64, -1));
  for (unsigned i = 0; i < worker_count; ++i) {
    commands.push_back(must(bus::CommandChannel::create(i, 8, -1)));
    report_channels.push_back(must(bus::ReportChannel::create(i, 64, -1)));
    frames.push_back(must(bus::FrameChannel::create(i, 64, -1)));
    session_counters.push_back(must(bus::SessionCounterTable::create(i, limits.slots, -1)));
    traces.push_back(must(bus::TraceChannel::create(i, -1)));
    workers.push_back(must(data::Worker::create(
        data::WorkerSetup{
            .worker = static_cast<std::uint8_t>(i),
            .ports = {{.port = &outer, .role = net::PortRole::kOuter, .offloads = {}, .mac = {}},
                      {.port = &inner, .role = net::PortRole::kInner, .offloads = {}, .mac = {}}},
            .shared = *shared,
            .commands = *commands.back(),
            .reports = *report_channels.back(),
            .frames = *frames.back(),
            .session_counters = *session_counters.back(),
            .counters = counters[i],
            .mesh = mesh.get(),
            .pool = pool,
            .aes = aead_sodium::make_aead(Suite::kAes256Gcm),
            .chacha = aead_sodium::make_aead(Suite::kChaCha20Poly1305),
            .random = random,
            .limits = limits,
            .trace = traces.back().get()},
        now)));
  }
}

Harness::~Harness() {
  for (unsigned i = 0; i < counters.size(); ++i)
    captures_.counters(i, counters[i]);
  const bool waiting = std::ranges::any_of(workers, [](const auto& worker) {
    return worker->shard().tx.backlogged() || worker->shard().reassembly != nullptr;
  });
  workers.clear();  // which drops what was held
  if (!waiting) {
    EXPECT_EQ(unaccounted(), 0) << "packets left without a name";
  }
  mesh.reset();
  report_channels.clear();
  frames.clear();
  for (MemoryPort* port : {&outer, &inner})
    while (rte_mbuf* mbuf = port->take())
      rte_pktmbuf_free(mbuf);
  EXPECT_EQ(mbufs_in_use(), 0U) << "an mbuf was lost";
  rte_mempool_free(pool);
}

unsigned Harness::mbufs_in_use() const {
  return rte_mempool_in_use_count(pool);
}

rte_mbuf* Harness::mbuf_of(const ByteVector& bytes) const {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool);
  if (mbuf == nullptr) std::abort();
  auto* room = rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
  return mbuf;
}

void Harness::put(std::uint8_t port, const ByteVector& frame, std::uint16_t queue) {
  captures_.frame(port, Captures::Way::kIn, frame, now);
  (port == kOuterPort ? outer : inner).put(queue, mbuf_of(frame));
}

void Harness::poll(unsigned worker) {
  for (int rounds = 0; rounds < 64 && workers[worker]->poll_once(now); ++rounds) {
  }
}

std::vector<ByteVector> Harness::sent(std::uint8_t port) {
  std::vector<ByteVector> out;
  while (rte_mbuf* mbuf = (port == kOuterPort ? outer : inner).take()) {
    const auto* data = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
    out.emplace_back(data, data + rte_pktmbuf_data_len(mbuf));
    captures_.frame(port, Captures::Way::kOut, out.back(), now);
    rte_pktmbuf_free(mbuf);
  }
  return out;
}

std::optional<Opened> Harness::open(const Client& client, const ByteVector& frame) {
  const auto ethernet = net::parse_ethernet(frame);
  EXPECT_TRUE(ethernet && ethernet->destination() == kRouterMac && ethernet->source() == kOuterMac);
  const auto ip = net::parse_ip(ethernet->payload);
  if (!ip) {
    ADD_FAILURE() << "outer IP header: " << to_string(ip.error());
    return std::nullopt;
  }
  const auto udp = net::parse_udp(*ip);
  if (!udp) {
    ADD_FAILURE() << "outer UDP: " << to_string(udp.error());
    return std::nullopt;
  }
  EXPECT_EQ(ip->packet.size(), ethernet->payload.size());
  EXPECT_EQ((Endpoint{ip->source(), udp->source_port}), client.gateway);
  ByteVector message(udp->payload.begin(), udp->payload.end());
  const auto prefix = wire::parse_prefix(message);
  if (!prefix || prefix->cid != client.client_cid) {
    ADD_FAILURE() << "not for this client";
    return std::nullopt;
  }
  EXPECT_EQ(prefix->phase, client.keys.epoch & 3);
  const auto aead = aead_sodium::make_aead(client.keys.suite);
  ExpandedKey expanded;
  aead->expand(client.keys.send.key, expanded.bytes.data());
  AeadOp op = operation(expanded.bytes.data(), client.keys.send, prefix->counter, message);
  aead->open({&op, 1});
  EXPECT_TRUE(op.ok) << "not authentic";
  return Opened{*prefix,
                {message.begin() + wire::kPrefixSize,
                 message.end() - static_cast<std::ptrdiff_t>(wire::kTagSize)},
                {ip->destination(), udp->destination_port},
                net::traffic_class_of(ip->packet.data())};
}

std::vector<Opened> Harness::opened(const Client& client) {
  std::vector<Opened> out;
  for (const ByteVector& frame : sent(kOuterPort))
    if (auto one = open(client, frame)) out.push_back(std::move(*one));
  return out;
}

std::vector<ByteVector> Harness::delivered() {
  std::vector<ByteVector> out;
  for (const ByteVector& frame : sent(kInnerPort)) {
    const auto ethernet = net::parse_ethernet(frame);
    EXPECT_TRUE(ethernet && ethernet->destination() == kServerMac &&
                ethernet->source() == kInnerMac);
    out.emplace_back(ethernet->payload.begin(), ethernet->payload.end());
  }
  return out;
}

void Harness::treat(std::uint32_t peer, const net::Treatment& treatment) {
  treatments_[peer] = treatment;
  EXPECT_TRUE(routes->publish(make_routes(treatments_)));
}

bool Harness::command(const bus::SessionRef& ref, bus::CommandBody body) {
  bus::CommandChannel& channel = *commands[ref.worker];
  bus::Command* command = channel.obtain();
  if (command == nullptr) return false;
  command->session = ref;
  command->body = body;
  channel.send(command);
  workers[ref.worker]->poll_once(now);
  bus::Command* back = channel.poll_ack();
  EXPECT_EQ(back, command);
  EXPECT_TRUE(std::holds_alternative<bus::RemoveSession>(back->body)) << "keys stay in the command";
  const bool applied = back->applied;
  channel.release(back);
  return applied;
}

std::vector<Taken> Harness::reports(unsigned worker) {
  std::vector<Taken> out;
  for (bus::Report report; report_channels[worker]->pop(report);) {
    Taken taken{report, {}};
    if (report.mbuf != nullptr) {
      const auto* data = rte_pktmbuf_mtod(report.mbuf, const std::uint8_t*);
      taken.bytes.assign(data, data + rte_pktmbuf_data_len(report.mbuf));
      rte_pktmbuf_free(report.mbuf);
      taken.report.mbuf = nullptr;
    }
    out.push_back(std::move(taken));
  }
  return out;
}

std::vector<Taken> Harness::reports(bus::ReportKind kind, unsigned worker) {
  std::vector<Taken> out = reports(worker);
  std::erase_if(out, [kind](const Taken& taken) { return taken.report.kind != kind; });
  return out;
}

bus::EpochKeys Harness::make_keys(std::uint64_t epoch, std::uint32_t generation, Suite suite) {
  bus::EpochKeys keys;
  keys.epoch = epoch;
  keys.generation = generation;
  keys.suite = suite;
  random.fill(keys.receive.key);
  random.fill(keys.receive.iv);
  random.fill(keys.send.key);
  random.fill(keys.send.iv);
  return keys;
}

ConnectionId Harness::make_cid(const bus::SessionRef& ref) {
  return cids.encode(
      {.node = 5, .worker = ref.worker, .slot = ref.slot, .generation = next_cid_generation_++});
}

bus::OuterPath Harness::path_to(const Client& client) {
  return {.remote = client.address,
          .local = client.gateway,
          .port = kOuterPort,
          .neighbour = kRouterNeighbour,
          .next_hop = client.address.address};
}

Client Harness::install(std::uint32_t slot, std::uint32_t peer, Suite suite, bool v6,
                        std::uint8_t worker, std::uint32_t life) {
  Client client;
  client.ref = {.worker = worker, .slot = slot, .life = life};
  client.address = v6 ? endpoint("[2001:db8:7::7]:40000") : endpoint("198.51.100.7:40000");
  client.gateway = {address(v6 ? "2001:db8::1" : "192.0.2.1"), kListenPort};
  client.gateway_cid = make_cid(client.ref);
  client.client_cid = {random.nonzero_u64()};
  for (auto& id : client.jump_ids)
    id = make_cid(client.ref);
  random.fill(client.control);
  client.keys = make_keys(1, 0, suite);
  bus::InstallSession body;
  body.peer = peer;
  body.gateway_cid = client.gateway_cid;
  body.client_cid = client.client_cid;
  body.jump_ids = client.jump_ids;
  body.control = {.generation = 0, .key = client.control};
  body.epoch = client.keys;
  body.liveness = policy;
  body.replay_window_packets = 1024;
  EXPECT_TRUE(command(client.ref, body));
  return client;
}

Client Harness::attached(std::uint32_t slot, std::uint32_t peer, Suite suite, bool v6,
                         std::uint8_t worker, std::uint32_t life) {
  Client client = install(slot, peer, suite, v6, worker, life);
  EXPECT_TRUE(command(client.ref, bus::Attach{path_to(client)}));
  peers->set(peer, client.ref);
  const auto first = opened(client);
  EXPECT_EQ(first.size(), 1U);
  for (const Opened& message : first)
    EXPECT_EQ(message.prefix.type, wire::Type::kHeartbeat);
  return client;
}

std::int64_t Harness::unaccounted() const {
  using enum bus::WorkerCounter;
  std::uint64_t came = 0, went = 0;
  for (unsigned i = 0; i < counters.size(); ++i) {
    for (const auto in : {kRxPackets, kTakenOver, kFramesOut, kOwnInner, kHeartbeatsOut, kClosesOut,
                          kInnerPieces, kInnerParted, kReassembled})
      came += count(in, i);
    for (const auto out : {kTxPackets, kHandedOff, kPunts, kHeartbeatsIn, kClosesIn, kInnerCut,
                           kInnerJoined, kFragmentsJoined})
      went += count(out, i);
    went += all_drops(i);
  }
  return static_cast<std::int64_t>(came - went);
}

std::uint64_t Harness::all_drops(unsigned worker) const {
  std::uint64_t sum = 0;
  for (const DropReason reason : kAllDropReasons)
    sum += dropped(reason, worker);
  return sum;
}

}  // namespace jumpgate::test
