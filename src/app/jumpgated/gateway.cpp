#include "app/jumpgated/gateway.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "api/event_feed.hpp"
#include "api/gateway_calls.hpp"
#include "api/server.hpp"
#include "app/jumpgated/footprint.hpp"
#include "app/jumpgated/gateway_api.hpp"
#include "app/jumpgated/port_set.hpp"
#include "app/jumpgated/state_dir.hpp"
#include "app/jumpgated/tsc_clock.hpp"
#include "app/jumpgated/worker_set.hpp"
#include "audit/audit_thread.hpp"
#include "audit/datagram_sink.hpp"
#include "audit/event_log.hpp"
#include "base/random.hpp"
#include "ctl/controller_loop.hpp"
#include "ctl/controller_ports.hpp"
#include "ctl/handshake_thread.hpp"
#include "net/neighbours.hpp"
#include "net/published.hpp"
#include "record/record_file.hpp"
#include "record/recorder.hpp"

namespace jumpgate::app {
namespace {

std::uint64_t wall_clock_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

struct MempoolFree {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using MbufPool = std::unique_ptr<rte_mempool, MempoolFree>;

std::expected<MbufPool, std::string> make_pool(const config::GatewayConfig& config) {
  constexpr unsigned kCache = 256;
  const auto buffers = static_cast<unsigned>(packet_buffers(config));
  MbufPool pool(rte_pktmbuf_pool_create("jumpgate", buffers, kCache, 0,
                                        static_cast<std::uint16_t>(mbuf_data_room(config)),
                                        SOCKET_ID_ANY));
  if (pool) return pool;
  return std::unexpected(
      "no memory for " + std::to_string(buffers) + " packet buffers: " + rte_strerror(rte_errno) +
      "; reserve more hugepages than `jumpgated --plan` names, raise eal.memory_mib, or lower "
      "limits.mbufs");
}

ctl::Settings settings_of(const config::GatewayConfig& config, const NodeState& node,
                          const PublicKey& public_key, base::RandomSource& random) {
  ctl::Settings settings;
  settings.node_id = config.node_id;
  settings.workers = config.workers;
  settings.slots_per_worker = slots_per_worker(config);
  settings.max_sessions = config.limits.max_sessions;
  settings.max_peers = static_cast<std::uint32_t>(peer_capacity(config));
  settings.inner_mtu = config.inner_mtu;
  settings.suites = config.suites;
  settings.handshakes_per_second = config.limits.handshakes_per_second;
  settings.public_key = public_key;
  settings.cid_key = random.array<crypto::CidCipher::kKeySize>();
  settings.id_key_phase = static_cast<std::uint8_t>(node.boot & 1);
  return settings;
}

std::expected<std::unique_ptr<const net::RouteImage>, std::string> no_routes() {
  return net::RouteImage::build({});
}

void add_sinks(audit::AuditThread& audit, const config::EventsConfig& events) {
  if (!events.file.empty()) {
    std::error_code ignored;  // a folder that can not be made holds no file that can be opened
    std::filesystem::create_directories(std::filesystem::path(events.file).parent_path(), ignored);
    auto file = std::make_unique<audit::FileSink>(audit::FileSink::Options{
        .path = events.file, .max_bytes = events.max_bytes, .max_files = events.keep + 1});
    if (!file->open())
      spdlog::warn("events.file {}: {}; until it can be written events are lost to it, and counted",
                   events.file, std::strerror(errno));
    audit.add_sink(std::move(file));
  }
  using audit::DatagramSink;
  if (events.journal)
    audit.add_sink(
        std::make_unique<DatagramSink>(audit::kJournalSocket, DatagramSink::Form::kJournal));
  if (!events.socket.empty())
    audit.add_sink(std::make_unique<DatagramSink>(events.socket, DatagramSink::Form::kLine));
}

std::vector<std::string> role_names(const PortSet& ports) {
  std::vector<std::string> names;
  for (const net::PortAddressing& port : ports.addressing())
    names.emplace_back(port.role == net::PortRole::kOuter ? "outer" : "inner");
  return names;
}

/// A recording begins with the configuration, as one record.
std::string first_record_refused(const config::GatewayConfig& config) {
  return fmt::format(
      "record.file {}: the configuration with its {} peers alone is larger than record.max_bytes "
      "({}) or than a record may be ({} bytes), or its disk failed; record with fewer peers, or "
      "take [record] out",
      config.record.file, config.peers.size(), config.record.max_bytes, record::kMaxRecord);
}

}  // namespace

// In the order of construction: what stands below may refer to what stands above.
struct Gateway::Parts {
  explicit Parts(std::shared_ptr<const config::GatewayConfig> checked)
      : config(std::move(checked)) {}

