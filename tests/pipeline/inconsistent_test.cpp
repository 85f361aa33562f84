// A session whose record contradicts itself, as only a fault of our own leaves it. A debug build stops where it is seen;
// a release build ends that session and no other, so this program is built as a release build is.
#include "harness.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

/// A record that no command can make: what a fault of our own would leave.
data::Shard& broken(Harness& h) {
  return const_cast<data::Shard&>(h.workers[0]->shard());
}

TEST(Inconsistent, RecordBehindTheHotLineStopsTheSessionAlone) {
  Harness h;
  Client client = h.attached(0, 0);
  Client other = h.attached(1, 1);
  broken(h).sessions.epochs(0)[0].receive_cid.value ^= 1;
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.put(other, other.data(inner_packet("10.8.0.3", "10.0.0.9")));
  h.poll();
  const auto told = h.reports(ReportKind::kInconsistent);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].report.session, client.ref);
  EXPECT_EQ(h.delivered().size(), 1U) << "the other session goes on";
  h.advance(seconds(1));
  h.poll();
  EXPECT_EQ(h.opened(other).size(), 1U) << "the stopped one sends no heartbeat";
  EXPECT_TRUE(h.reports(ReportKind::kInconsistent).empty());
  EXPECT_TRUE(h.command(client.ref, bus::RemoveSession{}));
}

TEST(Inconsistent, NothingIsSealedInAnEpochThatIsNotCurrentAndAFullRingIsNoExcuse) {
  Harness h;
  static_cast<void>(h.attached(0, 0));
  h.poll();
  static_cast<void>(h.sent(kOuterPort));
  broken(h).sessions.epochs(0)[0].role = data::EpochRole::kPrevious;
  bus::Report filler;
  while (h.report_channels[0]->push(filler)) {
  }
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_TRUE(h.sent(kOuterPort).empty());
  h.reports();
  h.advance(milliseconds(11));
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kInconsistent).size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
