// spec/handshake.md, the gateway's side.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Handshake : public GatewayTest {};

TEST_F(Handshake, AttachesOnConfirmAndAcknowledges) {
  say_hello(alice_);
  run();
  ASSERT_EQ(out_.sent.size(), 1U);
  EXPECT_EQ(out_.sent[0].remote, kWifi);
  EXPECT_EQ(out_.sent[0].local, kGateway);
  EXPECT_EQ(out_.sent[0].bytes[1], wire::kFlagIdKeyPhase);
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  EXPECT_EQ(alice_.welcome.binding_version, 1U);
  EXPECT_EQ(alice_.welcome.epoch, 1U);
  EXPECT_EQ(alice_.welcome.jump_id_count, 3);
  EXPECT_EQ(alice_.welcome.observed, kWifi);
  EXPECT_EQ(alice_.welcome.inner_mtu, 1400);
  EXPECT_EQ(state(alice_), State::kBirth);
  EXPECT_TRUE(workers_.routes.empty());

  confirm(alice_);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_TRUE(sent(wire::Type::kAck).empty()) << "the worker has not bound it yet";
  run();
  ASSERT_EQ(sent(wire::Type::kAck).size(), 1U);
  const auto ack = alice_.open(sent(wire::Type::kAck)[0]);
  ASSERT_TRUE(ack);
  EXPECT_EQ(wire::decode_ack(*ack)->subject, wire::Type::kConfirm);
  EXPECT_EQ(workers_.last<bus::Attach>().path.remote, kWifi);
  EXPECT_EQ(workers_.routes.size(), 1U);
  EXPECT_EQ(events_of(EventType::kSessionCreated, Reason::kNone), 1U);
  EXPECT_EQ(events_of(EventType::kTransportAttached, Reason::kAttachedToTransport), 1U);
  EXPECT_EQ(events_of(EventType::kKeyInstalled, Reason::kEpochInstalled), 1U);
}

TEST_F(Handshake, WorkerAndClientDeriveTheSameKeys) {
  ASSERT_TRUE(attach(alice_));
  const auto install = workers_.last<bus::InstallSession>();
  const auto expected =
      crypto::derive_traffic_key(alice_.root, {.session_id = alice_.welcome.session_id,
                                               .generation = 0,
                                               .epoch = 1,
                                               .binding_version = 1,
                                               .owner_epoch = 1,
                                               .suite = Suite::kAes256Gcm,
                                               .direction = Direction::kClientToGateway});
  EXPECT_EQ(install.epoch.receive.key, expected.get().key);
  EXPECT_EQ(install.epoch.receive.iv, expected.get().iv);
  EXPECT_NE(install.epoch.send.key, install.epoch.receive.key);
  EXPECT_EQ(install.gateway_cid, alice_.welcome.gateway_id.cid);
  EXPECT_EQ(install.client_cid, alice_.hello_cid);
  EXPECT_EQ(install.jump_ids[0], alice_.welcome.jump_ids[0].cid);
}

TEST_F(Handshake, WelcomeLeavesOnlyAfterTheWorkerHasTheSession) {
  say_hello(alice_);
  for (int i = 0; i < 4; ++i)
    gateway_->tick(now_);
  EXPECT_EQ(workers_.count<bus::InstallSession>(), 1U);
  EXPECT_TRUE(out_.sent.empty());
  acknowledge();
  EXPECT_EQ(out_.sent.size(), 1U);
}

TEST_F(Handshake, UnknownVersionGetsAHintAtMostTenASecond) {
  auto hello = alice_.hello(own_.public_key, random_);
  hello[2] = 9;
  for (int i = 0; i < 30; ++i)
    gateway_->on_handshake(hello, kWifi, kGateway, 0, now_);
  EXPECT_EQ(dropped(DropReason::kHelloBadVersion), 30U);
  EXPECT_EQ(sent(wire::Type::kVersionRefusal).size(), 10U);
}

