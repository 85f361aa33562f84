/// A controller between fakes: workers that acknowledge when told to, a queue that does its jobs at once, datagrams
/// that are kept, and a client written with the product's own Noise and codec, but none of its engines.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../../support/inline_handshakes.hpp"
#include "../../support/seeded_random.hpp"
#include "ctl/controller.hpp"
#include "fakes.hpp"
#include "scripted_client.hpp"
#include "wire/control.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::ctl::testing {

class GatewayTest : public ::testing::Test {
 protected:
  explicit GatewayTest(std::uint32_t slots = 8)
      : own_(crypto::KeyPair::generate(random_)),
        handshakes_(own_, random_),
        alice_(random_),
        bob_(random_) {
    settings_.slots_per_worker = slots;
    settings_.max_sessions = slots;
    settings_.max_peers = 4;
    settings_.inner_mtu = 1400;
    settings_.suites = {Suite::kAes256Gcm, Suite::kChaCha20Poly1305};
    settings_.public_key = own_.public_key;
    settings_.cid_key = random_.array<16>();
    settings_.id_key_phase = 1;
    start();
  }

  [[nodiscard]] std::shared_ptr<config::GatewayConfig> config_with(bool alice, bool bob) {
    auto made = std::make_shared<config::GatewayConfig>();
    const auto add = [&](const char* name, const PublicKey& key, std::uint8_t last) {
      config::PeerConfig peer;
      peer.name = name;
      peer.public_key = key;
      IpPrefix inner;
      inner.address.family = IpFamily::kV4;
      inner.address.bytes = {10, 8, 0, last};
      inner.length = 32;
      peer.addresses = {inner};
      peer.allowed_ips = {inner};
      made->peers.push_back(std::move(peer));
    };
    if (alice) add("alice", alice_.key.public_key, 2);
    if (bob) add("bob", bob_.key.public_key, 3);
    made->policies.base = policy_;
    return made;
  }

  [[nodiscard]] Ports ports() {
    return {.workers = workers_,
            .datagrams = out_,
            .paths = paths_,
            .handshakes = handshakes_,
            .routes = routes_,
            .events = log_,
            .random = random_};
  }

  void start() {
    gateway_.emplace(settings_, ports(), config_with(true, true),
                     crypto::ResetKey(random_.array<32>()), now_);
    ASSERT_TRUE(gateway_->started());
  }

  // ---- Time and acknowledgements ----
  void advance(Duration by) {
    const MonoNs until = now_ + by;
    while (now_ < until) {
      now_ = std::min(now_ + milliseconds(10), until);
      run();
    }
  }
  /// Everything that is under way gets done, at this very moment.
  void run() {
    for (int i = 0; i < 8; ++i) {
      gateway_->tick(now_);
      acknowledge();
    }
    collect();
  }
  void acknowledge(bool applied = true) {
    while (!workers_.waiting.empty()) {
      bus::Command command = workers_.waiting.front();
      workers_.waiting.pop_front();
      command.applied = applied;
      gateway_->on_acknowledged(command, now_);
    }
  }
  void collect() {
    std::array<audit::Event, 64> batch;
    for (std::size_t n = log_.take(batch); n > 0; n = log_.take(batch))
      events_.insert(events_.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(n));
  }

