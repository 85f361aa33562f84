#include "record/taped_ports.hpp"

#include <algorithm>
#include <utility>

#include "audit/json_line.hpp"
#include "base/secret.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::record {
namespace {

template <class... Values>
Bytes bytes_of(const Values&... values) {
  Bytes out;
  Writer writer(out);
  pass_all(writer, values...);
  return out;
}

/// All of the bytes are one Result, and nothing else.
template <class Result>
bool read_whole(const Bytes& bytes, Result& out) {
  Reader reader(bytes);
  pass(reader, out);
  return !reader.failed() && reader.left() == 0;
}

/// What the port said, as it is kept or as it was.
template <class Result>
Result tell(Exchange& tape, Call call, const Bytes& asked, const Result& said) {
  Bytes result = bytes_of(said);
  if (!tape.exchange(call, asked, result)) return {};
  Result told{};
  if (read_whole(result, told)) return told;
  tape.nonsense(call);
  return {};
}

void note(Exchange& tape, Call call, const Bytes& asked) {
  Bytes nothing;
  if (tape.exchange(call, asked, nothing) && !nothing.empty()) tape.nonsense(call);
}

/// What a command says, keys and ids of the gateway apart.
struct Said {
  Writer& out;

  void liveness(const bus::LivenessPolicy& policy) {
    const auto& [interval, idle, silence, tolerance, packets, blocks] = policy;
    const auto& [window, loss, drops, latency] = tolerance;
    pass_all(out, interval, idle, silence, window, loss, drops, latency, packets, blocks);
  }
  void operator()(const bus::InstallSession& body) {
    pass_all(out, body.id, body.peer, body.client_cid, body.control.generation, body.epoch.epoch,
             body.epoch.generation, body.epoch.suite, body.replay_window_packets, body.carried);
    liveness(body.liveness);
  }
  void operator()(const bus::Attach& body) { pass(out, body.path); }
  void operator()(const bus::ProposeEpoch& body) {
    pass_all(out, body.epoch.epoch, body.epoch.generation, body.epoch.suite);
  }
  void operator()(const bus::Commit& body) {
    pass_all(out, body.epoch, body.path, body.client_cid);
  }
  void operator()(const bus::CancelEpoch& body) { pass(out, body.epoch); }
  void operator()(const bus::InstallGeneration& body) {
    pass_all(out, body.control.generation, body.epoch.epoch, body.epoch.generation);
  }
  void operator()(const bus::ConfirmGeneration& body) { pass(out, body.epoch); }
  void operator()(const bus::CancelGeneration& body) { pass(out, body.generation); }
  void operator()(const bus::SetLiveness& body) {
    liveness(body.policy);
    pass_all(out, body.quick, body.reattach_wanted, body.rekey_wanted, body.carried);
  }
  void operator()(const bus::DrainSession& /*body*/) {}
  void operator()(const bus::RemoveSession& body) { pass_all(out, body.reason, body.send_close); }
};

Bytes said(std::uint8_t worker, const bus::Command& command) {
  Bytes out = bytes_of(worker, command.session, command.tag,
                       static_cast<std::uint8_t>(command.body.index()));
  Writer writer(out);
  std::visit(Said{writer}, command.body);
  return out;
}

}  // namespace

ctl::Ports TapedPorts::ports() {
  return {.workers = *this,
          .datagrams = *this,
          .paths = *this,
          .handshakes = *this,
          .routes = *this,
          .events = below_.events,
          .random = *this};
}

// ---- Workers
// -------------------------------------------------------------------------------

bus::Command* TapedPorts::obtain(std::uint8_t worker) {
  bus::Command* command = below_.workers.obtain(worker);
  const bool there = tell(tape_, Call::kObtain, bytes_of(worker), command != nullptr);
  if (there || command == nullptr) return command;
  below_.workers.release(worker, command);
  return nullptr;
}

void TapedPorts::send(std::uint8_t worker, bus::Command* command) {
  note(tape_, Call::kSend, said(worker, *command));
  below_.workers.send(worker, command);
}

void TapedPorts::release(std::uint8_t worker, bus::Command* command) {
  note(tape_, Call::kGiveBack, bytes_of(worker));
  below_.workers.release(worker, command);
}

void TapedPorts::route_peer(std::uint32_t peer, const bus::SessionRef& session) {
  note(tape_, Call::kRoutePeer, bytes_of(peer, session));
  below_.workers.route_peer(peer, session);
}

void TapedPorts::unroute_peer(std::uint32_t peer) {
  note(tape_, Call::kUnroutePeer, bytes_of(peer));
  below_.workers.unroute_peer(peer);
}

ctl::TrafficFigures TapedPorts::figures(const bus::SessionRef& session) const {
  return tell(tape_, Call::kFigures, bytes_of(session), below_.workers.figures(session));
}

// ---- Datagrams and paths
// -----------------------------------------------------------------------

