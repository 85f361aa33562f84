#include "ethdev/ethdev_port.hpp"

#include <array>
#include <cstring>

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include "ethdev/eal.hpp"

namespace jumpgate::ethdev {
namespace {

class PortTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    EalOptions options;
    options.huge = false;
    options.memory_mib = 128;
    const auto started = start_eal(options);
    ASSERT_TRUE(started) << started.error();
    pool = rte_pktmbuf_pool_create("ethdev_test", 4095, 32, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
    ASSERT_NE(pool, nullptr);
  }
  static void TearDownTestSuite() {
    rte_mempool_free(pool);
    stop_eal();
  }
  static PortSpec ring() {
    return {.name = "loop", .driver = Driver::kRing, .interface = {}, .devargs = {}};
  }
  inline static rte_mempool* pool = nullptr;
};

TEST_F(PortTest, AFrameGoesThroughARing) {
  const auto port = EthdevPort::open(ring(), pool);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ((*port)->name(), "loop");
  EXPECT_EQ((*port)->mtu(), 1500);
  EXPECT_TRUE((*port)->link_up());
  rte_mbuf* sent = rte_pktmbuf_alloc(pool);
  char* data = rte_pktmbuf_append(sent, 60);
  std::memset(data, 0x5a, 60);
  ASSERT_EQ((*port)->tx_burst(0, {&sent, 1}), 1);
  std::array<rte_mbuf*, 4> received{};
  ASSERT_EQ((*port)->rx_burst(0, received), 1);
  EXPECT_EQ(rte_pktmbuf_pkt_len(received[0]), 60U);
  EXPECT_EQ(*rte_pktmbuf_mtod(received[0], char*), 0x5a);
  rte_pktmbuf_free(received[0]);
  EXPECT_EQ((*port)->stats().rx_packets, 1U);
}

TEST_F(PortTest, APortIsGoneWithItsObject) {
  ASSERT_TRUE(EthdevPort::open(ring(), pool));
  EXPECT_TRUE(EthdevPort::open(ring(), pool)) << "the same name again";
}

TEST_F(PortTest, RefusalsSayWhy) {
  auto many = ring();
  many.queues = 9999;
  const auto queues = EthdevPort::open(many, pool);
  ASSERT_FALSE(queues);
  EXPECT_NE(queues.error().find("9999 queues"), std::string::npos) << queues.error();
  auto big = ring();
  big.mtu = 9000;
  const auto mtu = EthdevPort::open(big, pool);
  ASSERT_FALSE(mtu);
  EXPECT_NE(mtu.error().find("does not fit one mbuf"), std::string::npos) << mtu.error();
  const PortSpec absent{
      .name = "wan", .driver = Driver::kAfXdp, .interface = "nosuchif0", .devargs = {}};
  const auto missing = EthdevPort::open(absent, pool);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("there is no interface 'nosuchif0'"), std::string::npos)
      << missing.error();
}

TEST_F(PortTest, EalStartsOnce) {
  const auto again = start_eal({});
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().find("before"), std::string::npos);
}

}  // namespace
}  // namespace jumpgate::ethdev
