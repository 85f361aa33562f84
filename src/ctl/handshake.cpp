#include "ctl/handshake.hpp"

#include <algorithm>

#include "wire/control.hpp"
#include "wire/handshake.hpp"

namespace jumpgate::ctl {

Handshakes::Handshakes(Core& core, Closing& closing, MonoNs now)
    : core_(core),
      closing_(closing),
      admission_(core.settings.public_key, core.settings.handshakes_per_second, core.ports.random,
                 now) {}

void Handshakes::on_hello(std::span<const std::uint8_t> datagram, const Endpoint& from,
                          const Endpoint& to, std::uint8_t worker, MonoNs now) {
  core_.counters.add(ControllerCounter::kHellos);
  AdmissionAnswer answer;
  const std::size_t queued = core_.ports.handshakes.in_use();
  const auto header = admission_.check(datagram, from, queued, now, answer);
  if (!header) {
    core_.counters.drop(header.error());
    if (answer.size == 0) return;
    core_.counters.add(header.error() == DropReason::kHelloBadMac2
                           ? ControllerCounter::kCookieReplies
                           : ControllerCounter::kVersionRefusals);
    if (!core_.ports.datagrams.send(to, from, std::span(answer.bytes).first(answer.size)))
      core_.counters.add(ControllerCounter::kSendFailed);
    return;
  }
  if (core_.stopping) {
    core_.counters.drop(DropReason::kHelloNoCapacity);
    return;
  }
  HandshakeJob* job = queued < limits::kHandshakeQueue ? core_.ports.handshakes.obtain() : nullptr;
  if (job == nullptr) {
    core_.counters.drop(DropReason::kHelloQueueFull);
    return;
  }
  job->kind = HandshakeJob::Kind::kReadHello;
  std::ranges::copy(datagram, job->hello.begin());
  job->header = *header;
  job->from = from;
  job->to = to;
  job->worker = worker;
  job->peers = core_.peers.roster();
  core_.counters.add(ControllerCounter::kHellosQueued);
  core_.ports.handshakes.submit(job);
}

void Handshakes::on_job(HandshakeJob* job, MonoNs now) {
  if (job->failure) {
    drop(job, *job->failure, now);
    return;
  }
  if (job->kind == HandshakeJob::Kind::kReadHello) {
    on_read(job, now);
  } else {
    on_written(job, now);
  }
}

void Handshakes::drop(HandshakeJob* job, DropReason reason, MonoNs now) {
  core_.counters.drop(reason);
  Session* session = core_.sessions.find(job->session);
  if (job->kind == HandshakeJob::Kind::kWriteWelcome && session != nullptr)
    closing_.terminate(*session, Reason::kInternalInconsistency, now);
  core_.ports.handshakes.release(job);
}

void Handshakes::on_read(HandshakeJob* job, MonoNs now) {
  // The peers may have changed while the thread was at it.
  Peer& peer = core_.peers[job->peer];
  const config::PeerConfig& configured = core_.peers.config(job->peer);
  if (!core_.peers.roster()->configured(job->peer) || configured.public_key != job->remote)
    return drop(job, DropReason::kHelloUnknownPeer, now);
  const auto payload = wire::decode_hello_payload(job->payload);
  if (!payload || payload->counter == 0 ||
      std::ranges::find(payload->versions, job->header.version) == payload->versions.end())
    return drop(job, DropReason::kHelloBadPayload, now);
  if (payload->counter <= peer.highest_counter) {
    core_.counters.drop(DropReason::kHelloCounterLow);
    return refuse(job, Reason::kHelloCounterLow, peer.highest_counter);
  }
  const Suite suite = choose_suite(configured, *payload);
  if (suite == Suite::kNone) {
    core_.counters.drop(DropReason::kHelloNoSuite);
    return refuse(job, Reason::kNoCommonSuite, 0);
  }
  peer.highest_counter = payload->counter;
  if (core_.stopping) return refuse(job, Reason::kCapacityExhausted, 0);
  if (peer.birth) {
    if (Session* former = core_.sessions.find(*peer.birth); former != nullptr)
      closing_.terminate(*former, Reason::kSuperseded, now);
  }
  Session* session = peer.birth ? nullptr : make_birth(*job, suite, payload->counter, now);
  if (session == nullptr) {
    core_.counters.drop(DropReason::kHelloNoCapacity);
    return refuse(job, Reason::kCapacityExhausted, 0);
  }
  job->kind = HandshakeJob::Kind::kWriteWelcome;
  core_.ports.handshakes.submit(job);
}

void Handshakes::refuse(HandshakeJob* job, Reason reason, std::uint64_t highest) {
  job->kind = HandshakeJob::Kind::kWriteRefusal;
  job->refusal = {.reason = reason, .highest_counter = highest};
  core_.counters.add(ControllerCounter::kHelloRefusals);
  core_.ports.handshakes.submit(job);
}

Suite Handshakes::choose_suite(const config::PeerConfig& peer,
                               const wire::HelloPayload& offer) const {
  const std::vector<Suite>& allowed = peer.suites.empty() ? core_.settings.suites : peer.suites;
  for (const Suite suite : offer.suites) {
    if (suite != Suite::kNone && std::ranges::find(allowed, suite) != allowed.end()) return suite;
  }
  return Suite::kNone;
}

Session* Handshakes::make_birth(HandshakeJob& job, Suite suite, std::uint64_t counter, MonoNs now) {
  const SessionId id{.bytes = core_.ports.random.array<16>()};
  if (id == SessionId{}) return nullptr;
  Session* session = core_.create(id, job.peer, job.worker, now);
  if (session == nullptr) return nullptr;
  ++core_.peers[job.peer].sessions;
  session->suite = suite;
  session->hello_counter = counter;
  session->hello_from = job.from;
  session->hello_to = job.to;
  session->first_client_cid = job.header.client_cid;
  if (!fill_welcome(*session, job)) {
    core_.destroy(*session);
    return nullptr;
  }
  core_.peers[job.peer].birth = session->ref;
  core_.counters.add(ControllerCounter::kSessionsCreated);
  core_.emit(*session, EventType::kSessionCreated, Reason::kNone,
             audit::AttachDetail{.remote = job.from,
                                 .local = job.to,
                                 .binding_version = 0,
                                 .epoch = session->epochs.current(),
                                 .suite = suite},
             now);
  core_.arm(*session);
  return session;
}

bool Handshakes::fill_welcome(Session& session, HandshakeJob& job) {
  const auto cid = core_.issue_id(session);
  if (!cid || !core_.issue_jump_ids(session, session.jump_ids)) return false;
  session.first_gateway_cid = *cid;
  const config::PeerConfig& peer = core_.peers.config(session.peer);
  wire::WelcomePayload& welcome = job.welcome;
  welcome = {};
  welcome.session_id = session.record.id();
  welcome.owner_epoch = core_.settings.owner_epoch;
  welcome.binding_version = 1;
  welcome.epoch = session.epochs.current();
  welcome.gateway_id = core_.with_token(*cid);
  welcome.suite = session.suite;
  welcome.inner_mtu = core_.settings.inner_mtu;
  welcome.policy = session::to_client_policy(core_.policy_of(session));
  welcome.observed = job.from;
  welcome.jump_ids = core_.with_tokens(session.jump_ids);
  welcome.jump_id_count = static_cast<std::uint8_t>(
      std::ranges::count_if(session.jump_ids, [](ConnectionId id) { return id.value != 0; }));
  const std::size_t addresses = std::min(peer.addresses.size(), limits::kMaxInnerAddresses);
  std::copy_n(peer.addresses.begin(), addresses, welcome.addresses.begin());
  welcome.address_count = static_cast<std::uint8_t>(addresses);
  job.session = session.ref;
  job.session_id = session.record.id();
  job.id_key_phase = core_.settings.id_key_phase;
  return true;
}

void Handshakes::on_written(HandshakeJob* job, MonoNs now) {
  if (job->kind == HandshakeJob::Kind::kWriteRefusal) {
    if (!core_.ports.datagrams.send(job->to, job->from,
                                    std::span(job->answer).first(job->answer_size)))
      core_.counters.add(ControllerCounter::kSendFailed);
    core_.ports.handshakes.release(job);
    return;
  }
  Session* session = core_.sessions.find(job->session);
  if (session == nullptr || session->record.state() != State::kBirth) {
    core_.ports.handshakes.release(job);  // superseded meanwhile
    return;
  }
  session->root = std::move(job->root);
  session->control_send = crypto::derive_control_key(session->root, session->record.id(), 0,
                                                     Direction::kGatewayToClient);
  session->job = job;
  session->welcome_ready = true;
  install(*session, now);
}

void Handshakes::install(Session& session, MonoNs now) {
  bus::Command* command = core_.obtain(session, now);
  if (command == nullptr) {
    core_.arm(session);
    return;
  }
  session.welcome_ready = false;
  session.installed = true;
  session.told = {.policy_version = core_.policies.version(),
                  .carried = core_.carried_so_far(core_.peers[session.peer])};
  auto& body = command->body.emplace<bus::InstallSession>();
  body.id = session.record.id();
  body.peer = session.peer;
  body.gateway_cid = session.first_gateway_cid;
  body.client_cid = session.first_client_cid;
  body.jump_ids = session.jump_ids;
  session.liveness = core_.liveness_policy(session);
  body.liveness = session.liveness;
  body.replay_window_packets = core_.policy_of(session).security.replay_window_packets;
  body.carried = session.told.carried;
  core_.derive_control(session, session.root, 0, body.control);
  core_.derive_epoch(session, session.root, {.epoch = session.epochs.current(), .generation = 0}, 1,
                     body.epoch);
  core_.send(session, command, Ack::kInstall, 0);
}

void Handshakes::on_installed(Session& session, MonoNs now) {
  if (session.record.state() != State::kBirth || session.job == nullptr) return;
  HandshakeJob* job = session.job;
  session.job = nullptr;
  core_.begin_keys(session, now);
  core_.counters.add(ControllerCounter::kWelcomes);
  if (!core_.ports.datagrams.send(session.hello_to, session.hello_from,
                                  std::span(job->answer).first(job->answer_size)))
    core_.counters.add(ControllerCounter::kSendFailed);
  core_.ports.handshakes.release(job);
}

void Handshakes::on_confirm(Session& session, const wire::Confirm& message,
                            std::uint32_t generation, const Endpoint& from, const Endpoint& to,
                            MonoNs now) {
  if (message.session_id != session.record.id()) {
    core_.counters.drop(DropReason::kControlWrongSession);
    return;
  }
  if (generation != 0) {
    core_.counters.drop(DropReason::kControlWrongGeneration);
    return;
  }
  if (message.hello_counter != session.hello_counter) {
    core_.counters.drop(DropReason::kControlStale);
    return;
  }
  if (session.record.state() != State::kBirth) return on_repeated_confirm(session, now);
  if (session.doom != Reason::kNone) return;
  if (!session::allows_transport(core_.policy_of(session), from.address.family)) {
    core_.counters.drop(DropReason::kSessionStateForbids);
    return;
  }
  attach(session, from, to, now);
}

void Handshakes::on_repeated_confirm(Session& session, MonoNs now) {
  const bool repetition = session.record.state() == State::kAttached &&
                          session.record.binding_version() == 1 &&
                          now - session.record.created_at() < limits::kHandshakeTimeout;
  if (!repetition) {
    core_.counters.drop(DropReason::kControlStale);
  } else if (session.attach_acknowledged) {
    acknowledge(session);
  }
}

void Handshakes::attach(Session& session, const Endpoint& from, const Endpoint& to, MonoNs now) {
  // Without a command or a path nothing happens: the client repeats its CONFIRM.
  bus::Command* command = core_.obtain(session, now);
  if (command == nullptr) return;
  const auto path = core_.ports.paths.acquire(to, from, now);
  if (!path) {
    core_.counters.add(ControllerCounter::kNoPath);
    core_.release(session, command);
    return;
  }
  const auto version = core_.commit_binding(session, 0);
  if (!version ||
      !core_.transition(session, Trigger::kAttachOk, Reason::kAttachedToTransport, now)) {
    core_.release(session, command);
    core_.ports.paths.release(*path);
    closing_.terminate(session, Reason::kInternalInconsistency, now);
    return;
  }
  session.binding = Binding{.gateway_cid = session.first_gateway_cid,
                            .client_cid = session.first_client_cid,
                            .path = *path};
  core_.send(session, command, Ack::kAttach, session.epochs.current(), bus::Attach{.path = *path});
  core_.counters.add(ControllerCounter::kSessionsAttached);
  core_.emit(session, EventType::kTransportAttached, Reason::kAttachedToTransport,
             audit::AttachDetail{.remote = from,
                                 .local = to,
                                 .binding_version = *version,
                                 .epoch = session.epochs.current(),
                                 .suite = session.suite},
             now);
  core_.keys_installed(session, session.epochs.current(), 0, now);
  make_current(session, now);
}

void Handshakes::make_current(Session& session, MonoNs now) {
  Peer& peer = core_.peers[session.peer];
  const auto former = peer.current;
  peer.birth.reset();
  peer.current = session.ref;
  core_.ports.workers.route_peer(session.peer, session.ref);
  if (!former) return;
  if (Session* old = core_.sessions.find(*former); old != nullptr)
    closing_.terminate(*old, Reason::kSuperseded, now);
}

void Handshakes::on_attached(Session& session) {
  session.attach_acknowledged = true;
  if (session.binding) acknowledge(session);
}

void Handshakes::acknowledge(Session& session) {
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_ack({.subject = wire::Type::kConfirm,
                    .binding_version = session.record.binding_version(),
                    .epoch = session.epochs.current()},
                   payload);
  core_.send_control(session, wire::Type::kAck, session.binding->client_cid, payload,
                     session.binding->path.local, session.binding->path.remote);
}

void Handshakes::retry(Session& session, MonoNs now) {
  if (session.welcome_ready && session.record.state() == State::kBirth) install(session, now);
}

}  // namespace jumpgate::ctl
