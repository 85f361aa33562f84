// Ends, bounds, reload, resets and views: what happens to sessions from outside.
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Lifecycle : public GatewayTest {
 protected:
  void close(std::uint64_t seq, const SessionId& id) {
    std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
    wire::encode_control_close(
        {.close_seq = seq, .reason = Reason::kOperatorTerminated, .session_id = id}, payload);
    control(alice_, wire::Type::kControlClose, payload, kWifi);
  }
};

TEST_F(Lifecycle, PeerCloseEndsTheSessionWithoutAnAnswer) {
  ASSERT_TRUE(attach(alice_));
  out_.sent.clear();
  edge(alice_, bus::ReportKind::kPeerClosed, kWifi, 55);
  EXPECT_FALSE(workers_.last<bus::RemoveSession>().send_close);
  run();
  EXPECT_TRUE(out_.sent.empty());
  EXPECT_EQ(gateway_->session_count(), 0U);
  EXPECT_EQ(paths_.held, 0);
  EXPECT_TRUE(workers_.routes.empty());
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kPeerClosed), 1U);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kSessionEnded), 1U);
}

TEST_F(Lifecycle, ControlCloseNeedsTheRightSession) {
  ASSERT_TRUE(attach(alice_));
  SessionId other = alice_.welcome.session_id;
  other.bytes[5] ^= 1;
  close(1, other);
  EXPECT_EQ(state(alice_), State::kAttached);
  close(1, alice_.welcome.session_id);
  EXPECT_EQ(state(alice_), State::kTerminated);
}

TEST_F(Lifecycle, OperatorEndsByTrafficKeyWhenAttachedElseByControlKey) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kCell));
  edge(bob_, bus::ReportKind::kSilence);
  out_.sent.clear();
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  EXPECT_TRUE(workers_.last<bus::RemoveSession>().send_close);
  ASSERT_TRUE(gateway_->terminate(bob_.welcome.session_id, now_));
  EXPECT_FALSE(workers_.last<bus::RemoveSession>().send_close);
  ASSERT_EQ(sent(wire::Type::kControlClose).size(), 1U);
  const auto payload = bob_.open(sent(wire::Type::kControlClose)[0]);
  ASSERT_TRUE(payload);
  EXPECT_EQ(wire::decode_control_close(*payload)->reason, Reason::kOperatorTerminated);
  EXPECT_FALSE(gateway_->terminate(bob_.welcome.session_id, now_));
  run();
  EXPECT_EQ(gateway_->session_count(), 0U);
}

TEST_F(Lifecycle, EndWithoutACommandWaitsAndKeepsItsReason) {
  ASSERT_TRUE(attach(alice_));
  workers_.credit = 0;
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  edge(alice_, bus::ReportKind::kPeerClosed);
  EXPECT_EQ(state(alice_), State::kAttached);
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(gateway_->session_count(), 0U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kOperatorTerminated), 1U);
}

TEST_F(Lifecycle, AnEndDuringAJumpIsItsAttemptsResult) {
  ASSERT_TRUE(attach(alice_));
  advance(seconds(2));
  send_reattach(alice_, reattach(alice_));
  ASSERT_EQ(state(alice_), State::kRecovering);
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  run();
  EXPECT_EQ(events_of(EventType::kReattachAttempt, Reason::kTransportRetiring), 1U);
  EXPECT_EQ(events_of(EventType::kReattachResult, Reason::kPathNotValidated), 1U);
}

TEST_F(Lifecycle, EndThatWaitsKeepsItsReasonBeyondTheLifetime) {
  policy_.session.max_lifetime = seconds(20);
  start();
  ASSERT_TRUE(attach(alice_));
  workers_.credit = 0;
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  advance(seconds(21));
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kOperatorTerminated), 1U);
}

TEST_F(Lifecycle, EndThatWaitsKeepsItsReasonWhenTheGatewayStops) {
  ASSERT_TRUE(attach(alice_));
  workers_.credit = 0;
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  gateway_->begin_stop();
  gateway_->tick(now_);
  workers_.credit = 16;
  run();
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kOperatorTerminated), 1U);
  EXPECT_TRUE(gateway_->stopped());
}

TEST_F(Lifecycle, AnEndThatIsDueAsksForACommandWithPauses) {
  policy_.session.max_lifetime = seconds(100);
  start();
  ASSERT_TRUE(attach(alice_));
  advance(milliseconds(99'900));
  workers_.credit = 0;
  const std::uint64_t before = counter(ControllerCounter::kCommandsUnavailable);
  advance(milliseconds(200));
  const std::uint64_t asked = counter(ControllerCounter::kCommandsUnavailable) - before;
  EXPECT_GE(asked, 10U);
  EXPECT_LE(asked, 30U);  // time goes on by 10 ms, with eight rounds each
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kSessionLifetimeExceeded), 1U);
}

