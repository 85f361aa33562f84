// Recordings that no gateway made, their checks right: each is named as a bad file, and nothing
// that it says reaches the core.
#include <array>
#include <fstream>
#include <initializer_list>

#include <gtest/gtest.h>

#include "../../support/temp_folder.hpp"
#include "ctl/policy_history.hpp"
#include "record/replayer.hpp"
#include "record/tape.hpp"
#include "record/taped_ports.hpp"

namespace jumpgate::record {
namespace {

constexpr MonoNs kBegin{1'000'000'000};

template <class... Values>
Bytes of(const Values&... values) {
  Bytes bytes;
  Writer writer(bytes);
  pass_all(writer, values...);
  return bytes;
}

struct Said {
  Call call{};
  Bytes asked;
  Bytes result;
};

class Forged : public ::testing::Test {
 protected:
  Forged() {
    settings_.slots_per_worker = 4;
    settings_.max_sessions = 4;
    settings_.max_peers = 4;
  }
  /// A record whose input has these values, and these exchanges.
  void add(Input input, MonoNs last_tick, MonoNs now, const Bytes& values,
           std::initializer_list<Said> exchanges = {}) {
    Bytes body = of(input, last_tick, now);
    body.insert(body.end(), values.begin(), values.end());
    Writer writer(body);
    for (const Said& said : exchanges) {
      pass(writer, said.call);
      for (const Bytes* part : {&said.asked, &said.result}) {
        writer.number(part->size());
        writer.bytes(*part);
      }
    }
    ASSERT_TRUE(writer_.write(body));
  }
  void add(Input input, const Bytes& values, std::initializer_list<Said> exchanges = {}) {
    add(input, kBegin, kBegin, values, exchanges);
  }
  /// The core of an empty configuration, or of `config_`.
  void start(const Bytes& routes_answer = of(std::optional<std::string>())) {
    std::size_t prefixes = 0;
    for (const config::PeerConfig& peer : config_.peers)
      prefixes += peer.allowed_ips.size();
    add(Input::kStart, of(settings_, config_),
        {{.call = Call::kPublishRoutes, .asked = of(prefixes), .result = routes_answer}});
  }
  std::expected<Replayed, ReplayFault> played() {
    const std::string path = folder_.path("tape");
    std::ofstream(path, std::ios::binary) << std::string(tape_.begin(), tape_.end());
    return replay(path, [](std::string_view) {});
  }
  void expect_refused(std::string_view why) {
    const auto result = played();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ReplayFault::Kind::kFile) << result.error().text;
    EXPECT_NE(result.error().text.find(why), std::string::npos) << result.error().text;
  }
  /// A tick in which the threads are done with a HELLO that says this.
  void add_job(std::uint64_t number, const ctl::HandshakeJob& job, bool released = false) {
    const Said polled{.call = Call::kPollJob, .asked = of(number), .result = of(job)};
    if (released)
      add(Input::kTick, {},
          {polled, {.call = Call::kReleaseJob, .asked = of(number), .result = {}}});
    else
      add(Input::kTick, {}, {polled});
  }
  static ctl::HandshakeJob failed(DropReason reason) {
    ctl::HandshakeJob job;
    job.failure = reason;
    return job;
  }

  ctl::Settings settings_;
  config::GatewayConfig config_;
  Bytes tape_;
  TapeWriter writer_{[this](std::span<const std::uint8_t> bytes) {
    tape_.insert(tape_.end(), bytes.begin(), bytes.end());
    return true;
  }};
  testing::TempFolder folder_;
};

constexpr std::string_view kNoAnswer =
    "record 2: tick: takes a handshake job that is done: no port answers like that";

TEST_F(Forged, WhatTheseTestsBreakIsSoundBefore) {
  config_.ports.resize(2);
  config_.routes.push_back({.prefix = {}, .port = 1, .via = {}, .place = {}});
  start();
  add_job(1, failed(DropReason::kHelloUnknownPeer), true);
  add_job(2, failed(DropReason::kHelloUnknownPeer), true);
  add(Input::kTick, kBegin + seconds(1), kBegin + seconds(2), {});
  add(Input::kLink, kBegin + seconds(2), kBegin + seconds(2), of(std::uint8_t{15}, true));
  const auto result = played();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->inputs, 5U);
  EXPECT_EQ(result->exchanges, 5U);
}

TEST_F(Forged, AJobOfAPeerThatIsNotThere) {
  start();
  ctl::HandshakeJob job;
  job.peer = 3;
  add_job(1, job);
  expect_refused(kNoAnswer);
}

TEST_F(Forged, AJobWithADropReasonThatIsNone) {
  start();
  add_job(1, failed(DropReason{kDropReasonCount}));
  expect_refused(kNoAnswer);
}

TEST_F(Forged, AJobThatWasNotSubmitted) {
  start();
  add_job(1, failed(DropReason::kHelloUnknownPeer), true);
  add_job(1, failed(DropReason::kHelloUnknownPeer), true);
  expect_refused("record 3: tick: takes a handshake job that is done: no port answers like that");
}

TEST_F(Forged, AJobThatIsDoneAsAnotherKind) {
  start();
  ctl::HandshakeJob job = failed(DropReason::kHelloUnknownPeer);
  job.kind = ctl::HandshakeJob::Kind::kRekey;
  add_job(1, job, true);
  expect_refused(kNoAnswer);
}

TEST_F(Forged, AJobWithALongerAnswerThanThereIs) {
  start();
  ctl::HandshakeJob job = failed(DropReason::kHelloUnknownPeer);
  job.answer_size = job.answer.size() + 1;
  add_job(1, job, true);
  expect_refused(kNoAnswer);
}

TEST_F(Forged, AnAnswerThatCanNotBeRead) {
  start({7});
  expect_refused("record 1: start: publishes routes: no port answers like that");
}

TEST_F(Forged, AnAnswerWithMoreInItThanAnAnswer) {
  start({0, 0});
  expect_refused("record 1: start: publishes routes: no port answers like that");
}

TEST_F(Forged, AnExchangeThatIsCut) {
  start();
  add(Input::kTick, of(Call::kPollJob, std::uint64_t{9}));
  expect_refused("record 2: tick: an exchange in it is not whole");
}

TEST_F(Forged, ARouteByAPortThatIsNotThere) {
  config_.routes.push_back({.prefix = {}, .port = 1, .via = {}, .place = {}});
  start();
  expect_refused("record 1: start: a route by port 1 of 0");
}

TEST_F(Forged, AReloadWithARouteByAPortThatIsNotThere) {
  config_.ports.resize(1);
  config_.routes.push_back({.prefix = {}, .port = 0, .via = {}, .place = {}});
  start();
  config_.routes.front().port = 1;
  add(Input::kReload, of(config_));
  expect_refused("record 2: reload: a route by port 1 of 1");
}

TEST_F(Forged, AFilterThatIsNotThere) {
  config_.inner.filter = 0;
  start();
  expect_refused("record 1: start: [inner] names a filter that is not there");
}

TEST_F(Forged, MorePeersThanThereIsRoomFor) {
  for (std::uint8_t i = 0; i < 5; ++i)
    config_.peers.emplace_back().public_key.fill(i);
  start();
  expect_refused("record 1: start: 5 peers, and room for 4");
}

TEST_F(Forged, TwoPeersWithOneKey) {
  config_.peers.resize(2);
  start();
  expect_refused("record 1: start: two peers have the same key");
}

TEST_F(Forged, TablesThatNoGatewayHas) {
  settings_.slots_per_worker = 0;
  start();
  expect_refused("record 1: start: 0 slots for each of 1 workers");
}

TEST_F(Forged, OneWorkerWithMoreSlotsThanItsIdsName) {
  settings_.slots_per_worker = limits::kMaxSlotsPerWorker + 1;
  start();
  expect_refused("record 1: start: 4194305 slots for each of 1 workers");
}

TEST_F(Forged, APolicyOutOfItsRange) {
  start();
  session::PolicySet set;
  set.base.switching.recovery_window = seconds(-1);
  add(Input::kApplyPolicy, of(set, std::string("by hand"), ctl::PolicyApplication::kStrict));
  expect_refused("record 2: policy: switching.recovery_window");
}

TEST_F(Forged, AProfileOutOfItsRange) {
  config_.policies.profiles.emplace_back().policy.session.max_lifetime = seconds(0);
  start();
  expect_refused("record 1: start: a profile's session.max_lifetime");
}

TEST_F(Forged, TimeThatGoesBackwards) {
  start();
  add(Input::kTerminate, kBegin, kBegin + seconds(2), of(SessionId()));
  add(Input::kTerminate, kBegin, kBegin + seconds(1), of(SessionId()));
  expect_refused("record 3: terminate: its time goes backwards");
}

TEST_F(Forged, ATickBeforeTheOneBefore) {
  start();
  add(Input::kTick, kBegin, kBegin + seconds(2), {});
  add(Input::kTick, kBegin + seconds(1), kBegin + seconds(3), {});
  expect_refused("record 3: tick: its time goes backwards");
}

TEST_F(Forged, TimeThatNoClockShows) {
  start();
  add(Input::kTick, kBegin, kNever, {});
  expect_refused("record 2: tick: its time goes backwards, or is none that a clock shows");
}

TEST_F(Forged, AnInputThatIsNone) {
  start();
  add(Input{77}, {});
  expect_refused("record 2: unknown input: this program knows no such input");
}

TEST_F(Forged, APortThatIsNone) {
  start();
  add(Input::kLink, of(std::uint8_t{limits::kMaxPorts}, true));
  expect_refused("record 2: link: of port 16");
}

TEST_F(Forged, ASecondStart) {
  start();
  start();
  expect_refused("record 2: no input that can come here");
}

}  // namespace
}  // namespace jumpgate::record
