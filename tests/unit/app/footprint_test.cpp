#include "app/jumpgated/footprint.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <jumpgate/limits.hpp>

#include "data/reassembly.hpp"

namespace jumpgate::app {
namespace {

std::size_t bytes_of(const config::GatewayConfig& config, std::string_view what) {
  const auto lines = footprint(config);
  const auto line = std::ranges::find(lines, what, &MemoryLine::what);
  EXPECT_NE(line, lines.end()) << what;
  return line == lines.end() ? 0 : line->bytes;
}

TEST(Footprint, BuffersHoldTheLargestPortsFrames) {
  config::GatewayConfig config;
  EXPECT_GE(mbuf_data_room(config), std::size_t{RTE_MBUF_DEFAULT_BUF_SIZE});
  config.ports.resize(2);
  config.ports[1].mtu = 9000;
  const std::size_t jumbo = mbuf_data_room(config);
  EXPECT_GE(jumbo, RTE_PKTMBUF_HEADROOM + 9000 + 18 + limits::kMaxTunnelOverhead);
  EXPECT_EQ(jumbo % 64, 0U);
  EXPECT_EQ(bytes_of(config, "packet buffers"),
            packet_buffers(config) * (jumbo + sizeof(rte_mbuf)));
}

TEST(Footprint, PartsAndFragmentsThatWaitHaveBuffersOfTheirOwn) {
  config::GatewayConfig config;
  config.workers = 3;
  const std::size_t with_parts = config.limits.mbufs + 3 * limits::kWaitingParts;
  EXPECT_EQ(packet_buffers(config), with_parts);
  config.outer_reassembly = true;
  EXPECT_EQ(packet_buffers(config), with_parts + 3 * data::Reassembly::kMaxWaiting);
  EXPECT_EQ(bytes_of(config, "outer fragments"), 3 * data::Reassembly::footprint());
}

TEST(Footprint, SessionsAreWhatScalesIt) {
  config::GatewayConfig small;
  config::GatewayConfig large;
  small.limits.max_sessions = 8000;
  large.limits.max_sessions = 16000;
  EXPECT_EQ(bytes_of(large, "session records"), 2 * bytes_of(small, "session records"));
  EXPECT_EQ(bytes_of(large, "event ring"), bytes_of(small, "event ring"));
  EXPECT_GT(total(footprint(large)), total(footprint(small)));
}

TEST(Footprint, TwoWorkersShareTheSessionsAndNeedRingsBetweenThem) {
  config::GatewayConfig config;
  const std::size_t alone = bytes_of(config, "session records");
  config.workers = 2;
  EXPECT_EQ(bytes_of(config, "session records"), alone);
  EXPECT_GT(bytes_of(config, "hand-off rings"), 0U);
}

TEST(Footprint, ThereIsRoomToDoubleThePeers) {
  config::GatewayConfig config;
  config.limits.max_sessions = 10;
  config.peers.resize(20);
  EXPECT_EQ(peer_capacity(config), 40U);
  config.limits.max_sessions = 1000;
  EXPECT_EQ(peer_capacity(config), 1000U);
}

TEST(Footprint, TheTableEndsWithTheSum) {
  const std::vector<MemoryLine> lines{{"one", 1, 1 << 20}, {"two", 2, 3 << 20}};
  EXPECT_EQ(total(lines), std::size_t{4} << 20);
  const std::string text = to_text(lines);
  const std::size_t sum = text.find("in all");
  ASSERT_NE(sum, std::string::npos) << text;
  EXPECT_NE(text.find("4.00", sum), std::string::npos) << text;
}

}  // namespace
}  // namespace jumpgate::app
