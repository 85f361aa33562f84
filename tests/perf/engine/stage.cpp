#include "stage.hpp"

#include <algorithm>
#include <string>

namespace jumpgate::bench {
namespace {

constexpr std::size_t kCommandPool = 1024;  // limits.command_pool's default

std::shared_ptr<const config::GatewayConfig> make_config(std::uint32_t sessions,
                                                         const session::PolicySet& policies,
                                                         bool other = false) {
  auto made = std::make_shared<config::GatewayConfig>();
  made->peers.resize(sessions);
  for (std::uint32_t i = 0; i < sessions; ++i) {
    config::PeerConfig& peer = made->peers[i];
    peer.name = (other ? "d" : "c") + std::to_string(i);
    peer.public_key = static_key(i);
    peer.addresses = {
        {.address = {.family = IpFamily::kV4,
                     .bytes = {static_cast<std::uint8_t>(other ? 101 : 100),
                               static_cast<std::uint8_t>(i >> 16),
                               static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}},
         .length = 32}};
    peer.allowed_ips = peer.addresses;
  }
  made->policies = policies;
  return made;
}

ctl::Settings make_settings(std::uint32_t sessions, const PublicKey& key,
                            base::RandomSource& random) {
  ctl::Settings made;
  made.node_id = 5;
  made.slots_per_worker = sessions;
  made.max_sessions = sessions;
  made.max_peers = sessions;
  made.inner_mtu = 1400;
  made.suites = {Suite::kAes256Gcm};
  made.handshakes_per_second = 10'000'000;  // here it is the controller that is to be the limit
  made.public_key = key;
  made.cid_key = random.array<crypto::CidCipher::kKeySize>();
  return made;
}

}  // namespace

Stage::Stage(std::uint32_t sessions, const session::Policy& policy)
    : gateway_(crypto::KeyPair::generate(random_).public_key),
      clients_(sessions, gateway_),
      workers_(kCommandPool),
      handshakes_([this](ctl::HandshakeJob& job) { clients_.handshake(job); }),
      controller_(std::make_unique<ctl::Controller>(make_settings(sessions, gateway_, random_),
                                                    ctl::Ports{.workers = workers_,
                                                               .datagrams = outside_,
                                                               .paths = outside_,
                                                               .handshakes = handshakes_,
                                                               .routes = routes_,
                                                               .events = events_,
                                                               .random = random_},
                                                    make_config(sessions, {policy}),
                                                    crypto::ResetKey(random_.array<32>()), now_)) {}

std::shared_ptr<const config::GatewayConfig> Stage::config(std::uint32_t peers, bool other) const {
  return make_config(peers, controller_->config().policies, other);
}

void Work::raise(const Work& other) {
  looks = std::max(looks, other.looks);
  peers = std::max(peers, other.peers);
  commands = std::max(commands, other.commands);
  datagrams = std::max(datagrams, other.datagrams);
  events = std::max(events, other.events);
}

void Phase::add(const Phase& next) {
  ended = ended && next.ended;
  elapsed = elapsed + next.elapsed;
  ticks.add(next.ticks);
  most.raise(next.most);
  events += next.events;
  without_command += next.without_command;
}

Phase Stage::run(const Arrivals& arrivals, const std::function<bool()>& done, Duration limit) {
  Phase phase;
  const auto lacking = [this] {
    return controller_->counters().get(ctl::ControllerCounter::kCommandsUnavailable);
  };
  const std::uint64_t lacked = lacking();
  const MonoNs began = now_;
  const MonoNs end = now_ + limit;
  arrived_ = 0;
  while (now_ < end) {
    gather(arrivals, began);
    tick(phase);
    const bool busy = !inbox_.empty() || !acknowledged_.empty();
    read_what_left(phase);
    phase.ended = arrived_ == arrivals.count && answers_.empty() && workers_.idle() && done();
    if (phase.ended) break;
    if (!busy && workers_.idle()) rest(due(arrivals, began));
  }
  phase.elapsed = now_ - began;
  phase.without_command = lacking() - lacked;
  return phase;
}

MonoNs Stage::due(const Arrivals& arrivals, MonoNs began) const {
  if (arrived_ == arrivals.count) return kNever;
  const double share = static_cast<double>(arrived_) / static_cast<double>(arrivals.count);
  return began +
         nanoseconds(static_cast<std::int64_t>(share * static_cast<double>(arrivals.over.ns)));
}

void Stage::gather(const Arrivals& arrivals, MonoNs began) {
  workers_.take(acknowledged_, limits::kReportsPerTick);
  for (const bus::Command* command : acknowledged_) {
    const auto* liveness = std::get_if<bus::SetLiveness>(&command->body);
    if (liveness == nullptr || !liveness->rekey_wanted) continue;
    if (auto input = clients_.rekey_wanted(command->session.slot))
      answers_.push_back({.due = now_ + kRoundTrip, .input = *input});
  }
  inbox_.clear();
  while (inbox_.size() < limits::kReportsPerTick && !answers_.empty() &&
         answers_.front().due <= now_) {
    inbox_.push_back(answers_.front().input);
    answers_.pop_front();
  }
  for (std::size_t i = 0; i < arrivals.at_once && inbox_.size() < limits::kReportsPerTick &&
                          due(arrivals, began) <= now_;
       ++i)
    inbox_.push_back(arrivals.make(arrived_++));
}

Work Stage::work() const {
  return {.looks = controller_->session_looks(),
          .peers = controller_->peer_looks(),
          .commands = workers_.sent(),
          .datagrams = outside_.count,
          .events = events_.next_seq()};
}

void Stage::tick(Phase& phase) {
  const Work before = work();
  const Duration began = cpu_time();
  for (bus::Command* command : acknowledged_) {
    controller_->on_acknowledged(*command, now_);
    workers_.release(0, command);
  }
  for (const Input& input : inbox_)
    handle(input);
  if (request_) std::exchange(request_, {})();
  controller_->tick(now_);
  const Duration spent = cpu_time() - began;
  now_ = now_ + spent;
  phase.ticks.add(spent);
  phase.most.raise(work() - before);
}

void Stage::handle(const Input& input) {
  if (input.ask_rekey) {
    static_cast<void>(controller_->ask_rekey(clients_.session(*input.ask_rekey), now_));
    return;
  }
  switch (input.report.kind) {
    case bus::ReportKind::kHandshake:
      controller_->on_handshake(input.bytes, input.report.from, input.report.to, 0, now_);
      return;
    case bus::ReportKind::kControl:
      controller_->on_control(input.report,
                              std::span(input.bytes).first<wire::kControlPayloadSize>(), now_);
      return;
    default:
      controller_->on_report(input.report, now_);
  }
}

void Stage::read_what_left(Phase& phase) {
  for (const Datagram& datagram : outside_.sent) {
    if (auto input = clients_.answer(datagram))
      answers_.push_back({.due = now_ + kRoundTrip, .input = *input});
  }
  outside_.sent.clear();
  for (std::size_t n = events_.take(read_); n > 0; n = events_.take(read_))
    phase.events += n;
}

void Stage::rest(MonoNs until) {
  if (!answers_.empty()) until = std::min(until, answers_.front().due);
  now_ = std::max(now_ + microseconds(1), std::min(until, now_ + kIdleRound));
}

}  // namespace jumpgate::bench