  // ---- The client's messages ----
  void say_hello(ScriptedClient& client, const Endpoint& from = kWifi) {
    gateway_->on_handshake(client.hello(own_.public_key, random_), from, kGateway, 0, now_);
  }
  [[nodiscard]] bool attach(ScriptedClient& client, const Endpoint& from = kWifi) {
    say_hello(client, from);
    run();
    if (out_.sent.empty() || !client.read_welcome(out_.sent.back().bytes)) return false;
    confirm(client, from);
    run();
    const Session* session = find(client);
    return session != nullptr && session->record.state() == State::kAttached;
  }
  [[nodiscard]] const Session* find(const ScriptedClient& client) {
    return gateway_->find(client.welcome.session_id);
  }
  [[nodiscard]] State state(const ScriptedClient& client) {
    const Session* session = find(client);
    return session == nullptr ? State::kTerminated : session->record.state();
  }
  [[nodiscard]] bus::Report report(const ScriptedClient& client, bus::ReportKind kind,
                                   const Endpoint& from = kWifi, std::uint64_t value = 0) {
    bus::Report made;
    made.kind = kind;
    made.from = from;
    made.to = kGateway;
    made.value = value;
    if (const Session* session = find(client); session != nullptr) {
      made.session = session->ref;
      if (session->binding) made.cid = session->binding->gateway_cid;
    }
    return made;
  }
  void edge(const ScriptedClient& client, bus::ReportKind kind, const Endpoint& from = kWifi,
            std::uint64_t value = 0) {
    gateway_->on_report(report(client, kind, from, value), now_);
    collect();
  }
  void control(const ScriptedClient& client, wire::Type type,
               const std::array<std::uint8_t, wire::kControlPayloadSize>& payload,
               const Endpoint& from) {
    bus::Report made = report(client, bus::ReportKind::kControl, from);
    made.type = type;
    made.generation = client.generation;
    gateway_->on_control(made, payload, now_);
    collect();
  }
  void confirm(const ScriptedClient& client, const Endpoint& from = kWifi) {
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    wire::encode_confirm({.session_id = client.welcome.session_id, .hello_counter = client.counter},
                         payload);
    control(client, wire::Type::kConfirm, payload, from);
  }
  [[nodiscard]] wire::Reattach reattach(ScriptedClient& client,
                                        Reason cause = Reason::kTransportRetiring) {
    return {.jump_seq = ++client.jump_seq,
            .binding_version = client.binding_version,
            .root_generation = client.generation,
            .cause = cause,
            .client_cid = ConnectionId{client.next_cid++},
            .session_id = client.welcome.session_id};
  }
  void send_reattach(const ScriptedClient& client, const wire::Reattach& message,
                     const Endpoint& from = kCell) {
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    wire::encode_reattach(message, payload);
    control(client, wire::Type::kReattach, payload, from);
  }
  [[nodiscard]] wire::PathResponse response_to(ScriptedClient& client,
                                               const wire::PathChallenge& challenge) {
    return {.jump_seq = challenge.jump_seq,
            .challenge_seq = challenge.challenge_seq,
            .token = challenge.token,
            .epoch = challenge.epoch,
            .binding_version = challenge.binding_version,
            .client_cid = challenge.client_cid.value != 0 ? challenge.client_cid
                                                          : ConnectionId{client.next_cid++}};
  }
  void send_response(const ScriptedClient& client, const wire::PathResponse& message,
                     const Endpoint& from = kCell) {
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    wire::encode_path_response(message, payload);
    control(client, wire::Type::kPathResponse, payload, from);
  }

