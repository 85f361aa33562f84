#include "gateway.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "../pipeline/memory_port.hpp"
#include "../support/allocations.hpp"
#include "../support/inline_handshakes.hpp"
#include "ctl/controller_loop.hpp"
#include "ctl/controller_ports.hpp"
#include "data/worker.hpp"
#include "net/frames.hpp"
#include "network.hpp"
#include "nonce_ledger.hpp"
#include "record/recorder.hpp"

namespace jumpgate::sim {
namespace {

constexpr unsigned kMbufs = 4095;
constexpr std::uint8_t kOuterPort = 0;
constexpr MacAddress kOuterMac{{2, 0, 0, 0, 0, 1}};
constexpr MacAddress kRouterMac{{2, 0, 0, 0, 0, 0x11}};
// How long the product's controller sleeps at most between two rounds (ControllerLoop::idle_wait).
constexpr Duration kIdleRound = microseconds(200);
constexpr std::uint32_t kSpareSlots = 32;  // a peer's new session stands beside its old one

IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {.family = IpFamily::kV4, .bytes = {a, b, c, d}};
}

template <typename T>
T must(std::expected<T, std::string> made) {
  if (!made) {
    std::fprintf(stderr, "simulation: %s\n", made.error().c_str());
    std::abort();
  }
  return std::move(*made);
}

std::shared_ptr<config::GatewayConfig> make_config(const session::Policy& policy,
                                                   std::span<const PublicKey> peers) {
  auto made = std::make_shared<config::GatewayConfig>();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    config::PeerConfig peer;
    peer.name = "c" + std::to_string(i);
    peer.public_key = peers[i];
    peer.addresses = {{.address = inner_address(i), .length = 32}};
    peer.allowed_ips = peer.addresses;
    made->peers.push_back(std::move(peer));
  }
  made->policies.base = policy;
  return made;
}

struct PoolFree {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};

std::vector<net::PortAddressing> addressing() {
  net::PortAddressing outer;
  outer.port = kOuterPort;
  outer.role = net::PortRole::kOuter;
  outer.mac = kOuterMac;
  outer.addresses = {{.address = gateway_endpoint().address, .length = 24}};
  outer.gateways = {v4(192, 0, 2, 254)};
  return {outer};
}

}  // namespace

IpAddress inner_address(std::size_t client) {
  return v4(10, 8, static_cast<std::uint8_t>((client + 1) / 256),
            static_cast<std::uint8_t>((client + 1) % 256));
}

// In the order of construction, as in src/app/jumpgated/gateway.cpp.
struct Gateway::Parts {
  GatewaySetup setup;
  test::SeededRandom random;
  crypto::KeyPair own;
  std::unique_ptr<rte_mempool, PoolFree> pool;
  test::MemoryPort outer;
  net::Quiescence quiescence{1};
  std::unique_ptr<net::NeighbourTable> neighbour_table;
  net::Published<net::RouteImage> routes;
  net::Published<net::FilterImage> filters;
  net::Published<net::RateImage> rates;
  std::unique_ptr<bus::PeerSlots> peers;
  ctl::Settings settings;
  crypto::CidCipher cids;
  bus::SharedState shared;
  std::unique_ptr<bus::CommandChannel> commands;
  std::unique_ptr<bus::ReportChannel> reports;
  std::unique_ptr<bus::FrameChannel> frame_channel;
  std::unique_ptr<bus::SessionCounterTable> session_counters;
  bus::WorkerCounters counters;
  std::unique_ptr<data::Worker> worker;
  ctl::FrameSender frames;
  net::Neighbours neighbours;
  net::OuterRouter router;
  ctl::OuterLink link;
  ctl::BusWorkerLink worker_link;
  ctl::ImageBook book;
  test::InlineHandshakes handshakes;
  audit::EventLog events;
  std::shared_ptr<const config::GatewayConfig> config;
  std::optional<record::Recorder> recorder;
  ctl::Controller controller;
  ctl::Mailbox mailbox;
  ctl::ControllerLoop loop;
  std::vector<bus::Command*> held;
  MonoNs last_turn{};
  std::uint64_t allocations{0};

  Parts(GatewaySetup given, NonceLedger& ledger, MonoNs now);
  [[nodiscard]] std::uint32_t slots() const {
    return static_cast<std::uint32_t>(setup.peers.size()) + kSpareSlots;
  }
  ctl::Settings make_settings();
  /// What the controller gets: the ports, or the recorder before them.
  ctl::Ports ports(MonoNs now);
  std::unique_ptr<data::Worker> make_worker(NonceLedger& ledger, MonoNs now);
  void put(std::span<const std::uint8_t> frame);
};