  std::shared_ptr<const config::GatewayConfig> config;
  TscClock clock;
  base::SystemRandom random;
  MbufPool pool;
  PortSet ports;
  NodeState node;
  crypto::KeyPair own;
  ctl::Settings settings;
  std::unique_ptr<net::Quiescence> quiescence;
  std::unique_ptr<net::NeighbourTable> neighbour_table;
  std::unique_ptr<net::Published<net::RouteImage>> routes;
  std::unique_ptr<net::Published<net::FilterImage>> filters;
  std::unique_ptr<net::Published<net::RateImage>> rates;
  std::unique_ptr<bus::PeerSlots> peers;
  std::unique_ptr<crypto::CidCipher> cids;
  std::unique_ptr<bus::SharedState> shared;
  std::unique_ptr<WorkerSet> workers;
  std::unique_ptr<ctl::FrameSender> frames;
  std::unique_ptr<net::Neighbours> neighbours;
  std::unique_ptr<net::OuterRouter> router;
  std::unique_ptr<ctl::OuterLink> outer;
  std::unique_ptr<ctl::BusWorkerLink> worker_link;
  std::unique_ptr<ctl::ImageBook> book;
  std::unique_ptr<ctl::HandshakeThreads> handshakes;
  audit::EventLog events;
  std::unique_ptr<record::RecordFile> record_file;
  std::unique_ptr<record::Recorder> recorder;  // nothing without [record] file
  std::unique_ptr<ctl::Controller> controller;
  ctl::Mailbox mailbox;
  std::unique_ptr<ctl::ControllerLoop> loop;
  api::EventFeed feed;
  std::unique_ptr<audit::AuditThread> audit;
  std::unique_ptr<GatewayApi> api;
  std::unique_ptr<api::GatewayCalls> calls;
  std::unique_ptr<api::Server> server;
  bool recording_over{false};

