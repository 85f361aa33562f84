// A recorded controller, played again: the same decisions, and no secret in the recording.
#include <fstream>

#include "../../support/temp_folder.hpp"
#include "audit/json_line.hpp"
#include "record/record_file.hpp"
#include "record/replayer.hpp"
#include "recorded_gateway.hpp"

namespace jumpgate::ctl::testing {
namespace {

using record::ReplayFault;

class Replay : public RecordedGateway {
 protected:
  struct Played {
    std::vector<std::string> events;
    std::expected<record::Replayed, ReplayFault> result;
  };
  [[nodiscard]] Played play(const record::Bytes& tape) {
    const std::string path = folder_.path("tape");
    std::ofstream(path, std::ios::binary) << std::string(tape.begin(), tape.end());
    Played played{.events = {}, .result = record::Replayed{}};
    played.result =
        record::replay(path, [&](std::string_view line) { played.events.emplace_back(line); });
    return played;
  }
  [[nodiscard]] std::vector<std::string> published() const {
    std::vector<std::string> lines;
    for (audit::Event event : events_) {
      event.seq = 0;
      lines.push_back(audit::to_json_line(event, "", 0));
    }
    return lines;
  }
  void expect_not_on_tape(std::span<const std::uint8_t> secret, const char* what) {
    ASSERT_GE(secret.size(), 16U);
    EXPECT_TRUE(std::ranges::search(tape_, secret).empty()) << what << " is in the recording";
  }