Gateway::Parts::Parts(GatewaySetup given, NonceLedger& ledger, MonoNs now)
    : setup(std::move(given)),
      random(setup.seed),
      own(crypto::KeyPair::generate(random)),
      pool(rte_pktmbuf_pool_create("sim", kMbufs, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0)),
      outer("outer", kOuterMac, 1),
      neighbour_table(must(net::NeighbourTable::create())),
      routes(quiescence, must(net::RouteImage::build({}))),
      filters(quiescence, must(net::FilterImage::build({}, {}))),
      rates(quiescence, net::RateImage::build({}, {}, 1)),
      peers(must(bus::PeerSlots::create(setup.peers.size(), -1))),
      settings(make_settings()),
      cids(settings.cid_key),
      shared{.neighbours = *neighbour_table,
             .routes = routes,
             .quiescence = quiescence,
             .peers = *peers,
             .cids = cids,
             .node = settings.node_id,
             .id_key_phase = settings.id_key_phase,
             .listen_port = kListenPort,
             .mac1_key = crypto::derive_mac1_key(own.public_key),
             .outer_addresses = {gateway_endpoint().address}},
      commands(must(bus::CommandChannel::create(0, setup.commands, -1))),
      reports(must(bus::ReportChannel::create(0, 1024, -1))),
      frame_channel(must(bus::FrameChannel::create(0, 1024, -1))),
      session_counters(must(bus::SessionCounterTable::create(0, slots(), -1))),
      worker(make_worker(ledger, now)),
      frames({frame_channel.get()}, pool.get()),
      // The neighbour is no subject here: the router answers once and is then believed for good.
      neighbours(
          *neighbour_table, quiescence, addressing(),
          [this](std::uint8_t port, std::span<const std::uint8_t> frame) {
            frames.send(port, frame);
          },
          net::NeighbourTimers{.reachable = seconds(1'000'000)}),
      router(addressing(), {}),
      link(router, neighbours, addressing()),
      worker_link({commands.get()}, {session_counters.get()}, *peers),
      book(routes, filters, rates, {}, 1),
      handshakes(own, random),
      events(setup.event_ring),
      config(make_config(setup.policy, setup.peers)),
      controller(settings, ports(now), config, crypto::ResetKey(random.array<32>()), now),
      loop({.controller = controller,
            .outer = link,
            .frames = frames,
            .neighbours = neighbours,
            .routes = book,
            .mailbox = mailbox,
            .commands = {commands.get()},
            .reports = {reports.get()},
            .ports = addressing()}) {
  if (!pool || !controller.started()) std::abort();
  if (!recorder) return;
  recorder->on_done();
  controller.set_tap(&*recorder);
}

ctl::Ports Gateway::Parts::ports(MonoNs now) {
  const ctl::Ports real{.workers = worker_link,
                        .datagrams = link,
                        .paths = link,
                        .handshakes = handshakes,
                        .routes = book,
                        .events = events,
                        .random = random};
  if (!setup.record) return real;
  recorder.emplace(setup.record, real, settings.cid_key);
  events.observe(&recorder->events());
  recorder->on_start(settings, *config, now);
  return recorder->ports();
}

ctl::Settings Gateway::Parts::make_settings() {
  ctl::Settings made;
  made.node_id = 5;
  made.slots_per_worker = slots();
  made.max_sessions = slots();
  made.max_peers = static_cast<std::uint32_t>(setup.peers.size());
  made.inner_mtu = 1400;
  made.suites = {Suite::kAes256Gcm, Suite::kChaCha20Poly1305};
  made.public_key = own.public_key;
  made.cid_key = random.array<crypto::CidCipher::kKeySize>();
  made.id_key_phase = 1;
  return made;
}

std::unique_ptr<data::Worker> Gateway::Parts::make_worker(NonceLedger& ledger, MonoNs now) {
  data::WorkerLimits limits;
  limits.slots = slots();
  limits.replay_window_packets = setup.policy.security.replay_window_packets;
  limits.extra_windows = slots();
  limits.expanded_keys = 64;
  limits.held_packets = 1024;
  limits.source_buckets = 256;
  auto aes = std::make_unique<RecordingAead>(Suite::kAes256Gcm, ledger);
  auto chacha = std::make_unique<RecordingAead>(Suite::kChaCha20Poly1305, ledger);
  return must(data::Worker::create(
      data::WorkerSetup{
          .worker = 0,
          .ports = {{.port = &outer, .role = net::PortRole::kOuter, .offloads = {}, .mac = {}}},
          .shared = shared,
          .commands = *commands,
          .reports = *reports,
          .frames = *frame_channel,
          .session_counters = *session_counters,
          .counters = counters,
          .mesh = nullptr,
          .pool = pool.get(),
          .aes = std::move(aes),
          .chacha = std::move(chacha),
          .random = random,
          .limits = limits},
      now));
}