TEST_F(Lifecycle, LifetimeEndsInEveryState) {
  policy_.session.max_lifetime = seconds(100);
  start();
  ASSERT_TRUE(attach(alice_));
  advance(milliseconds(99'900));
  EXPECT_EQ(state(alice_), State::kAttached);
  advance(milliseconds(200));
  EXPECT_EQ(state(alice_), State::kTerminated);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kSessionLifetimeExceeded), 1U);
}

TEST_F(Lifecycle, DueTimerGoesBeforeTheMessage) {
  policy_.session.max_lifetime = seconds(100);
  start();
  ASSERT_TRUE(attach(alice_));
  now_ = now_ + seconds(101);
  send_reattach(alice_, reattach(alice_));
  EXPECT_EQ(state(alice_), State::kTerminated);
  EXPECT_EQ(workers_.count<bus::ProposeEpoch>(), 0U);
}

TEST_F(Lifecycle, TransportlessTtlCountsFromTheSilence) {
  ASSERT_TRUE(attach(alice_));
  edge(alice_, bus::ReportKind::kSilence);
  advance(milliseconds(14'900));
  EXPECT_EQ(state(alice_), State::kDegraded);
  advance(milliseconds(200));
  EXPECT_EQ(state(alice_), State::kTerminated);
}

TEST_F(Lifecycle, ReportsOfAnEarlierLifeAreIgnored) {
  ASSERT_TRUE(attach(alice_));
  const auto old = report(alice_, bus::ReportKind::kPeerClosed);
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  run();
  ASSERT_TRUE(attach(bob_));
  EXPECT_EQ(find(bob_)->ref.slot, old.session.slot);
  gateway_->on_report(old, now_);
  EXPECT_EQ(state(bob_), State::kAttached);
  EXPECT_EQ(counter(ControllerCounter::kReportsStale), 1U);
}

TEST_F(Lifecycle, InconsistentWorkerEndsTheSession) {
  ASSERT_TRUE(attach(alice_));
  edge(alice_, bus::ReportKind::kInconsistent);
  EXPECT_EQ(state(alice_), State::kTerminated);
}

TEST_F(Lifecycle, StopEndsEverySessionAndTakesNoNewOnes) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kCell));
  gateway_->begin_stop();
  EXPECT_FALSE(gateway_->stopped());
  run();
  EXPECT_TRUE(gateway_->stopped());
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kGatewayStopping), 2U);
  out_.sent.clear();
  say_hello(alice_);
  run();
  EXPECT_TRUE(out_.sent.empty());
}

TEST_F(Lifecycle, ReloadRevokesAddsAndLeavesTheRestAlone) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kCell));
  const auto version = find(alice_)->record.state_version();
  const auto commands = workers_.log.size();
  auto lines = gateway_->reload(config_with(true, false), now_);
  ASSERT_TRUE(lines);
  EXPECT_FALSE(lines->empty());
  run();
  EXPECT_EQ(gateway_->session_count(), 1U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kOperatorTerminated), 1U);
  EXPECT_EQ(find(alice_)->record.state_version(), version);
  EXPECT_EQ(workers_.log.size(), commands + 1) << "the one RemoveSession";
  EXPECT_EQ(routes_.prefixes.size(), 1U);
  say_hello(bob_, kCell);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloUnknownPeer), 1U);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  EXPECT_EQ(routes_.prefixes.size(), 2U);
  EXPECT_TRUE(attach(bob_, kCell));
}

TEST_F(Lifecycle, ReloadThatDoesNotFitChangesNothing) {
  ASSERT_TRUE(gateway_->reload(config_with(true, false), now_));
  routes_.refuse = true;
  for (std::uint32_t i = 0; i <= settings_.max_peers; ++i)
    EXPECT_FALSE(gateway_->reload(config_with(true, true), now_));
  EXPECT_EQ(gateway_->config().peers.size(), 1U);
  say_hello(bob_);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloUnknownPeer), 1U);
  routes_.refuse = false;
  EXPECT_TRUE(gateway_->reload(config_with(true, true), now_));
}