TEST_F(Handshake, UnderLoadACookieIsAskedForAndThenEnough) {
  handshakes_.pretended = limits::kUnderLoadDepth;
  const auto hello = alice_.hello(own_.public_key, random_);
  gateway_->on_handshake(hello, kWifi, kGateway, 0, now_);
  EXPECT_EQ(dropped(DropReason::kHelloBadMac2), 1U);
  ASSERT_EQ(sent(wire::Type::kCookieReply).size(), 1U);
  crypto::Mac mac1{};
  std::copy_n(hello.begin() + wire::kHelloMac1Offset, mac1.size(), mac1.begin());
  const auto cookie = crypto::open_cookie_reply(sent(wire::Type::kCookieReply)[0].bytes, mac1,
                                                crypto::derive_cookie_key(own_.public_key));
  ASSERT_TRUE(cookie);
  const auto again = alice_.hello(own_.public_key, random_, cookie);
  gateway_->on_handshake(again, kCell, kGateway, 0, now_);
  EXPECT_EQ(dropped(DropReason::kHelloBadMac2), 2U) << "the cookie is another address's";
  gateway_->on_handshake(again, kWifi, kGateway, 0, now_);
  run();
  EXPECT_EQ(sent(wire::Type::kWelcome).size(), 1U);
}

TEST_F(Handshake, ASpentRateAsksForACookieAndLetsItsHolderIn) {
  settings_.handshakes_per_second = 2;
  start();
  ScriptedClient flood(random_);
  for (std::uint8_t i = 0; i < 5; ++i)
    say_hello(flood, v4(static_cast<std::uint8_t>(100 + i), 1));
  EXPECT_EQ(dropped(DropReason::kHelloBadMac2), 3U) << "not refused for what others have spent";
  const auto hello = alice_.hello(own_.public_key, random_);
  gateway_->on_handshake(hello, kWifi, kGateway, 0, now_);
  crypto::Mac mac1{};
  std::copy_n(hello.begin() + wire::kHelloMac1Offset, mac1.size(), mac1.begin());
  const auto cookie = crypto::open_cookie_reply(sent(wire::Type::kCookieReply).back().bytes, mac1,
                                                crypto::derive_cookie_key(own_.public_key));
  ASSERT_TRUE(cookie);
  gateway_->on_handshake(alice_.hello(own_.public_key, random_, cookie), kWifi, kGateway, 0, now_);
  run();
  EXPECT_EQ(sent(wire::Type::kWelcome).size(), 1U);
}

TEST_F(Handshake, ASourceIsLimited) {
  for (int i = 0; i < 25; ++i)
    say_hello(alice_);
  EXPECT_EQ(dropped(DropReason::kHelloRateLimited), 5U);
}

TEST_F(Handshake, FullQueueDropsVisibly) {
  handshakes_.exhausted = true;
  say_hello(alice_);
  EXPECT_EQ(dropped(DropReason::kHelloQueueFull), 1U);
}

TEST_F(Handshake, AForgedNoiseMessageIsDroppedSilently) {
  auto hello = alice_.hello(own_.public_key, random_);
  hello[wire::kHelloHeaderSize + 40] ^= 1;
  crypto::write_hello_macs(wire::HelloOut(hello.data(), wire::kHelloSize),
                           crypto::derive_mac1_key(own_.public_key), std::nullopt);
  gateway_->on_handshake(hello, kWifi, kGateway, 0, now_);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloBadNoise), 1U);
  EXPECT_TRUE(out_.sent.empty());
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Handshake, AnAuthenticHelloWithoutACounterIsDroppedSilently) {
  alice_.counter = UINT64_MAX;  // the next one is zero
  say_hello(alice_);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloBadPayload), 1U);
  EXPECT_TRUE(out_.sent.empty());
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Handshake, UnknownPeerIsDroppedSilently) {
  ScriptedClient stranger(random_);
  say_hello(stranger);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloUnknownPeer), 1U);
  EXPECT_TRUE(out_.sent.empty());
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Handshake, LowCounterIsRefusedWithTheHighest) {
  alice_.counter = 41;
  say_hello(alice_);
  run();
  alice_.counter = 10;
  say_hello(alice_);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloCounterLow), 1U);
  ASSERT_EQ(out_.sent.size(), 2U);
  const auto refusal = alice_.read_refusal(out_.sent[1].bytes);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kHelloCounterLow);
  EXPECT_EQ(refusal->highest_counter, 42U);
  alice_.counter = 41;  // the highest again, as a replayed HELLO has it
  say_hello(alice_);
  run();
  EXPECT_EQ(dropped(DropReason::kHelloCounterLow), 2U);
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Handshake, NoCommonSuiteIsRefusedAndCostsNoCounter) {
  auto config = config_with(true, true);
  config->peers[0].suites = {Suite::kChaCha20Poly1305};
  ASSERT_TRUE(gateway_->reload(config, now_));
  say_hello(alice_);
  run();
  const auto refusal = alice_.read_refusal(out_.sent.at(0).bytes);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kNoCommonSuite);
  EXPECT_EQ(dropped(DropReason::kHelloNoSuite), 1U);
  EXPECT_EQ(gateway_->session_count(), 0U);
}