void Gateway::Parts::put(std::span<const std::uint8_t> frame) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool.get());
  if (mbuf == nullptr) std::abort();
  char* room = rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size()));
  std::ranges::copy(frame, reinterpret_cast<std::uint8_t*>(room));
  outer.put(0, mbuf);
}

Gateway::Gateway(GatewaySetup setup, NonceLedger& ledger, MonoNs now)
    : parts_(std::make_unique<Parts>(std::move(setup), ledger, now)) {}

Gateway::~Gateway() {
  release_commands();
}

void Gateway::receive(const Endpoint& from, std::span<const std::uint8_t> datagram) {
  std::array<std::uint8_t, 2048> frame{};
  const std::size_t size =
      net::build_udp_frame(frame, kOuterMac, kRouterMac, from, gateway_endpoint(), datagram);
  if (size != 0) parts_->put(std::span(frame).first(size));
}

void Gateway::turn(MonoNs now) {
  constexpr int kMostRounds = 256;
  parts_->last_turn = now;
  for (int i = 0; i < kMostRounds; ++i) {
    test::start_counting_allocations();
    const bool worked = parts_->worker->poll_once(now);
    parts_->allocations += test::stop_counting_allocations();
    collect_frames();
    test::start_counting_allocations();
    const std::size_t judged = parts_->loop.round(now);
    parts_->allocations += test::stop_counting_allocations();
    if (parts_->setup.drain_events) collect_events();
    if (!worked && judged == 0) return;
  }
}

void Gateway::collect_frames() {
  while (rte_mbuf* mbuf = parts_->outer.take()) {
    const net::Bytes frame{rte_pktmbuf_mtod(mbuf, const std::uint8_t*), rte_pktmbuf_data_len(mbuf)};
    const auto ethernet = net::parse_ethernet(frame);
    if (ethernet && ethernet->type == net::kEtherTypeArp) {
      const auto arp = net::parse_arp(ethernet->payload);
      std::array<std::uint8_t, 64> answer{};
      const std::size_t size = net::build_arp_frame(answer, kOuterMac,
                                                    {.operation = net::ArpOperation::kReply,
                                                     .sender_mac = kRouterMac,
                                                     .sender = arp->target,
                                                     .target_mac = kOuterMac,
                                                     .target = arp->sender});
      parts_->put(std::span(answer).first(size));
    } else if (ethernet) {
      const auto ip = net::parse_ip(ethernet->payload);
      const auto udp = ip ? net::parse_udp(*ip) : std::unexpected(ip.error());
      if (udp) on_sent({ip->destination(), udp->destination_port}, udp->payload);
    }
    rte_pktmbuf_free(mbuf);
  }
}

void Gateway::collect_events() {
  std::array<audit::Event, 64> batch;
  for (std::size_t n = parts_->events.take(batch); n > 0; n = parts_->events.take(batch))
    for (std::size_t i = 0; i < n; ++i)
      on_event(batch.at(i));
}

MonoNs Gateway::next_wake() const {
  const MonoNs next =
      std::min(parts_->controller.next_wake(), parts_->worker->shard().timers.next_wake());
  return std::max(next, parts_->last_turn + kIdleRound);
}

bool Gateway::terminate(const SessionId& id, MonoNs now) {
  return parts_->controller.terminate(id, now);
}

bool Gateway::ask_rekey(const SessionId& id, MonoNs now) {
  return parts_->controller.ask_rekey(id, now).has_value();
}

bool Gateway::reload(const session::Policy& policy, MonoNs now) {
  return parts_->controller.reload(make_config(policy, parts_->setup.peers), now).has_value();
}

bool Gateway::apply_with_grace(const session::Policy& policy, MonoNs now) {
  return parts_->controller
      .apply_policy({.base = policy}, "script", ctl::PolicyApplication::kGrace, now)
      .has_value();
}

void Gateway::hold_commands(std::size_t left) {
  while (parts_->commands->available() > left) {
    bus::Command* command = parts_->commands->obtain();
    if (command == nullptr) return;
    parts_->held.push_back(command);
  }
}

void Gateway::release_commands() {
  for (bus::Command* command : parts_->held)
    parts_->commands->release(command);
  parts_->held.clear();
}

const PublicKey& Gateway::public_key() const {
  return parts_->own.public_key;
}
const ctl::Session* Gateway::find(const SessionId& id) {
  return parts_->controller.find(id);
}
ctl::Controller& Gateway::controller() {
  return parts_->controller;
}
audit::EventLog& Gateway::events() {
  return parts_->events;
}
std::uint64_t Gateway::dropped(DropReason reason) const {
  return parts_->counters.dropped(reason) + parts_->controller.counters().dropped(reason);
}
std::uint64_t Gateway::allocations() const {
  return parts_->allocations;
}
unsigned Gateway::packets_in_use() const {
  return rte_mempool_in_use_count(parts_->pool.get());
}

}  // namespace jumpgate::sim