  // ---- What came out ----
  [[nodiscard]] std::vector<Sent> sent(wire::Type type) const {
    std::vector<Sent> found;
    std::ranges::copy_if(out_.sent, std::back_inserter(found),
                         [&](const Sent& s) { return s.type() == type; });
    return found;
  }
  [[nodiscard]] std::optional<wire::PathChallenge> challenge_to(const ScriptedClient& client,
                                                                const Endpoint& remote) {
    const auto all = sent(wire::Type::kPathChallenge);
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
      if (it->remote != remote) continue;
      const auto payload = client.open(*it);
      if (!payload) return std::nullopt;
      const auto decoded = wire::decode_path_challenge(*payload);
      if (!decoded) return std::nullopt;
      return *decoded;
    }
    return std::nullopt;
  }
  /// The last message of this type, opened and read; nothing when there is none.
  template <class Message>
  [[nodiscard]] std::optional<Message> last_sent(
      const ScriptedClient& client, wire::Type type,
      wire::Decoded<Message> (*decode)(wire::ControlPayload)) const {
    const auto all = sent(type);
    const auto payload = all.empty() ? std::nullopt : client.open(all.back());
    if (!payload) return std::nullopt;
    const auto decoded = decode(*payload);
    return decoded ? std::optional(*decoded) : std::nullopt;
  }
  [[nodiscard]] std::optional<wire::Refusal> last_refusal(const ScriptedClient& client) const {
    return last_sent(client, wire::Type::kRefusal, wire::decode_refusal);
  }
  /// A whole planned jump; the client's own record follows.
  [[nodiscard]] bool jump(ScriptedClient& client, const Endpoint& to,
                          Reason cause = Reason::kTransportRetiring) {
    send_reattach(client, reattach(client, cause), to);
    run();
    const auto challenge = challenge_to(client, to);
    if (!challenge) return false;
    send_response(client, response_to(client, *challenge), to);
    run();
    const Session* session = find(client);
    if (session == nullptr || session->record.state() != State::kAttached ||
        session->binding->path.remote != to)
      return false;
    client.binding_version = challenge->binding_version;
    return true;
  }

  [[nodiscard]] std::size_t events_of(EventType type, Reason reason) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events_, [&](const audit::Event& e) { return e.type == type && e.reason == reason; }));
  }
  [[nodiscard]] std::vector<std::string> timeline(const SessionId& id) const {
    std::vector<std::string> lines;
    for (const audit::Event& e : events_) {
      if (e.session != id || e.type != EventType::kSessionStateChange) continue;
      const auto& change = std::get<audit::StateChangeDetail>(e.detail);
      lines.push_back(std::string(to_string(change.now)) + " " + std::string(to_string(e.reason)));
    }
    return lines;
  }
  [[nodiscard]] std::uint64_t counter(ControllerCounter c) const {
    return gateway_->counters().get(c);
  }
  [[nodiscard]] std::uint64_t dropped(DropReason r) const {
    return gateway_->counters().dropped(r);
  }

  /// Numbers without a gap; for each session one SessionStateChange a version, each from the state before.
  void TearDown() override {
    collect();
    std::uint64_t seq = 1;
    std::map<SessionId, std::pair<std::uint64_t, State>> last;
    for (const audit::Event& e : events_) {
      EXPECT_EQ(e.seq, seq++);
      if (e.type == EventType::kSessionCreated) last[e.session] = {1, State::kBirth};
      if (e.type != EventType::kSessionStateChange) continue;
      const auto& change = std::get<audit::StateChangeDetail>(e.detail);
      auto& [version, state] = last[e.session];
      EXPECT_EQ(e.state_version, version + 1);
      EXPECT_EQ(change.previous, state);
      version = e.state_version;
      state = change.now;
    }
    check_key_events();
    check_attempts();
  }

  /// Each ReattachAttempt has one ReattachResult at most, after it.
  void check_attempts() {
    std::set<std::pair<SessionId, std::uint64_t>> open;
    for (const audit::Event& e : events_) {
      const auto* detail = std::get_if<audit::ReattachDetail>(&e.detail);
      if (detail == nullptr) continue;
      const std::pair attempt{e.session, detail->jump_seq};
      if (e.type == EventType::kReattachAttempt) {
        EXPECT_TRUE(open.insert(attempt).second) << "the one before has no result";
      } else {
        EXPECT_EQ(open.erase(attempt), 1U) << "a result without an attempt";
      }
    }
  }

  /// Each KeyInstalled has one KeyExpired at most, after it, and of the same generation; a session
  /// that is gone owes none.
  void check_key_events() {
    std::map<std::pair<SessionId, std::uint64_t>, std::uint32_t> installed;
    for (const audit::Event& e : events_) {
      const auto* key = std::get_if<audit::KeyDetail>(&e.detail);
      if (key == nullptr) continue;
      const std::pair epoch{e.session, key->epoch};
      if (e.type == EventType::kKeyInstalled) {
        EXPECT_TRUE(installed.emplace(epoch, key->generation).second) << "installed twice";
      } else if (e.type == EventType::kKeyExpired) {
        const auto found = installed.find(epoch);
        ASSERT_NE(found, installed.end()) << "epoch " << key->epoch << " ended, never installed";
        EXPECT_EQ(found->second, key->generation);
        installed.erase(found);
      }
    }
    for (const auto& [epoch, generation] : installed)
      EXPECT_NE(gateway_->find(epoch.first), nullptr) << "epoch " << epoch.second << " never ended";
  }

  test::SeededRandom random_{7};
  MonoNs now_{seconds(1000).ns > 0 ? static_cast<std::uint64_t>(seconds(1000).ns) : 0};
  crypto::KeyPair own_;
  session::Policy policy_;
  Settings settings_;
  FakeWorkers workers_;
  FakeDatagrams out_;
  FakePaths paths_;
  FakeRoutes routes_;
  test::InlineHandshakes handshakes_;
  audit::EventLog log_{4096};
  ScriptedClient alice_;
  ScriptedClient bob_;
  std::vector<audit::Event> events_;
  std::optional<Controller> gateway_;
};

/// Alice's session is ATTACHED, and what its handshake sent is forgotten.
class AttachedTest : public GatewayTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(attach(alice_));
    out_.sent.clear();
    advance(seconds(2));
  }
};

}  // namespace jumpgate::ctl::testing
