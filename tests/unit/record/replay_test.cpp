// A recorded controller, played again: the same decisions, and no secret in the recording.
#include <fstream>

#include "../../support/temp_folder.hpp"
#include "../ctl/gateway_fixture.hpp"
#include "audit/json_line.hpp"
#include "record/recorder.hpp"
#include "record/replayer.hpp"

namespace jumpgate::ctl::testing {
namespace {

using record::ReplayFault;

class Replay : public GatewayTest {
 protected:
  void SetUp() override {
    const Ports real{.workers = workers_,
                     .datagrams = out_,
                     .paths = paths_,
                     .handshakes = handshakes_,
                     .routes = routes_,
                     .events = log_,
                     .random = random_};
    recorder_.emplace(
        [this](std::span<const std::uint8_t> bytes) {
          tape_.insert(tape_.end(), bytes.begin(), bytes.end());
          return true;
        },
        real, settings_.cid_key);
    log_.observe(&recorder_->events());
    recorder_->on_start(settings_, *config_with(true, true), now_);
    gateway_.emplace(settings_, recorder_->ports(), config_with(true, true),
                     crypto::ResetKey(kResetKey), now_);
    recorder_->on_done();
    gateway_->set_tap(&*recorder_);
  }
  /// A life with something of everything.
  void live() {
    ASSERT_TRUE(attach(alice_));
    ASSERT_TRUE(attach(bob_, kCell));
    advance(seconds(2));
    ASSERT_TRUE(jump(alice_, kCell));
    edge(bob_, bus::ReportKind::kSilence, kCell);
    edge(bob_, bus::ReportKind::kAlive, kCell);
    advance(seconds(1));
    edge(alice_, bus::ReportKind::kVolatile, kCell,
         static_cast<std::uint64_t>(Reason::kLossThresholdExceeded));
    advance(seconds(6));
    policy_.session.max_lifetime = seconds(100);
    ASSERT_TRUE(gateway_->apply_policy({policy_}, "tight", PolicyApplication::kGrace, now_));
    ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
    gateway_->reload_refused("session.max_lifetime", now_);
    gateway_->on_link(0, false);
    advance(seconds(1));
    gateway_->on_link(0, true);
    send_reattach(alice_, reattach(alice_), kWifi);  // nobody answers its challenge
    advance(seconds(9));
    ASSERT_TRUE(gateway_->terminate(bob_.welcome.session_id, now_));
    run();
    gateway_->begin_stop();
    run();
    collect();
  }
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

  static constexpr std::array<std::uint8_t, 32> kResetKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  record::Bytes tape_;
  std::optional<record::Recorder> recorder_;
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