  std::expected<void, std::string> take_memory_and_ports();
  std::expected<void, std::string> make_data_plane();
  std::expected<void, std::string> make_controller();
  std::expected<void, std::string> start_recording(const ctl::Ports& real, MonoNs now);
  std::expected<void, std::string> open_control_socket();
  void serve(const std::atomic<bool>& stop);
  void watch_recording();
  void end_sessions();
  void round();
};

std::expected<void, std::string> Gateway::Parts::take_memory_and_ports() {
  auto made = make_pool(*config);
  if (!made) return std::unexpected(made.error());
  pool = std::move(*made);
  auto opened = PortSet::open(*config, pool.get());
  if (!opened) return std::unexpected(opened.error());
  ports = std::move(*opened);
  auto state = open_state_dir(config->state_dir, random);
  if (!state) return std::unexpected(state.error());
  node = std::move(*state);
  own = crypto::KeyPair::from_private(config->private_key.get());
  settings = settings_of(*config, node, own.public_key, random);
  return {};
}

std::expected<void, std::string> Gateway::Parts::make_data_plane() {
  quiescence = std::make_unique<net::Quiescence>(config->workers);
  auto table = net::NeighbourTable::create();
  if (!table) return std::unexpected(table.error());
  neighbour_table = std::move(*table);
  auto image = no_routes();
  if (!image) return std::unexpected(image.error());
  routes = std::make_unique<net::Published<net::RouteImage>>(*quiescence, std::move(*image));
  auto no_filters = net::FilterImage::build({}, {});
  if (!no_filters) return std::unexpected(no_filters.error());
  filters = std::make_unique<net::Published<net::FilterImage>>(*quiescence, std::move(*no_filters));
  rates = std::make_unique<net::Published<net::RateImage>>(
      *quiescence, net::RateImage::build({}, {}, config->workers));
  auto slots = bus::PeerSlots::create(peer_capacity(*config), SOCKET_ID_ANY);
  if (!slots) return std::unexpected(slots.error());
  peers = std::move(*slots);
  cids = std::make_unique<crypto::CidCipher>(settings.cid_key);
  shared = std::make_unique<bus::SharedState>(
      bus::SharedState{.neighbours = *neighbour_table,
                       .routes = *routes,
                       .quiescence = *quiescence,
                       .peers = *peers,
                       .cids = *cids,
                       .node = settings.node_id,
                       .id_key_phase = settings.id_key_phase,
                       .listen_port = config->listen_port,
                       .mac1_key = crypto::derive_mac1_key(settings.public_key),
                       .outer_addresses = ports.outer_addresses(),
                       .inner = {.clamp_mss = config->inner.mss_clamp,
                                 .probe_path_mtu = config->inner.probe_path_mtu,
                                 .filters = filters.get(),
                                 .rates = rates.get()}});
  auto set = WorkerSet::create(*config, *shared, ports.worker_ports(), pool.get(), random, clock);
  if (!set) return std::unexpected(set.error());
  workers = std::move(*set);
  return {};
}

std::expected<void, std::string> Gateway::Parts::make_controller() {
  std::vector<bus::CommandChannel*> commands;
  std::vector<bus::ReportChannel*> reports;
  std::vector<bus::FrameChannel*> frame_channels;
  std::vector<const bus::SessionCounterTable*> counters;
  for (const Channels& channels : workers->channels()) {
    commands.push_back(channels.commands.get());
    reports.push_back(channels.reports.get());
    frame_channels.push_back(channels.frames.get());
    counters.push_back(channels.sessions.get());
  }
  frames = std::make_unique<ctl::FrameSender>(std::move(frame_channels), pool.get());
  neighbours = std::make_unique<net::Neighbours>(
      *neighbour_table, *quiescence, ports.addressing(),
      [this](std::uint8_t port, std::span<const std::uint8_t> frame) {
        frames->send(port, frame);
      });
  const std::vector<net::StaticRoute> all_routes = static_routes(*config);
  router = std::make_unique<net::OuterRouter>(ports.addressing(), all_routes);
  outer = std::make_unique<ctl::OuterLink>(*router, *neighbours, ports.addressing());
  worker_link = std::make_unique<ctl::BusWorkerLink>(commands, std::move(counters), *peers);
  book = std::make_unique<ctl::ImageBook>(*routes, *filters, *rates,
                                          ports.addressing(net::PortRole::kInner), config->workers);
  handshakes = std::make_unique<ctl::HandshakeThreads>(config->handshake_threads, own, random);
  const ctl::Ports real{.workers = *worker_link,
                        .datagrams = *outer,
                        .paths = *outer,
                        .handshakes = *handshakes,
                        .routes = *book,
                        .events = events,
                        .random = random};
  const MonoNs now = clock();
  if (!config->record.file.empty())
    if (auto begun = start_recording(real, now); !begun) return begun;
  controller = std::make_unique<ctl::Controller>(settings, recorder ? recorder->ports() : real,
                                                 config, std::move(node.reset_key), now);
  if (recorder) {
    recorder->on_done();
    if (recorder->ended()) return std::unexpected(first_record_refused(*config));
    controller->set_tap(recorder.get());
  }
  if (!controller->started()) return std::unexpected(controller->started().error());
  loop = std::make_unique<ctl::ControllerLoop>(
      ctl::ControllerLoop::Parts{.controller = *controller,
                                 .outer = *outer,
                                 .frames = *frames,
                                 .neighbours = *neighbours,
                                 .routes = *book,
                                 .mailbox = mailbox,
                                 .commands = std::move(commands),
                                 .reports = std::move(reports),
                                 .ports = ports.addressing()});
  return {};
}

std::expected<void, std::string> Gateway::Parts::start_recording(const ctl::Ports& real,
                                                                 MonoNs now) {
  auto file = record::RecordFile::open({.path = config->record.file,
                                        .max_bytes = config->record.max_bytes,
                                        .keep = config->record.keep});
  if (!file) return std::unexpected(file.error());
  record_file = std::move(*file);
  recorder = std::make_unique<record::Recorder>(
      [this](std::span<const std::uint8_t> bytes) { return record_file->write(bytes); }, real,
      settings.cid_key);
  events.observe(&recorder->events());
  recorder->on_start(settings, *config, now);
  spdlog::info("records the controller's decisions to {}", config->record.file);
  return {};
}

std::expected<void, std::string> Gateway::Parts::open_control_socket() {
  audit =
      std::make_unique<audit::AuditThread>(events, std::to_string(config->node_id), wall_clock_ms);
  add_sinks(*audit, config->events);
  audit->add_sink(std::make_unique<api::FeedSink>(feed));
  std::vector<bus::TraceChannel*> traces;
  for (const Channels& channels : workers->channels())
    traces.push_back(channels.trace.get());
  api = std::make_unique<GatewayApi>(GatewayView{.controller = *controller,
                                                 .loop = *loop,
                                                 .routes = *book,
                                                 .mailbox = mailbox,
                                                 .events = events,
                                                 .audit = *audit,
                                                 .workers = workers->counters(),
                                                 .ports = ports.ports(),
                                                 .traces = std::move(traces),
                                                 .port_roles = role_names(ports),
                                                 .config_path = config->path,
                                                 .event_log = config->events,
                                                 .node_id = std::to_string(config->node_id),
                                                 .started = clock()});
  calls = std::make_unique<api::GatewayCalls>(*api);
  auto opened = api::Server::open(
      {.path = config->control.socket, .access = {.group = config->control.group}}, *calls, &feed);
  if (!opened) return std::unexpected(opened.error().message);
  server = std::move(*opened);
  return {};
}

void Gateway::Parts::round() {
  const std::size_t done = loop->round(clock());
  const Duration wait = loop->idle_wait(done);
  if (wait.ns > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(wait.ns));
}

void Gateway::Parts::serve(const std::atomic<bool>& stop) {
  constexpr Duration kLinkInterval = milliseconds(50);
  MonoNs links_due = clock();
  while (!stop.load(std::memory_order_relaxed)) {
    round();
    const MonoNs now = clock();
    if (now < links_due) continue;
    links_due = now + kLinkInterval;
    watch_recording();
    ports.poll_links([this](std::uint8_t port, bool up) {
      controller->on_link(port, up);
      if (up) neighbours->announce(port);
    });
  }
}

void Gateway::Parts::watch_recording() {
  if (!recorder || !recorder->ended() || std::exchange(recording_over, true)) return;
  spdlog::warn(
      "{} got no further record: it reached record.max_bytes, or its disk failed or is "
      "too slow; it can be replayed up to its last whole record",
      config->record.file);
  controller->set_tap(nullptr);
  events.observe(nullptr);
}

void Gateway::Parts::end_sessions() {
  const MonoNs deadline = clock() + kStopTime;
  controller->begin_stop();
  while (!controller->stopped() && clock() < deadline)
    round();
  if (!controller->stopped())
    spdlog::warn("{} session(s) were not closed within {} ms", controller->session_count(),
                 kStopTime.ms());
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Gateway::~Gateway() {
  if (parts_ == nullptr) return;
  parts_->mailbox.close();
  parts_->server.reset();
  if (parts_->workers) parts_->workers->stop();
  parts_->audit.reset();
}

std::expected<std::unique_ptr<Gateway>, std::string> Gateway::create(
    std::shared_ptr<const config::GatewayConfig> config) {
  auto parts = std::make_unique<Parts>(std::move(config));
  if (!crypto::CidCipher::supported())
    return std::unexpected("this CPU lacks AES-NI, which connection ids and AES-256-GCM need");
  for (const auto step : {&Parts::take_memory_and_ports, &Parts::make_data_plane,
                          &Parts::make_controller, &Parts::open_control_socket})
    if (auto done = (*parts.*step)(); !done) return std::unexpected(done.error());
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

void Gateway::run(const std::atomic<bool>& stop, const std::function<void()>& ready) {
  parts_->audit->start();
  parts_->server->start();
  if (!parts_->workers->start()) {
    spdlog::error("a worker found no lcore");
    return;
  }
  for (std::size_t i = 0; i < parts_->ports.ports().size(); ++i)
    parts_->neighbours->announce(static_cast<std::uint8_t>(i));
  ready();
  parts_->serve(stop);
  parts_->end_sessions();
  if (parts_->recorder) parts_->recorder->finish();
}

std::string Gateway::reload() {
  const api::Response response = parts_->api->handle(api::ReloadRequest{});
  if (!response) return response.error().message;
  const std::vector<std::string>& changes = std::get<api::Reloaded>(*response).changes;
  return changes.empty() ? "nothing changed" : fmt::format("{}", fmt::join(changes, "\n"));
}

}  // namespace jumpgate::app
