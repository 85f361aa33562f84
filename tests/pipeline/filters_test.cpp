// Filters of peers in the worker: both directions, both families, and who is not concerned.
#include "base/text.hpp"
#include "harness.hpp"
#include "net/filter_image.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

class Filters : public testing::Test {
 protected:
  /// Peer 0 has the rules, peer 1 has none.
  void use(std::vector<net::FilterRule> rules, net::FilterAction otherwise) {
    const net::FilterSet set{.name = "f", .otherwise = otherwise, .rules = std::move(rules)};
    auto image = net::FilterImage::build({&set, 1}, {0, net::kNoFilter});
    ASSERT_TRUE(image);
    published = std::make_unique<net::Published<net::FilterImage>>(h.quiescence, std::move(*image));
    h.shared->inner.filters = published.get();
  }
  ~Filters() override { h.shared->inner.filters = nullptr; }

  std::size_t in(Client& from, const ByteVector& packet) {
    h.put(from, from.data(packet));
    h.poll();
    return h.delivered().size();
  }
  std::size_t out(const Client& to, const ByteVector& packet) {
    h.put(kInnerPort, frame_of(kInnerMac, packet));
    h.poll();
    return h.opened(to).size();
  }
  [[nodiscard]] std::uint64_t denied() const { return h.dropped(DropReason::kFilterDenied); }

  Harness h;
  Client one{h.attached(0, 0)};
  Client two{h.attached(1, 1)};
  std::unique_ptr<net::Published<net::FilterImage>> published;
};

net::FilterRule rule(net::FilterAction action, net::FilterDirection direction) {
  return {.action = action, .direction = direction};
}

TEST_F(Filters, EachDirectionHasItsOwnRules) {
  use({rule(net::FilterAction::kDeny, net::FilterDirection::kIn)}, net::FilterAction::kAllow);
  EXPECT_EQ(in(one, inner_packet("10.8.0.2", "10.0.0.9")), 0U);
  EXPECT_EQ(in(one, inner_packet("fd00:8::2", "fd00:a::9")), 0U);
  EXPECT_EQ(out(one, inner_packet("10.0.0.9", "10.8.0.2")), 1U);
  EXPECT_EQ(denied(), 2U);
  use({rule(net::FilterAction::kDeny, net::FilterDirection::kOut)}, net::FilterAction::kAllow);
  EXPECT_EQ(in(one, inner_packet("10.8.0.2", "10.0.0.9")), 1U);
  EXPECT_EQ(out(one, inner_packet("10.0.0.9", "10.8.0.2")), 0U);
  EXPECT_EQ(out(one, inner_packet("fd00:a::9", "fd00:8::2")), 0U);
  EXPECT_EQ(denied(), 4U);
  EXPECT_EQ(h.reports(bus::ReportKind::kInnerRefused).size(), 4U) << "their senders are told";
}

TEST_F(Filters, APeerWithoutAFilterIsNotConcerned) {
  use({}, net::FilterAction::kDeny);
  EXPECT_EQ(in(one, inner_packet("10.8.0.2", "10.0.0.9")), 0U);
  EXPECT_EQ(in(two, inner_packet("10.8.0.3", "10.0.0.9")), 1U);
  EXPECT_EQ(out(two, inner_packet("10.0.0.9", "10.8.0.3")), 1U);
  h.reports();
}

TEST_F(Filters, BetweenClientsBothFiltersCount) {
  use({rule(net::FilterAction::kDeny, net::FilterDirection::kOut)}, net::FilterAction::kAllow);
  h.put(two, two.data(inner_packet("10.8.0.3", "10.8.0.2")));
  h.put(one, one.data(inner_packet("10.8.0.2", "10.8.0.3")));
  h.poll();
  EXPECT_EQ(denied(), 1U);
  EXPECT_EQ(h.opened(two).size(), 1U) << "out to the one that has no filter";
  use({rule(net::FilterAction::kDeny, net::FilterDirection::kIn)}, net::FilterAction::kAllow);
  h.put(two, two.data(inner_packet("10.8.0.3", "10.8.0.2")));
  h.put(one, one.data(inner_packet("10.8.0.2", "10.8.0.3")));
  h.poll();
  EXPECT_EQ(denied(), 2U);
  EXPECT_EQ(h.opened(one).size(), 1U) << "in from the one that has no filter";
  h.reports();
}

