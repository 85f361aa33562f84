#include "world.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "wire/prefix.hpp"

namespace jumpgate::sim {
namespace {

/// A candidate that was good for this long must have been found: two uplinks that take 3 s each to give up, a pause
/// after a failed recovery, and the exchange itself under the loss that still counts as good.
constexpr Duration kMustBeFound = seconds(12);

std::size_t client_of(std::string_view peer) {
  std::size_t index = 0;
  if (!peer.empty()) std::from_chars(peer.data() + 1, peer.data() + peer.size(), index);
  return index;
}

bool refused_by_policy(const audit::Event& event) {
  switch (event.reason) {
    case Reason::kSwitchRateLimited:
    case Reason::kAttemptsExhausted:
    case Reason::kCooldownActive:
    case Reason::kPolicyDenied:
      return true;
    default:
      return false;
  }
}

}  // namespace

World::World(const Setup& setup)
    : setup_(setup),
      random_(setup.seed),
      gcm_(Suite::kAes256Gcm, ledger_),
      chacha_(Suite::kChaCha20Poly1305, ledger_),
      network_(setup.clients, setup.seed),
      timeline_(Timeline::Side::kGateway, "gateway", findings_),
      gateway_([this] {
        GatewaySetup made{.policy = setup_.policy,
                          .peers = {},
                          .commands = setup_.commands,
                          .event_ring = setup_.event_ring,
                          .seed = setup_.seed,
                          .drain_events = setup_.drain_events,
                          .record = setup_.record};
        test::SeededRandom keys(setup_.seed ^ 0x6b657973U);
        for (std::size_t i = 0; i < setup_.clients; ++i) {
          crypto::KeyPair key = crypto::KeyPair::generate(keys);
          made.peers.push_back(key.public_key);
          clients_.push_back(std::make_unique<Client>(i, std::move(key),
                                                      Client::Drivers{gcm_, chacha_},
                                                      setup_.seed * 4099 + i, findings_));
        }
        return std::make_unique<Gateway>(std::move(made), ledger_, now_);
      }()),
      watch_(*gateway_, timeline_, setup.policy.session.max_lifetime, findings_),
      next_drive_(now_ + kDriveTick),
      limited_at_(setup.clients),
      tried_(setup.clients),
      seen_(setup.clients) {
  timeline_.allow_recovery(setup.policy.switching.recovery_window);
  fewest_switches_ = setup.policy.switching.max_switches_per_min;
  gateway_->on_sent = [this](const Endpoint& to, std::span<const std::uint8_t> datagram) {
    if (setup_.drain_events) watch_.on_sent(to, datagram, now_);
    note_wire(Way::kDown, to, datagram);
    network_.from_gateway(to, datagram, now_);
  };
  gateway_->on_event = [this](const audit::Event& event) {
    if (event.type == EventType::kSessionTerminated) {
      if (const Life* life = timeline_.find(event.session); life != nullptr)
        judge_end(event, *life, client_of(event.peer.view()), true);
    }
    if (event.type == EventType::kTransportSwitchDenied && refused_by_policy(event))
      limited_at_.at(client_of(event.peer.view())) = now_;
    timeline_.on_event(event);
    watch_.on_event(event);
    if (on_gateway_event) on_gateway_event(event);
  };
  for (std::size_t i = 0; i < clients_.size(); ++i)
    boot(i);
}

void World::boot(std::size_t index) {
  Client& client = *clients_.at(index);
  client.timeline().allow_recovery(setup_.policy.switching.recovery_window);
  client.on_sent = [this, index](std::uint8_t uplink, std::span<const std::uint8_t> bytes) {
    note_wire(Way::kUp, network_.outside(index, uplink), bytes);
    network_.from_client(index, uplink, bytes, now_);
  };
  client.on_event = [this, index](const audit::Event& event) {
    if (refused_by_policy(event)) limited_at_.at(index) = now_;
    if (event.type == EventType::kReattachAttempt)
      tried_.at(index).insert(std::string(event.peer.view()));
    else if (event.type == EventType::kTransportSwitch || event.type == EventType::kSessionCreated)
      tried_.at(index).clear();
    if (event.type != EventType::kSessionTerminated) return;
    if (const Life* life = clients_.at(index)->timeline().find(event.session); life != nullptr)
      judge_end(event, *life, index, false);
  };
  client.on_delivered = [this, index](const Numbered& packet) {
    ++delivered_;
    if (!seen_.at(index).insert(std::uint64_t{packet.from} << 32 | packet.number).second)
      findings_.add(Rule::kDelivery, now_, "an inner packet was delivered twice");
  };
  client.boot(gateway_->public_key(), network_, now_);
}

void World::note_wire(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes) {
  const auto type = wire::classify(bytes);
  if (type && wire::class_of(*type) == wire::Class::kControl)
    ledger_.note_control(bytes.subspan<wire::kPrefixSize, wire::kControlNonceSize>());
  if (on_wire) on_wire(way, client, bytes);
}

// ---- Time
// ----------------------------------------------------------------------------------------

void World::run(Duration time) {
  const MonoNs end = now_ + time;
  while (findings_.clean() && step(end)) {
  }
  now_ = end;
}

bool World::step(MonoNs end) {
  MonoNs next = std::min({network_.next_due(), gateway_->next_wake(), release_at_});
  if (driving_) next = std::min(next, next_drive_);
  for (const auto& client : clients_)
    next = std::min(next, client->next_deadline());
  if (next > end) return false;
  now_ = std::max(now_, next);
  deliver_due();
  tick_clients();
  if (driving_ && next_drive_ <= now_) run_drive();
  if (release_at_ <= now_) {
    gateway_->release_commands();
    release_at_ = kNever;
    commands_free_since_ = now_;
  }
  wake_gateway();
  for (const auto& client : clients_)
    client->check(*gateway_, now_);
  note_limits();
  check_progress();
  return true;
}

void World::note_limits() {
  // The last of the rate is kept from what needs no new path.
  const auto spent = [this](const session::SwitchBudget& budget, MonoNs now) {
    return budget.commits(now) + 1 >= fewest_switches_ ||
           budget.attempts(now) >= limits::kMaxReattachAttemptsPerMin;
  };
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const client::ClientSession* mine = clients_.at(i)->engine().session();
    if (mine == nullptr) continue;
    const ctl::Session* theirs = gateway_->find(mine->core().record.id());
    // As many as the gateway's policy had when it gave the ids: a client keeps what WELCOME told it.
    const wire::JumpIds& ids = mine->core().jump_ids;
    const auto candidates = static_cast<std::size_t>(
        std::ranges::count_if(ids, [](const wire::IssuedId& id) { return id.cid.value != 0; }));
    const bool none_left = candidates < kUplinks && tried_.at(i).size() >= candidates;
    if (none_left || spent(mine->core().budget, clients_.at(i)->own(now_)) ||
        (theirs != nullptr && spent(theirs->budget, now_)))
      limited_at_.at(i) = now_;
  }
}