TEST_F(Handshake, APresharedKeyIsUsedFromTheReloadThatBringsItOn) {
  auto config = config_with(true, true);
  config->peers[0].preshared_key.get().fill(7);
  ASSERT_TRUE(gateway_->reload(config, now_));
  say_hello(alice_);
  run();
  ASSERT_EQ(out_.sent.size(), 1U);
  EXPECT_FALSE(alice_.read_welcome(out_.sent[0].bytes)) << "she has no preshared key";
}

TEST_F(Handshake, RepeatedConfirmGetsOneAckEachAndMovesNothing) {
  ASSERT_TRUE(attach(alice_));
  const auto before = sent(wire::Type::kAck).size();
  confirm(alice_, kCell);
  confirm(alice_, kCell);
  const auto acks = sent(wire::Type::kAck);
  ASSERT_EQ(acks.size(), before + 2);
  EXPECT_EQ(acks.back().remote, kWifi) << "to the bound address only";
  EXPECT_EQ(find(alice_)->record.state_version(), 2U);
  advance(seconds(5));
  confirm(alice_);
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
}

TEST_F(Handshake, WrongConfirmChangesNothing) {
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  ++alice_.counter;
  confirm(alice_);
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
  EXPECT_EQ(state(alice_), State::kBirth);
}

TEST_F(Handshake, AHelloThatIsReadWhileItsPeerIsReplacedMakesNoSession) {
  say_hello(alice_);
  ASSERT_TRUE(gateway_->reload(config_with(false, true), now_));
  ScriptedClient carol(random_);
  auto config = config_with(false, true);
  config::PeerConfig& other = config->peers.emplace_back();
  other.name = "carol";
  other.public_key = carol.key.public_key;
  ASSERT_TRUE(gateway_->reload(config, now_)) << "carol gets alice's index";
  run();
  EXPECT_EQ(dropped(DropReason::kHelloUnknownPeer), 1U);
  EXPECT_EQ(gateway_->session_count(), 0U);
}

TEST_F(Handshake, UnconfirmedBirthEndsAfterFiveSeconds) {
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  advance(milliseconds(4990));
  EXPECT_EQ(state(alice_), State::kBirth);
  advance(milliseconds(20));
  EXPECT_EQ(gateway_->session_count(), 0U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kHandshakeTimeout), 1U);
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Handshake, ABirthThatEndsBeforeItsWelcomeLeavesNoJobHeld) {
  say_hello(alice_);
  for (int i = 0; i < 4; ++i)
    gateway_->tick(now_);  // read, written, and told to a worker that says nothing
  ASSERT_EQ(handshakes_.in_use(), 1U);
  now_ = now_ + limits::kHandshakeTimeout;
  run();
  EXPECT_EQ(gateway_->session_count(), 0U);
  EXPECT_EQ(handshakes_.in_use(), 0U);
  EXPECT_TRUE(out_.sent.empty());
}

TEST_F(Handshake, NewerHelloReplacesTheBirth) {
  say_hello(alice_);
  run();
  say_hello(alice_);
  run();
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kSuperseded), 1U);
  EXPECT_EQ(gateway_->session_count(), 1U);
}

TEST_F(Handshake, NewSessionSupersedesTheOldOneWhenItIsAttached) {
  ASSERT_TRUE(attach(alice_));
  const SessionId first = alice_.welcome.session_id;
  say_hello(alice_);
  run();
  EXPECT_NE(gateway_->find(first), nullptr) << "make before break";
  ASSERT_TRUE(alice_.read_welcome(out_.sent.back().bytes));
  confirm(alice_);
  run();
  EXPECT_EQ(gateway_->find(first)->record.state(), State::kTerminated);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kSuperseded), 1U);
  EXPECT_EQ(state(alice_), State::kAttached);
  ASSERT_EQ(workers_.routes.size(), 1U);
  EXPECT_EQ(workers_.routes.begin()->second, find(alice_)->ref);
}