TEST_F(Filters, ABurstOfBothFamiliesAndPeersIsJudgedPacketByPacket) {
  net::FilterRule web{.action = net::FilterAction::kDeny,
                      .direction = net::FilterDirection::kIn,
                      .to = *base::parse_prefix("10.0.0.9/32")};
  use({web}, net::FilterAction::kAllow);
  for (int i = 0; i < 8; ++i) {
    h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
    h.put(one, one.data(inner_packet("fd00:8::2", "fd00:a::9")));
    h.put(two, two.data(inner_packet("10.8.0.3", "10.0.0.9")));
  }
  h.poll();
  EXPECT_EQ(denied(), 8U);
  EXPECT_EQ(h.delivered().size(), 16U);
  h.reports();
}

TEST_F(Filters, FlowsInRowsAreToldApartByTheirLastPort) {
  net::FilterRule seven{
      .action = net::FilterAction::kDeny, .protocol = net::kProtocolUdp, .to_ports = {7, 7}};
  use({seven}, net::FilterAction::kAllow);
  for (const std::uint16_t port : std::array<std::uint16_t, 6>{7, 7, 8, 8, 7, 8}) {
    ByteVector packet = inner_packet("10.8.0.2", "10.0.0.9");
    base::store_be16(&packet[net::kIpv4Size + 2], port);
    h.put(one, one.data(packet));
  }
  h.poll();
  EXPECT_EQ(denied(), 3U);
  EXPECT_EQ(h.delivered().size(), 3U);
  h.reports();
}

TEST_F(Filters, ThePiecesOfAnAllowedPacketPass) {
  net::FilterRule echo{
      .action = net::FilterAction::kAllow, .protocol = net::kProtocolUdp, .to_ports = {7, 7}};
  use({echo}, net::FilterAction::kDeny);
  ByteVector whole = inner_packet("10.0.0.9", "10.8.0.2", 1452);
  base::store_be16(&whole[6], 0);
  EXPECT_EQ(out(one, with_class(whole, 0)), 2U) << "judged whole, cut afterwards";
  EXPECT_EQ(denied(), 0U);
}

TEST_F(Filters, WhatIsNoPacketKeepsItsOwnName) {
  use({}, net::FilterAction::kDeny);
  EXPECT_EQ(in(one, ByteVector(10, 0x45)), 0U);
  EXPECT_EQ(h.dropped(DropReason::kInnerTooShort), 1U);
  EXPECT_EQ(denied(), 0U);
}

TEST_F(Filters, WhatIsNotThePeersIsDroppedInSilence) {
  use({}, net::FilterAction::kDeny);
  EXPECT_EQ(in(one, inner_packet("10.8.0.3", "10.0.0.9")), 0U);
  EXPECT_EQ(in(one, inner_packet("fd00:8::3", "fd00:a::9")), 0U);
  EXPECT_EQ(h.dropped(DropReason::kInnerBadSource), 2U);
  EXPECT_EQ(denied(), 0U);
  EXPECT_TRUE(h.reports(bus::ReportKind::kInnerRefused).empty())
      << "an error would go to the one whose address it is";
}

TEST_F(Filters, TheGatewaysOwnPacketsPass) {
  use({}, net::FilterAction::kDeny);
  rte_mbuf* mbuf = h.mbuf_of(inner_packet("10.0.0.1", "10.8.0.2", 20, 64));
  mbuf->port = bus::kIntoTunnel;
  ASSERT_TRUE(h.frames[0]->push(mbuf));
  h.poll();
  EXPECT_EQ(h.opened(one).size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