void World::check_progress() {
  constexpr unsigned kMostSteps = 10'000;
  stood_for_ = now_ == stood_at_ ? stood_for_ + 1 : 0;
  stood_at_ = now_;
  if (stood_for_ < kMostSteps) return;
  std::string who = "the network";
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (clients_.at(i)->next_deadline() <= now_) who = "client " + std::to_string(i);
  findings_.add(Rule::kConvergence, now_,
                "time stands still: a deadline is left in place by " + who);
  stood_for_ = 0;
  now_ = now_ + milliseconds(1);
}

void World::deliver_due() {
  while (const auto arrival = network_.take(now_)) {
    if (arrival->way == Way::kUp) {
      gateway_->receive(arrival->from, arrival->bytes);
      gateway_has_input_ = true;
    } else {
      clients_.at(arrival->client)->receive(*arrival, now_);
    }
  }
}

void World::tick_clients() {
  for (const auto& client : clients_) {
    if (client->wakes_up(now_)) client->look_at_uplinks(network_, now_);
    if (client->next_deadline() <= now_) client->tick(now_);
  }
}

void World::run_drive() {
  next_drive_ = now_ + kDriveTick;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = *clients_.at(i);
    const bool sends = draw() < drive.sends;
    const bool moves = draw() < drive.moves;
    const auto target = static_cast<std::uint8_t>(random_() % kUplinks);
    if (client.asleep(now_)) continue;
    if (sends) client.send_inner(i ^ 1U, now_);
    if (moves) client.move_to(target, now_);
  }
}

void World::wake_gateway() {
  if (!gateway_has_input_ && gateway_->next_wake() > now_) return;
  gateway_has_input_ = false;
  gateway_->turn(now_);
  watch_.check_records(now_);
  timeline_.check_deadlines(now_);
}

// ---- What a script may do
// ------------------------------------------------------------------------

void World::restart(std::size_t index) {
  for (const auto& [id, life] : timeline_.alive()) {
    if (client_of(life.peer) == index) excused_.insert(id);
  }
  for (const auto& [id, life] : clients_.at(index)->timeline().alive())
    excused_.insert(id);
  boot(index);
}

void World::suspend(std::size_t index, Duration time) {
  clients_.at(index)->suspend(now_ + time);
}

void World::set_uplink(std::size_t index, std::uint8_t uplink, bool up) {
  network_.set_up(index, uplink, up, now_);
  clients_.at(index)->look_at_uplinks(network_, now_);
}

void World::readdress(std::size_t index, std::uint8_t uplink) {
  network_.readdress(index, uplink);
  clients_.at(index)->look_at_uplinks(network_, now_);
}

void World::path_error(std::size_t index, std::uint8_t uplink) {
  if (!clients_.at(index)->asleep(now_)) clients_.at(index)->path_error(uplink, now_);
}

void World::move(std::size_t index, std::uint8_t uplink) {
  if (!clients_.at(index)->asleep(now_)) clients_.at(index)->move_to(uplink, now_);
}

std::vector<SessionId> World::sessions_of(std::size_t index) const {
  std::vector<SessionId> all;
  for (const auto& [id, life] : timeline_.alive()) {
    if (client_of(life.peer) == index) all.push_back(id);
  }
  return all;
}