bool TapedPorts::send(const Endpoint& local, const Endpoint& remote,
                      std::span<const std::uint8_t> datagram) {
  Bytes asked = bytes_of(local, remote, datagram.size());
  // Of a control message the prefix is a decision; all else is sealed, or a thread's work.
  if (datagram.size() == wire::kControlSize) Writer(asked).bytes(datagram.first(wire::kPrefixSize));
  return tell(tape_, Call::kDatagram, asked, below_.datagrams.send(local, remote, datagram));
}

std::optional<bus::OuterPath> TapedPorts::acquire(const Endpoint& local, const Endpoint& remote,
                                                  MonoNs now) {
  return tell(tape_, Call::kAcquirePath, bytes_of(local, remote),
              below_.paths.acquire(local, remote, now));
}

void TapedPorts::release(const bus::OuterPath& path) {
  note(tape_, Call::kReleasePath, bytes_of(path));
  below_.paths.release(path);
}

// ---- Handshakes
// --------------------------------------------------------------------------------

std::uint64_t TapedPorts::number_of(ctl::HandshakeJob& job) {
  if (job.number == 0) job.number = ++jobs_;
  return job.number;
}

ctl::HandshakeJob* TapedPorts::obtain() {
  ctl::HandshakeJob* job = below_.handshakes.obtain();
  const bool there = tell(tape_, Call::kObtainJob, {}, job != nullptr);
  if (there || job == nullptr) return job;
  below_.handshakes.release(job);
  return nullptr;
}

void TapedPorts::submit(ctl::HandshakeJob* job) {
  // A HELLO that was let in is no input; what its job finds out is.
  if (tape_.open())
    note(tape_, Call::kSubmitJob,
         bytes_of(number_of(*job), job->kind, job->session, job->generation));
  below_.handshakes.submit(job);
}

ctl::HandshakeJob* TapedPorts::poll() {
  ctl::HandshakeJob* job = below_.handshakes.poll();
  if (job == nullptr) return nullptr;
  const auto kind = job->kind;
  Bytes result = bytes_of(*job);
  const bool told = tape_.exchange(Call::kPollJob, bytes_of(number_of(*job)), result);
  if (told && read_whole(result, *job) && job->kind == kind &&
      (job->failure || tape_.has_peer(job->peer)))
    return job;
  if (told) tape_.nonsense(Call::kPollJob);
  below_.handshakes.release(job);
  return nullptr;
}

void TapedPorts::release(ctl::HandshakeJob* job) {
  note(tape_, Call::kReleaseJob, bytes_of(number_of(*job)));
  below_.handshakes.release(job);
}

// ---- The rest
// ----------------------------------------------------------------------------------

/// And the bytes that say what they are: made with them, where there is time.
struct TapedPorts::Routes final : ctl::PreparedRoutes {
  std::unique_ptr<ctl::PreparedRoutes> below;
  Bytes asked;
};

std::expected<std::unique_ptr<ctl::PreparedRoutes>, std::string> TapedPorts::prepare(
    std::span<const net::PeerPrefix> prefixes, const config::GatewayConfig& config) {
  auto below = below_.routes.prepare(prefixes, config);
  if (!below) return std::unexpected(below.error());
  auto routes = std::make_unique<Routes>();
  routes->below = std::move(*below);
  routes->asked = bytes_of(prefixes.size());
  Writer writer(routes->asked);
  for (const net::PeerPrefix& prefix : prefixes)
    pass_all(writer, prefix.prefix, prefix.peer, prefix.filter, prefix.rates, prefix.treatment);
  return routes;
}

std::expected<void, std::string> TapedPorts::publish(ctl::PreparedRoutes& routes) {
  const auto& taped = static_cast<const Routes&>(routes);
  const auto done = below_.routes.publish(*taped.below);
  const auto fault = done ? std::optional<std::string>() : std::optional(done.error());
  const auto told = tell(tape_, Call::kPublishRoutes, taped.asked, fault);
  if (told) return std::unexpected(*told);
  return {};
}

void TapedPorts::fill(std::span<std::uint8_t> out) {
  below_.random.fill(out);
  // Drawn at the start they are seeds of hashes and cookies; drawn for no input, an answer to a
  // stranger. No decision about a session depends on either, and neither is kept.
  if (!tape_.open() || tape_.starting()) return;
  Bytes drawn(out.begin(), out.end());
  if (tape_.exchange(Call::kRandom, bytes_of(out.size()), drawn)) {
    if (drawn.size() == out.size())
      std::ranges::copy(drawn, out.begin());
    else
      tape_.nonsense(Call::kRandom);
  }
  base::wipe(drawn);
}

void TapedPorts::on_event(const audit::Event& event) {
  // Its number is the log's: lines may be lost there.
  audit::Event unnumbered = event;
  unnumbered.seq = 0;
  const std::string line = audit::to_json_line(unnumbered, "", 0);
  note(tape_, Call::kEvent, Bytes(line.begin(), line.end()));
}

}  // namespace jumpgate::record
