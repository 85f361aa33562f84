// VLAN tags (IEEE 802.1Q): taken off and put on in software, and what comes with the wrong one.
#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

ByteVector tagged(const ByteVector& frame, std::uint16_t tci) {
  ByteVector out(frame.begin(), frame.begin() + 12);
  out.insert(out.end(), {0x81, 0x00, static_cast<std::uint8_t>(tci >> 8),
                         static_cast<std::uint8_t>(tci & 0xff)});
  out.insert(out.end(), frame.begin() + 12, frame.end());
  return out;
}

class Vlan : public testing::Test {
 protected:
  void port(std::uint8_t index, std::uint16_t vlan) {
    const_cast<data::Shard&>(h.workers[0]->shard()).ports[index].vlan = vlan;
  }
  Harness h;
  Client client{h.attached(0, 0)};
};

TEST_F(Vlan, BothPortsSpeakTheirOwn) {
  port(kOuterPort, 7);
  port(kInnerPort, 100);
  h.put(kOuterPort, tagged(client.frame(client.data(inner_packet("10.8.0.2", "10.0.0.9"))), 7));
  // A priority in front of the number changes nothing.
  h.put(kInnerPort,
        tagged(frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")), 0xa000 | 100));
  h.poll();
  const auto inside = h.sent(kInnerPort), outside = h.sent(kOuterPort);
  ASSERT_TRUE(inside.size() == 1 && outside.size() == 1);
  EXPECT_EQ(base::load_be16(&inside[0][12]), 0x8100);
  EXPECT_EQ(base::load_be16(&inside[0][14]), 100);
  EXPECT_EQ(base::load_be16(&inside[0][16]), net::kEtherTypeIpv4);
  EXPECT_EQ(base::load_be16(&outside[0][14]), 7);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST_F(Vlan, TheWrongOneOrNoneIsDropped) {
  port(kInnerPort, 100);
  const ByteVector frame = frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2"));
  h.put(kInnerPort, frame);
  h.put(kInnerPort, tagged(frame, 101));
  h.put(kInnerPort, tagged(frame, 0));
  h.put(kOuterPort, tagged(client.frame(client.data(inner_packet("10.8.0.2", "10.0.0.9"))), 9));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kVlanUnknown), 4U);
  EXPECT_EQ(h.all_drops(), 4U);
}

TEST_F(Vlan, APriorityTagIsAsGoodAsNone) {
  h.put(kInnerPort, tagged(frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")), 0xe000));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
}

TEST_F(Vlan, OneTagIsTakenOffWhoeverTookIt) {
  port(kInnerPort, 100);
  const ByteVector frame = frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2"));
  const auto put_stripped = [&](const ByteVector& rest, std::uint16_t tci) {
    rte_mbuf* mbuf = h.mbuf_of(rest);
    mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    mbuf->vlan_tci = tci;
    h.inner.put(0, mbuf);
  };
  // The port took its own tag off: what stands in the frame is another's.
  put_stripped(tagged(frame, 100), 100);
  put_stripped(frame, 101);
  put_stripped(frame, 100);
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kEtherTypeUnknown), 1U);
  EXPECT_EQ(h.dropped(DropReason::kVlanUnknown), 1U);
  EXPECT_EQ(h.opened(client).size(), 1U);
}

TEST_F(Vlan, AnUntaggedPortTakesAnotherTagInsideForAnUnknownType) {
  const ByteVector frame = frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2"));
  h.put(kInnerPort, tagged(tagged(frame, 5), 0));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kEtherTypeUnknown), 1U);
}

}  // namespace
}  // namespace jumpgate::test