void World::ask_rekey(std::size_t index) {
  for (const SessionId& id : sessions_of(index))
    gateway_->ask_rekey(id, now_);  // one that can not be asked is none of the script's business
  gateway_has_input_ = true;
}

void World::terminate(std::size_t index) {
  for (const SessionId& id : sessions_of(index)) {
    excused_.insert(id);
    gateway_->terminate(id, now_);
  }
  gateway_has_input_ = true;
}

void World::reload(const session::Policy& policy) {
  expect_policy(policy);
  if (!gateway_->reload(policy, now_))
    findings_.add(Rule::kConvergence, now_, "a valid policy was refused");
}

void World::apply_with_grace(const session::Policy& policy) {
  expect_policy(policy);
  if (!gateway_->apply_with_grace(policy, now_))
    findings_.add(Rule::kConvergence, now_, "a valid policy was refused");
}

void World::expect_policy(const session::Policy& policy) {
  timeline_.allow_recovery(policy.switching.recovery_window);
  fewest_switches_ = std::min(fewest_switches_, policy.switching.max_switches_per_min);
  for (const auto& client : clients_)
    client->timeline().allow_recovery(policy.switching.recovery_window);
  gateway_has_input_ = true;
}

void World::hold_commands(std::size_t left, Duration time) {
  gateway_->hold_commands(left);
  release_at_ = now_ + time;
  timeline_.excuse_until(release_at_);
  commands_free_since_ = kNever;
}

// ---- Verdicts
// ------------------------------------------------------------------------------------

bool World::had_live_candidate(std::size_t index) const {
  const auto longer_than = [&](MonoNs since) {
    return since < now_ && now_ - since >= kMustBeFound;
  };
  return network_.good_for(index, now_) >= kMustBeFound &&
         longer_than(clients_.at(index)->awake_since()) && longer_than(commands_free_since_) &&
         longer_than(limited_at_.at(index));
}

void World::judge_end(const audit::Event& event, const Life& life, std::size_t index,
                      bool at_gateway) {
  // The first end is judged; what the other side does then follows from it. A client that was never
  // ATTACHED had no session to lose, whatever the gateway has made of its CONFIRM.
  if (at_gateway && life.binding_version == 0) return;
  if (!excused_.insert(event.session).second || life.binding_version == 0) return;
  const Duration age = std::get<audit::TerminatedDetail>(event.detail).age;
  bool reset = true;
  switch (event.reason) {
    case Reason::kSessionLifetimeExceeded:
      reset = age < setup_.policy.session.max_lifetime;
      break;
    case Reason::kSuperseded:
      reset = age < setup_.policy.session.max_lifetime * 8 / 10 && had_live_candidate(index);
      break;
    case Reason::kTransportTtlExceeded:
    case Reason::kKeysExpired:
      reset = had_live_candidate(index);
      break;
    default:  // nobody ordered it
      break;
  }
  if (reset)
    findings_.add(Rule::kReset, now_,
                  std::string(at_gateway ? "gateway" : "client") + " ends " +
                      short_id(event.session) + " of client " + std::to_string(index) + ": " +
                      std::string(to_string(event.reason)) + " at age " + std::to_string(age.ms()) +
                      " ms");
}

bool World::in_step(std::size_t index) {
  const client::ClientSession* mine = clients_.at(index)->engine().session();
  if (mine == nullptr || mine->state() != State::kAttached) return false;
  const session::SessionRecord& own = mine->core().record;
  const ctl::Session* theirs = gateway_->find(own.id());
  if (theirs == nullptr || theirs->record.state() != State::kAttached ||
      theirs->record.binding_version() != own.binding_version())
    return false;
  // What a NAT has just moved is found by the next packet of the client; until then it can not be reached.
  for (std::uint8_t uplink = 0; uplink < kUplinks; ++uplink)
    if (theirs->binding->path.remote == network_.outside(index, uplink)) return true;
  return false;
}

void World::heal_and_check() {
  network_.heal(now_);
  for (const auto& client : clients_) {
    if (client->asleep(now_)) client->suspend(now_);
    client->look_at_uplinks(network_, now_);
  }
  driving_ = false;
  const MonoNs end = now_ + kHealTime;
  const auto all_in_step = [this] {
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (!in_step(i)) return false;
    return true;
  };
  while (!all_in_step() && now_ < end)
    run(seconds(1));
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!in_step(i))
      findings_.add(Rule::kConvergence, now_, "client " + std::to_string(i) + " did not come back");
  }
  const std::uint64_t before = delivered_;
  for (std::size_t i = 0; i < clients_.size(); ++i)
    clients_.at(i)->send_inner(i ^ 1U, now_);
  run(seconds(1));
  if (delivered_ - before < clients_.size())
    findings_.add(Rule::kDelivery, now_,
                  std::to_string(delivered_ - before) + " of " + std::to_string(clients_.size()) +
                      " packets arrived over a healed network");
  if (ledger_.repeats() != 0)
    findings_.add(Rule::kNonceRepeat, now_, std::to_string(ledger_.repeats()) + " nonces repeat");
  driving_ = true;
}

}  // namespace jumpgate::sim