TEST_F(Lifecycle, TransitionsAreCountedByTheirReasons) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kCell));
  ASSERT_TRUE(jump(alice_, kCell));
  ASSERT_TRUE(gateway_->terminate(bob_.welcome.session_id, now_));
  run();
  std::map<Reason, std::uint64_t> told;
  for (const audit::Event& e : events_)
    if (e.type == EventType::kSessionStateChange) ++told[e.reason];
  EXPECT_EQ(told[Reason::kAttachedToTransport], 2U);
  EXPECT_EQ(told[Reason::kReattachSuccess], 1U);
  EXPECT_EQ(told[Reason::kOperatorTerminated], 1U);
  std::uint64_t sum = 0;
  for (const Reason reason : session::kTransitionReasons) {
    const std::uint64_t counted = gateway_->counters().transitions(reason);
    EXPECT_EQ(counted, told[reason]) << to_string(reason);
    sum += counted;
  }
  EXPECT_EQ(sum, gateway_->counters().get(ControllerCounter::kTransitions));
}

TEST_F(Lifecycle, NewPolicyReachesRunningSessions) {
  ASSERT_TRUE(attach(alice_));
  policy_.volatility.heartbeat_interval = milliseconds(300);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  run();
  EXPECT_EQ(find(alice_)->record.policy_version(), 2U);
  EXPECT_EQ(workers_.last<bus::SetLiveness>().policy.interval.ms(), 300);
  EXPECT_EQ(events_of(EventType::kPolicyApplied, Reason::kPolicyValid), 1U);
  EXPECT_EQ(find(alice_)->record.state(), State::kAttached);
}

TEST_F(Lifecycle, ShorterKeyTimesCountFromTheReload) {
  ASSERT_TRUE(attach(alice_));
  advance(seconds(100));
  policy_.keys.rekey_after = seconds(10);
  policy_.keys.reject_after = seconds(20);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  advance(milliseconds(9'900));
  EXPECT_EQ(state(alice_), State::kAttached) << "older than 20 s, and not ended by the reload";
  EXPECT_EQ(find(alice_)->rekey_wanted, Reason::kNone);
  advance(milliseconds(200));
  EXPECT_EQ(find(alice_)->rekey_wanted, Reason::kTimeElapsed);
  advance(milliseconds(9'700));
  EXPECT_EQ(state(alice_), State::kAttached);
  advance(milliseconds(300));
  EXPECT_EQ(state(alice_), State::kTerminated);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kKeysExpired), 1U);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kKeysExpired), 1U);
}

TEST_F(Lifecycle, TheReasonOfThePeersCloseIsTold) {
  const auto told = [this] {
    for (auto e = events_.rbegin(); e != events_.rend(); ++e) {
      if (const auto* end = std::get_if<audit::TerminatedDetail>(&e->detail))
        return end->peer_reason;
    }
    return Reason::kNone;
  };
  ASSERT_TRUE(attach(alice_));
  edge(alice_, bus::ReportKind::kPeerClosed, kWifi,
       static_cast<std::uint64_t>(Reason::kSecurityFailure));
  EXPECT_EQ(told(), Reason::kSecurityFailure);
  run();
  ASSERT_TRUE(attach(alice_));
  edge(alice_, bus::ReportKind::kPeerClosed, kWifi, 9'999);
  EXPECT_EQ(told(), Reason::kNone) << "a number that names nothing";
  run();
  ASSERT_TRUE(attach(alice_));
  close(1, alice_.welcome.session_id);
  EXPECT_EQ(told(), Reason::kOperatorTerminated);
}

TEST_F(Lifecycle, AnEndInBirthTellsOfNoKeys) {
  say_hello(alice_);
  run();
  advance(seconds(6));
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kHandshakeTimeout), 1U);
  EXPECT_TRUE(std::ranges::none_of(
      events_, [](const audit::Event& e) { return e.type == EventType::kKeyExpired; }));
}

TEST_F(Lifecycle, ResetsAreLimitedForEachSource) {
  bus::Report unknown;
  unknown.kind = bus::ReportKind::kUnknownCid;
  unknown.type = wire::Type::kData;
  unknown.cid = ConnectionId{77};
  unknown.from = kCell;
  unknown.to = kGateway;
  unknown.value = 64;
  gateway_->on_report(unknown, now_);
  gateway_->on_report(unknown, now_);
  ASSERT_EQ(out_.sent.size(), 1U);
  EXPECT_EQ(out_.sent[0].bytes.size(), wire::kResetSize);
  EXPECT_EQ(counter(ControllerCounter::kResetsSuppressed), 1U);
  now_ = now_ + seconds(1);
  gateway_->on_report(unknown, now_);
  EXPECT_EQ(out_.sent.size(), 2U);
  unknown.from = kThird;
  unknown.value = wire::kResetSize;
  gateway_->on_report(unknown, now_);
  EXPECT_EQ(out_.sent.size(), 2U) << "never as long as what it answers";
}

