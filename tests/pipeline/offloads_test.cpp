// What a port is told that makes the checksums of the frames it is given (rte_mbuf_core.h).
#include "harness.hpp"
#include "net/checksum.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

class Offloads : public testing::TestWithParam<bool> {
 protected:
  explicit Offloads(PortOffloads does = {.tx_ipv4_checksum = true, .tx_udp_checksum = true})
      : h(1, Harness::small(), does) {}
  /// The frame as it leaves a card that does what its flags and lengths say.
  static ByteVector completed(rte_mbuf* mbuf) {
    ByteVector frame(rte_pktmbuf_mtod(mbuf, std::uint8_t*),
                     rte_pktmbuf_mtod(mbuf, std::uint8_t*) + rte_pktmbuf_data_len(mbuf));
    const auto ip = std::span(frame).subspan(mbuf->l2_len);
    const auto udp = ip.subspan(mbuf->l3_len);
    if ((mbuf->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM) != 0)
      base::store_be16(&udp[6], net::internet_checksum(udp));
    if ((mbuf->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0)
      base::store_be16(&ip[net::kIpv4ChecksumOffset],
                       net::internet_checksum(ip.first(mbuf->l3_len)));
    rte_pktmbuf_free(mbuf);
    return frame;
  }

  Harness h;
};
INSTANTIATE_TEST_SUITE_P(OuterFamilies, Offloads, testing::Bool());

TEST_P(Offloads, TheCardFindsWhatItHasToSumUp) {
  const Client client = h.install(0, 0, Suite::kAes256Gcm, GetParam());
  ASSERT_TRUE(h.command(client.ref, bus::Attach{Harness::path_to(client)}));
  h.peers->set(0, client.ref);
  for (std::size_t payload = 30; payload < 40; ++payload)
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", payload)));
  h.poll();
  std::size_t count = 0;
  while (rte_mbuf* mbuf = h.outer.take()) {
    EXPECT_EQ(mbuf->ol_flags,
              RTE_MBUF_F_TX_UDP_CKSUM |
                  (GetParam() ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM));
    EXPECT_TRUE(Harness::open(client, completed(mbuf))) << "both sums are right";
    ++count;
  }
  EXPECT_EQ(count, 11U) << "and the heartbeat of Attach";
}

class UdpOffload : public Offloads {
 protected:
  UdpOffload() : Offloads({.tx_udp_checksum = true}) {}
};
INSTANTIATE_TEST_SUITE_P(OuterFamilies, UdpOffload, testing::Bool());

TEST_P(UdpOffload, LeavesTheHeadersSumToUs) {
  const Client client = h.install(0, 0, Suite::kAes256Gcm, GetParam());
  ASSERT_TRUE(h.command(client.ref, bus::Attach{Harness::path_to(client)}));
  rte_mbuf* heartbeat = h.outer.take();
  ASSERT_NE(heartbeat, nullptr);
  EXPECT_EQ(heartbeat->ol_flags & RTE_MBUF_F_TX_IP_CKSUM, 0U);
  EXPECT_TRUE(Harness::open(client, completed(heartbeat)));
}

}  // namespace
}  // namespace jumpgate::test