TEST_F(Handshake, ASupersededSessionDrainsAndIsWipedThen) {
  ASSERT_TRUE(attach(alice_));
  const SessionId first = alice_.welcome.session_id;
  ASSERT_TRUE(attach(alice_));
  const MonoNs superseded = now_;
  EXPECT_EQ(workers_.count<bus::DrainSession>(), 1U);
  now_ = superseded + limits::kDrainMax - milliseconds(2);
  run();
  EXPECT_EQ(workers_.count<bus::RemoveSession>(), 0U);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kSessionEnded), 0U);
  workers_.credit = 0;
  now_ = superseded + limits::kDrainMax + milliseconds(2);
  run();
  EXPECT_EQ(workers_.count<bus::RemoveSession>(), 0U) << "no command is free";
  workers_.credit = 16;
  now_ = now_ + milliseconds(2);
  run();
  EXPECT_EQ(gateway_->find(first), nullptr);
  EXPECT_FALSE(workers_.last<bus::RemoveSession>().send_close);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kSessionEnded), 1U);
  EXPECT_EQ(paths_.held, 1);
}

TEST_F(Handshake, ASupersededSessionThatWaitsForACommandDrainsToo) {
  ASSERT_TRUE(attach(alice_));
  const SessionId first = alice_.welcome.session_id;
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent.back().bytes));
  workers_.credit = 1;  // for the new one's binding
  workers_.slow = true;
  confirm(alice_);
  gateway_->tick(now_);
  ASSERT_EQ(state(alice_), State::kAttached);
  EXPECT_NE(gateway_->find(first)->record.state(), State::kTerminated);
  workers_.credit = 16;
  now_ = now_ + milliseconds(2);
  run();
  EXPECT_EQ(gateway_->find(first)->record.state(), State::kTerminated);
  EXPECT_EQ(workers_.count<bus::DrainSession>(), 1U);
  EXPECT_EQ(workers_.count<bus::RemoveSession>(), 0U);
}

TEST_F(Handshake, OneSessionOfAPeerDrainsAtATime) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(attach(alice_));
    run();
    EXPECT_LE(gateway_->session_count(), 2U);
  }
  EXPECT_EQ(workers_.count<bus::DrainSession>(), 4U);
  EXPECT_EQ(workers_.count<bus::RemoveSession>(), 3U);
}

TEST_F(Handshake, AStopWaitsForNoDrain) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(alice_));
  gateway_->begin_stop();
  run();
  EXPECT_TRUE(gateway_->stopped());
}

TEST_F(Handshake, FullTableIsRefusedAndTheCounterKept) {
  for (std::uint32_t i = 0; i < settings_.max_sessions; ++i) {
    // Peers are few, so sessions are kept from ending by holding their removal back.
    say_hello(alice_, v4(static_cast<std::uint8_t>(100 + i), 1));
    for (int k = 0; k < 4; ++k)
      gateway_->tick(now_);
  }
  say_hello(alice_, v4(200, 1));
  for (int k = 0; k < 4; ++k)
    gateway_->tick(now_);
  EXPECT_EQ(dropped(DropReason::kHelloNoCapacity), 1U);
  ASSERT_FALSE(out_.sent.empty());
  const auto refusal = alice_.read_refusal(out_.sent.back().bytes);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kCapacityExhausted);
  run();
}

TEST_F(Handshake, EmptyCommandPoolDelaysWelcomeAndConfirm) {
  workers_.credit = 0;
  say_hello(alice_);
  run();
  EXPECT_TRUE(out_.sent.empty());
  EXPECT_GE(counter(ControllerCounter::kCommandsUnavailable), 1U);
  workers_.credit = 16;
  advance(milliseconds(10));
  ASSERT_EQ(out_.sent.size(), 1U);
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  workers_.credit = 0;
  confirm(alice_);
  EXPECT_EQ(state(alice_), State::kBirth) << "nothing happens by halves";
  EXPECT_EQ(paths_.held, 0);
  workers_.credit = 16;
  confirm(alice_);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(Handshake, NoPathIsNoAttach) {
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  paths_.full = true;
  confirm(alice_);
  EXPECT_EQ(state(alice_), State::kBirth);
  EXPECT_EQ(counter(ControllerCounter::kNoPath), 1U);
  EXPECT_EQ(workers_.credit, 16U);
}

TEST_F(Handshake, WorkerThatRefusesTheBindingEndsTheSession) {
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  confirm(alice_);
  acknowledge(false);
  EXPECT_EQ(state(alice_), State::kTerminated);
  run();
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kInternalInconsistency), 1U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
