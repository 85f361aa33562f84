#include "rig.hpp"

#include <array>
#include <bit>
#include <utility>

#include <rte_mbuf.h>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "base/bytes.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::uint8_t kBoot = 1;
constexpr std::uint32_t kRouterNeighbour = 0;
constexpr std::uint32_t kServerNeighbour = 1;
constexpr std::size_t kCommands = 256;
constexpr std::array<std::uint8_t, 16> kCidKey{1, 2, 3, 4, 5};

std::uint64_t mix(std::uint64_t x) {  // the finalizer of splitmix64
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9U;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebU;
  return x ^ (x >> 31);
}

TrafficKey derive(std::uint64_t seed) {
  TrafficKey key;
  for (std::size_t i = 0; i < 4; ++i)
    base::store_le64(&key.key[8 * i], mix(seed * 8 + i + 1));
  base::store_le64(key.iv.data(), mix(seed * 8 + 5));
  base::store_le32(&key.iv[8], static_cast<std::uint32_t>(mix(seed * 8 + 6)));
  return key;
}

// Heartbeats, silence and drains stay out of the measurement: their share of real traffic is small
// and belongs to the liveness tests.
constexpr bus::LivenessPolicy kQuiet{
    .interval = seconds(3600), .idle_interval = seconds(3600), .silence_floor = seconds(36'000)};

template <typename T, typename U>
std::expected<void, std::string> take(T& into, std::expected<U, std::string> made) {
  if (!made) return std::unexpected(made.error());
  into = std::move(*made);
  return {};
}

template <typename T, typename U>
std::expected<void, std::string> append(std::vector<T>& list, std::expected<U, std::string> made) {
  if (!made) return std::unexpected(made.error());
  list.push_back(std::move(*made));
  return {};
}

}  // namespace

TrafficKey client_key(std::uint32_t session) {
  return derive(2 * std::uint64_t{session} + 1);
}
TrafficKey gateway_key(std::uint32_t session) {
  return derive(2 * std::uint64_t{session} + 2);
}
IpAddress inner_address(std::uint32_t session) {
  IpAddress address{IpFamily::kV4, {}};
  base::store_be32(address.bytes.data(), 0x0a00'0100U + session);
  return address;
}
Endpoint client_endpoint(std::uint32_t session) {
  return {kClientAddress, static_cast<std::uint16_t>(1024 + session % 60'000)};
}

Rig::Rig(const RigOptions& options, rte_mempool* pool)
    : options_(options),
      pool_(pool),
      outer_("outer", kOuterMac, static_cast<std::uint16_t>(options.workers), 4 * kChunk),
      inner_("inner", kInnerMac, static_cast<std::uint16_t>(options.workers), 4 * kChunk),
      quiescence_(options.workers),
      cids_(kCidKey),
      counters_(options.workers),
      clients_(options.sessions) {
  outer_.set_offloads(options.offloads);
  inner_.set_offloads(options.offloads);
  if (options_.ports.empty()) options_.ports = {&outer_, &inner_};
}

Rig::~Rig() {
  workers_.clear();
  mesh_.reset();
  drain_reports();
}

std::expected<std::unique_ptr<Rig>, std::string> Rig::create(const RigOptions& options,
                                                             rte_mempool* pool) {
  std::unique_ptr<Rig> rig(new Rig(options, pool));
  if (auto made = rig->make_network(); !made) return std::unexpected(made.error());
  if (auto made = rig->make_workers(); !made) return std::unexpected(made.error());
  if (auto made = rig->make_sessions(); !made) return std::unexpected(made.error());
  return rig;
}

std::expected<void, std::string> Rig::make_network() {
  if (auto made = take(neighbours_, net::NeighbourTable::create()); !made) return made;
  neighbours_->set_mac(kRouterNeighbour, kRouterMac);
  if (!neighbours_->insert(kServerNeighbour, kInnerPort, kServerAddress))
    return std::unexpected(std::string("no room for a neighbour"));
  neighbours_->set_mac(kServerNeighbour, kServerMac);

  std::vector<net::PeerPrefix> prefixes;
  for (std::uint32_t i = 0; i < options_.sessions; ++i)
    prefixes.push_back({{inner_address(i), 32}, i});
  net::PortAddressing inner;
  inner.port = kInnerPort;
  inner.role = net::PortRole::kInner;
  inner.mac = options_.ports[1]->mac();
  inner.addresses = {{{IpFamily::kV4, {172, 16, 0, 1}}, 24}};
  auto image = net::RouteImage::build({.peers = prefixes, .ports = {&inner, 1}, .routes = {}});
  if (!image) return std::unexpected(image.error());
  routes_ = std::make_unique<net::Published<net::RouteImage>>(quiescence_, std::move(*image));
  if (options_.features) {
    if (auto made =
            take(features_, Features::create(quiescence_, options_.sessions, options_.workers));
        !made)
      return made;
  }
  if (auto made = take(peers_, bus::PeerSlots::create(options_.sessions, -1)); !made) return made;
  shared_ = std::unique_ptr<bus::SharedState>(
      new bus::SharedState{.neighbours = *neighbours_,
                           .routes = *routes_,
                           .quiescence = quiescence_,
                           .peers = *peers_,
                           .cids = cids_,
                           .node = kNode,
                           .id_key_phase = kBoot,
                           .listen_port = kListenPort,
                           .outer_addresses = {kOuterAddress},
                           .inner = {.filters = features_ ? &features_->filters() : nullptr,
                                     .rates = features_ ? &features_->rates() : nullptr}});
  return {};
}

std::expected<void, std::string> Rig::make_workers() {
  if (options_.workers > 1)
    if (auto made = take(mesh_, data::HandOffMesh::create(options_.workers, 4 * kChunk, -1)); !made)
      return made;
  data::WorkerLimits limits;
  limits.slots = (options_.sessions + options_.workers - 1) / options_.workers;
  limits.replay_window_packets = options_.replay_window;
  limits.expanded_keys = options_.expanded_keys;
  for (unsigned i = 0; i < options_.workers; ++i) {
    if (auto made = append(commands_, bus::CommandChannel::create(i, kCommands, -1)); !made)
      return made;
    if (auto made = append(reports_, bus::ReportChannel::create(i, 1024, -1)); !made) return made;
    if (auto made = append(frames_, bus::FrameChannel::create(i, 64, -1)); !made) return made;
    if (auto made =
            append(session_counters_, bus::SessionCounterTable::create(i, limits.slots, -1));
        !made)
      return made;
    data::WorkerSetup setup{
        .worker = static_cast<std::uint8_t>(i),
        .ports =
            {{.port = options_.ports[0], .role = net::PortRole::kOuter, .offloads = {}, .mac = {}},
             {.port = options_.ports[1], .role = net::PortRole::kInner, .offloads = {}, .mac = {}}},
        .shared = *shared_,
        .commands = *commands_.back(),
        .reports = *reports_.back(),
        .frames = *frames_.back(),
        .session_counters = *session_counters_.back(),
        .counters = counters_[i],
        .mesh = mesh_.get(),
        .pool = pool_,
        .aes = aead_ipsecmb::make_aead(Suite::kAes256Gcm),
        .chacha = aead_ipsecmb::make_aead(Suite::kChaCha20Poly1305),
        .random = random_,
        .limits = limits};
    if (auto made = append(workers_, data::Worker::create(std::move(setup), now)); !made)
      return made;
    workers_.back()->online();
  }
  return {};
}

std::expected<void, std::string> Rig::make_sessions() {
  for (std::uint32_t session = 0; session < options_.sessions; ++session)
    install(session);
  for (unsigned worker = 0; worker < options_.workers; ++worker)
    settle(worker, 0);
  drain_reports();
  if (refused_ != 0)
    return std::unexpected(std::to_string(refused_) + " commands were refused by the worker");
  return {};
}

void Rig::install(std::uint32_t session) {
  const bus::SessionRef ref{.worker = static_cast<std::uint8_t>(owner(session)),
                            .slot = session / options_.workers,
                            .life = 1};
  std::uint32_t generation = 0;
  const auto next_cid = [&] {
    return cids_.encode(
        {.node = kNode, .worker = ref.worker, .slot = ref.slot, .generation = generation++});
  };
  bus::InstallSession body;
  body.peer = session;
  body.gateway_cid = next_cid();
  body.client_cid = {mix(session) | 1};
  for (ConnectionId& id : body.jump_ids)
    id = next_cid();
  body.epoch.epoch = 1;
  body.epoch.suite = options_.suite;
  body.epoch.receive = client_key(session);
  body.epoch.send = gateway_key(session);
  body.liveness = kQuiet;
  body.replay_window_packets = options_.replay_window;
  clients_[session].gateway_cid = body.gateway_cid;
  const bus::Attach attach{{.remote = client_endpoint(session),
                            .local = {kOuterAddress, kListenPort},
                            .port = kOuterPort,
                            .neighbour = kRouterNeighbour,
                            .next_hop = kClientAddress}};
  bus::CommandChannel& channel = *commands_[ref.worker];
  for (const bus::CommandBody& wanted : {bus::CommandBody(body), bus::CommandBody(attach)}) {
    bus::Command* command = channel.obtain();
    if (command == nullptr) {
      settle(ref.worker, kCommands / 2);
      command = channel.obtain();
    }
    command->session = ref;
    command->body = wanted;
    channel.send(command);
  }
  peers_->set(session, ref);
}

/// Rounds of the worker until at most `outstanding` commands are.
void Rig::settle(unsigned worker, std::size_t outstanding) {
  bus::CommandChannel& channel = *commands_[worker];
  const auto queue = static_cast<std::uint16_t>(worker);
  while (channel.available() < kCommands - outstanding) {
    workers_[worker]->poll_once(now);
    outer_.free_sent(queue);  // the first heartbeat of each session
    while (bus::Command* back = channel.poll_ack()) {
      refused_ += back->applied ? 0 : 1;
      channel.release(back);
    }
  }
}

std::uint64_t Rig::count(bus::WorkerCounter counter) const {
  std::uint64_t sum = 0;
  for (const bus::WorkerCounters& counters : counters_)
    sum += counters.get(counter);
  return sum;
}

std::uint64_t Rig::drops() const {
  std::uint64_t sum = 0;
  for (const bus::WorkerCounters& counters : counters_)
    for (const DropReason reason : kAllDropReasons)
      sum += counters.dropped(reason);
  return sum;
}

std::size_t Rig::drain_reports() {
  std::size_t count = 0;
  for (const auto& channel : reports_)
    for (bus::Report report; channel->pop(report); ++count)
      if (report.mbuf != nullptr) rte_pktmbuf_free(report.mbuf);
  return count;
}

}  // namespace jumpgate::bench
