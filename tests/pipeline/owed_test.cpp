// Edges that find the report ring full: told when it has room, unless they are history by then.
#include "proposal.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

class Owed : public testing::Test {
 protected:
  void fill_ring() {
    for (bus::Report filler; h.report_channels[0]->push(filler);) {
    }
  }
  /// What is told of the kind within a few milliseconds of there being room again.
  std::vector<Taken> told(ReportKind kind) {
    h.reports();
    h.advance(milliseconds(11));
    h.poll();
    return h.reports(kind);
  }
  void pass(Duration time) {
    for (Duration passed; passed < time; passed = passed + milliseconds(100)) {
      h.advance(milliseconds(100));
      h.poll();
    }
    h.sent(kOuterPort);  // heartbeats
  }

  /// A packet comes in an epoch that is proposed, and the ring is full.
  void use_proposal(std::uint64_t epoch) {
    Client next = proposed(h, client, epoch);
    ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
    fill_ring();
    h.put(next, next.data(to_server()));
    h.poll();
  }

  Harness h;
  Client client{h.attached(4, 0)};
};

TEST_F(Owed, ACloseAndItsReason) {
  ByteVector plaintext(wire::kCloseSize);
  wire::encode_close({.reason = Reason::kPeerClosed},
                     std::span<std::uint8_t, wire::kCloseSize>(plaintext.data(), wire::kCloseSize));
  fill_ring();
  h.put(client, client.seal(wire::Type::kClose, plaintext));
  h.poll();
  const auto closed = told(ReportKind::kPeerClosed);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].report.value, static_cast<std::uint64_t>(Reason::kPeerClosed));
  EXPECT_EQ(closed[0].report.session, client.ref);
  EXPECT_TRUE(told(ReportKind::kPeerClosed).empty()) << "once";
}

TEST_F(Owed, TheEndOfADrain) {
  jumped(h, client);
  fill_ring();
  pass(milliseconds(500));
  const auto released = told(ReportKind::kEpochReleased);
  ASSERT_EQ(released.size(), 1U);
  EXPECT_EQ(released[0].report.value, client.keys.epoch);
  EXPECT_TRUE(told(ReportKind::kEpochReleased).empty());
}

TEST_F(Owed, TheFirstPacketOfAProposedEpoch) {
  use_proposal(2);
  const auto confirmed = told(ReportKind::kEpochConfirmed);
  ASSERT_EQ(confirmed.size(), 1U);
  EXPECT_EQ(confirmed[0].report.value, 2U);
  EXPECT_TRUE(told(ReportKind::kEpochConfirmed).empty());
}

TEST_F(Owed, AProposalThatNobodyUsedIsNotConfirmedByTheOneBefore) {
  use_proposal(2);
  const Client other = proposed(h, client, 3);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{other.keys, other.gateway_cid}));
  EXPECT_TRUE(told(ReportKind::kEpochConfirmed).empty());
}

TEST_F(Owed, TheEndOfASilence) {
  pass(seconds(3));
  ASSERT_EQ(h.reports(ReportKind::kSilence).size(), 1U);
  fill_ring();
  h.put(client, client.heartbeat());
  h.poll();
  EXPECT_EQ(told(ReportKind::kAlive).size(), 1U);
  EXPECT_TRUE(told(ReportKind::kAlive).empty());
}

TEST_F(Owed, ASilenceThatEndedIsNotToldAfterItsEnd) {
  fill_ring();
  pass(seconds(3));
  h.put(client, client.heartbeat());
  h.poll();
  EXPECT_TRUE(told(ReportKind::kSilence).empty());
}

TEST_F(Owed, TheSilenceOfABindingIsNotToldOfTheNextOne) {
  fill_ring();
  pass(seconds(3));
  client = jumped(h, client);
  EXPECT_TRUE(told(ReportKind::kSilence).empty());
}

}  // namespace
}  // namespace jumpgate::test