  jumpgate::testing::TempFolder folder_;
};

TEST_F(Replay, DoesTheSameAgain) {
  live();
  recorder_->finish();
  const Played played = play(tape_);
  ASSERT_TRUE(played.result) << played.result.error().text;
  EXPECT_TRUE(played.result->whole);
  EXPECT_EQ(played.events, published());
  EXPECT_EQ(played.result->events, events_.size());
  EXPECT_GT(played.result->inputs, 30U);
  EXPECT_EQ(played.result->sessions, gateway_->session_count());
}

TEST_F(Replay, OfAProgramThatEndedWithoutAWordGoesAsFarAsItsRecords) {
  live();
  const Played played = play(tape_);
  ASSERT_TRUE(played.result) << played.result.error().text;
  EXPECT_FALSE(played.result->whole);
  EXPECT_EQ(played.events, published());
}

TEST_F(Replay, OfReloadsThatChangeFiltersAloneDoesTheSameAgain) {
  // A rule, where it stands, who has the set, and who has it for want of another.
  const auto filtered = [this](std::uint16_t port, std::uint32_t line, bool bob, bool all) {
    auto made = config_with(true, true);
    made->filters = {{.name = "web",
                      .otherwise = net::FilterAction::kDeny,
                      .rules = {{.protocol = 6, .to_ports = {port, port}, .line = line}}}};
    if (bob) made->peers[1].filter = 0;
    if (all) made->inner.filter = 0;
    return made;
  };
  const std::array configs{filtered(80, 9, false, false), filtered(443, 9, false, false),
                           filtered(443, 10, false, false), filtered(443, 10, true, false),
                           filtered(443, 10, true, true)};
  int published = routes_.published;
  for (const auto& config : configs) {
    ASSERT_TRUE(gateway_->reload(config, now_));
    EXPECT_EQ(routes_.published, ++published);
  }
  recorder_->finish();
  const Played played = play(tape_);
  ASSERT_TRUE(played.result) << played.result.error().text;
  EXPECT_TRUE(played.result->whole);
  EXPECT_EQ(played.result->inputs, 2 * configs.size() + 2) << "a reload begins, and is applied";
}

// Who is new gets an index that was free when it began, and so it does in the replay.
TEST_F(Replay, OfAReloadGoesByWhatWasFreeWhenItBegan) {
  ASSERT_TRUE(attach(bob_, kCell));
  ASSERT_TRUE(gateway_->reload(config_with(true, false), now_));
  const auto basis = gateway_->begin_reload(now_);
  run();  // the last of bob is gone now
  auto next = config_with(true, true);
  next->peers[1].name = "carol";
  next->peers[1].public_key = PublicKey{9};
  auto plan = gateway_->plan_reload(basis.value(), next);
  ASSERT_TRUE(gateway_->reload(plan.value(), now_));
  EXPECT_EQ(routes_.prefixes.back().peer, 2U);
  recorder_->finish();
  const Played played = play(tape_);
  EXPECT_TRUE(played.result) << played.result.error().text;
}

TEST_F(Replay, WhatComesAfterTheEndIsNamed) {
  recorder_->finish();
  ASSERT_TRUE(play(tape_).result);
  record::Bytes longer;
  record::TapeWriter writer([&longer](std::span<const std::uint8_t> bytes) {
    longer.insert(longer.end(), bytes.begin(), bytes.end());
    return true;
  });
  auto reader = record::TapeReader::open(folder_.path("tape"));
  record::Bytes last;
  for (auto next = reader->next(); next && *next; next = reader->next()) {
    last.assign((*next)->begin(), (*next)->end());
    ASSERT_TRUE(writer.write(last));
  }
  ASSERT_TRUE(writer.write(last));
  const Played played = play(longer);
  ASSERT_FALSE(played.result);
  EXPECT_EQ(played.result.error().kind, ReplayFault::Kind::kFile);
  EXPECT_NE(played.result.error().text.find("record 3: comes after the end"), std::string::npos)
      << played.result.error().text;
  tape_.push_back(0);
  EXPECT_FALSE(play(tape_).result) << "nor do bytes that are no record";
}

TEST_F(Replay, AConfigurationTooLargeForARecordEndsItAtOnce) {
  const auto ended = [this](std::size_t peers) {
    config::GatewayConfig config;
    const IpPrefix inner{.address = {.family = IpFamily::kV4, .bytes = {10}}, .length = 32};
    for (std::size_t i = 0; i < peers; ++i) {
      config::PeerConfig& peer = config.peers.emplace_back();
      peer.name = "peer-" + std::to_string(i);
      peer.addresses = peer.allowed_ips = {inner};
    }
    std::size_t most = 0;
    record::Recorder recorder(
        [&most](std::span<const std::uint8_t> bytes) {
          most = std::max(most, bytes.size());
          return true;
        },
        ports(), settings_.cid_key);
    recorder.on_start(settings_, config, now_);
    recorder.on_done();
    EXPECT_LE(most, record::RecordFile::kRing);
    return recorder.ended();
  };
  EXPECT_FALSE(ended(90'000));
  EXPECT_TRUE(ended(120'000));
}

TEST_F(Replay, NoSecretIsRecorded) {
  ASSERT_TRUE(attach(alice_));
  const Session* session = find(alice_);
  expect_not_on_tape(session->root.get(), "the root key");
  expect_not_on_tape(session->control_send.get(), "a control key");
  const auto& installed = workers_.last<bus::InstallSession>();
  expect_not_on_tape(installed.control.key, "a control key");
  expect_not_on_tape(installed.epoch.send.key, "a traffic key");
  expect_not_on_tape(installed.epoch.receive.key, "a traffic key");
  expect_not_on_tape(settings_.cid_key, "the key of connection ids");
  expect_not_on_tape(kResetKey, "the key of resets");
  expect_not_on_tape(own_.private_key.get(), "the gateway's private key");
  expect_not_on_tape(alice_.welcome.gateway_id.reset_token, "a reset token");
  const std::array<std::uint8_t, 16>& id = alice_.welcome.session_id.bytes;
  EXPECT_FALSE(std::ranges::search(tape_, id).empty()) << "the search finds what is there";
}

/// The recording with one record changed and every check made anew.
record::Bytes with_changed(const std::string& path, std::uint64_t number,
                           const std::function<void(record::Bytes&)>& change) {
  record::Bytes made;
  record::TapeWriter writer([&made](std::span<const std::uint8_t> bytes) {
    made.insert(made.end(), bytes.begin(), bytes.end());
    return true;
  });
  auto reader = record::TapeReader::open(path);
  for (auto next = reader->next(); next && *next; next = reader->next()) {
    record::Bytes body((*next)->begin(), (*next)->end());
    if (reader->number() == number) change(body);
    EXPECT_TRUE(writer.write(body));
  }
  return made;
}

TEST_F(Replay, AnEditWithItsChecksMadeAnewIsADifferenceWithItsRecord) {
  live();
  ASSERT_TRUE(play(tape_).result);
  // An event's reason, in the first record that holds one.
  std::uint64_t edited = 0;
  for (std::uint64_t number = 2; edited == 0; ++number) {
    const record::Bytes changed =
        with_changed(folder_.path("tape"), number, [&](record::Bytes& body) {
          const std::string_view reason = "attached_to_transport";
          const auto at = std::ranges::search(body, reason);
          if (at.empty()) return;
          edited = number;
          at.front() ^= 1;
        });
    if (edited == 0) continue;
    const Played played = play(changed);
    ASSERT_FALSE(played.result);
    EXPECT_EQ(played.result.error().kind, ReplayFault::Kind::kDifference);
    EXPECT_NE(played.result.error().text.find("record " + std::to_string(edited) + ": "),
              std::string::npos)
        << played.result.error().text;
    EXPECT_NE(played.result.error().text.find("replayed: publishes an event"), std::string::npos);
  }
}

TEST_F(Replay, ADamagedFileIsNoDifference) {
  live();
  record::Bytes bad = tape_;
  bad[bad.size() / 2] ^= 1;
  const Played played = play(bad);
  ASSERT_FALSE(played.result);
  EXPECT_EQ(played.result.error().kind, ReplayFault::Kind::kFile);
  EXPECT_NE(played.result.error().text.find("damaged or edited"), std::string::npos)
      << played.result.error().text;
}

TEST_F(Replay, ATickWithNothingToDoCostsNothing) {
  ASSERT_TRUE(attach(alice_));
  const std::size_t before = tape_.size();
  for (int i = 0; i < 1000; ++i)
    gateway_->tick(now_ + milliseconds(1));
  EXPECT_EQ(tape_.size(), before);
}

TEST_F(Replay, AHelloThatIsTurnedAwayIsNotRecorded) {
  const std::size_t before = tape_.size();
  gateway_->on_handshake(record::Bytes(wire::kHelloSize), kWifi, kGateway, 0, now_);
  EXPECT_EQ(tape_.size(), before);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