TEST_F(Lifecycle, PolicyThatChangesBeforeTheConfirmReachesTheWorker) {
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent.back().bytes));
  policy_.volatility.heartbeat_interval = milliseconds(300);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  run();
  confirm(alice_);
  run();
  ASSERT_EQ(workers_.count<bus::SetLiveness>(), 1U);
  EXPECT_EQ(workers_.last<bus::SetLiveness>().policy.interval.ms(), 300);
}

TEST_F(Lifecycle, AFarewellIsNotAnsweredByAReset) {
  bus::Report unknown;
  unknown.kind = bus::ReportKind::kUnknownCid;
  unknown.cid = ConnectionId{77};
  unknown.from = kCell;
  unknown.to = kGateway;
  unknown.value = wire::kControlSize;
  for (const wire::Type type : {wire::Type::kClose, wire::Type::kControlClose}) {
    unknown.type = type;
    gateway_->on_report(unknown, now_);
  }
  EXPECT_TRUE(out_.sent.empty());
  unknown.type = wire::Type::kReattach;
  gateway_->on_report(unknown, now_);
  EXPECT_EQ(out_.sent.size(), 1U) << "nor does it spend the source's token";
}

TEST_F(Lifecycle, ResetTokenIsTheOneTheClientWasTold) {
  ASSERT_TRUE(attach(alice_));
  out_.sent.clear();
  bus::Report unknown;
  unknown.kind = bus::ReportKind::kUnknownCid;
  unknown.type = wire::Type::kData;
  unknown.cid = alice_.welcome.gateway_id.cid;
  unknown.from = kCell;
  unknown.value = 64;
  gateway_->on_report(unknown, now_);
  ASSERT_EQ(out_.sent.size(), 1U);
  const auto reset = wire::decode_reset(out_.sent[0].bytes);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->token, alice_.welcome.gateway_id.reset_token);
}

TEST_F(Lifecycle, ViewsShowSessionsInPages) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kCell));
  const auto first = gateway_->views().page(0, 1);
  ASSERT_EQ(first.sessions.size(), 1U);
  EXPECT_EQ(first.sessions[0].peer, "alice");
  EXPECT_EQ(first.sessions[0].endpoint, kWifi);
  ASSERT_TRUE(first.next);
  const auto second = gateway_->views().page(*first.next, 10);
  ASSERT_EQ(second.sessions.size(), 1U);
  EXPECT_EQ(second.sessions[0].peer, "bob");
  EXPECT_FALSE(second.next);
  EXPECT_EQ(gateway_->views().attached(), 2U);
  edge(alice_, bus::ReportKind::kSilence);
  EXPECT_EQ(gateway_->views().attached(), 1U);
  EXPECT_EQ(gateway_->views().session_of_peer("bob")->id, bob_.welcome.session_id);
  EXPECT_FALSE(gateway_->views().session_of_peer("carol"));
}

TEST(ResetKeyFile, IsMadeOncePrivateAndReadAgain) {
  test::SeededRandom random;
  const std::string path = ::testing::TempDir() + "/jg-reset-" + std::to_string(::getpid());
  const auto made = load_reset_key(path, random);
  ASSERT_TRUE(made) << made.error();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = load_reset_key(path, random);
  ASSERT_TRUE(again);
  EXPECT_EQ(made->get(), again->get());
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_FALSE(load_reset_key(path, random));
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  ASSERT_EQ(::truncate(path.c_str(), 5), 0);
  EXPECT_FALSE(load_reset_key(path, random));
  ::unlink(path.c_str());
}

TEST(SourceLimits, GroupsIpv6ByItsPrefixAndForgetsTheLongestUnused) {
  test::SeededRandom random;
  SourceLimiter limiter({.tokens = 1, .per = seconds(1), .burst = 1}, 8, random);
  IpAddress a;
  a.family = IpFamily::kV6;
  a.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1};
  IpAddress b = a;
  b.bytes[15] = 9;
  EXPECT_TRUE(limiter.take(a, MonoNs{1'000'000'000}));
  EXPECT_FALSE(limiter.take(b, MonoNs{1'000'000'000})) << "one /64 is one source";
  for (std::uint8_t i = 2; i < 12; ++i) {
    a.bytes[7] = i;
    EXPECT_TRUE(limiter.take(a, MonoNs{1'000'000'000U + i}));
  }
}

}  // namespace
}  // namespace jumpgate::ctl::testing
