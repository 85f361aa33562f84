#include "ethdev/port_spec.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "ethdev/eal.hpp"

namespace jumpgate::ethdev {
namespace {

PortSpec spec(Driver driver) {
  return {.name = "wan.1", .driver = driver, .interface = "eth7", .devargs = {}};
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

TEST(PortSpec, DeviceNamesAndArguments) {
  EXPECT_EQ(make_vdev(spec(Driver::kAfXdp))->name, "net_af_xdp_wan_1");
  EXPECT_EQ(make_vdev(spec(Driver::kAfXdp))->arguments, "iface=eth7,start_queue=0,queue_count=1");
  EXPECT_EQ(make_vdev(spec(Driver::kAfPacket))->arguments,
            "iface=eth7,qpairs=1,blocksz=8192,framesz=2048,framecnt=512,qdisc_bypass=1");
  EXPECT_EQ(make_vdev(spec(Driver::kTap))->arguments, "iface=eth7");
  auto null = spec(Driver::kNull);
  null.devargs = "no-rx=1";
  EXPECT_EQ(make_vdev(null)->arguments, "no-rx=1");
  auto memif = spec(Driver::kMemif);
  memif.devargs = "role=client,id=3";
  EXPECT_EQ(make_vdev(memif)->name, "net_memif_wan_1");
  EXPECT_EQ(make_vdev(memif)->arguments, "role=client,id=3");
}

TEST(PortSpec, JumboFramesTakeLargerRingFrames) {
  auto jumbo = spec(Driver::kAfPacket);
  jumbo.mtu = 9000;
  EXPECT_NE(make_vdev(jumbo)->arguments.find("blocksz=36864,framesz=9216"), std::string::npos);
  jumbo.driver = Driver::kAfXdp;
  EXPECT_FALSE(make_vdev(jumbo));
}

TEST(PortSpec, ANameTooLongIsRefused) {
  auto long_name = spec(Driver::kAfXdp);
  long_name.name = std::string(63, 'a');
  EXPECT_FALSE(make_vdev(long_name));
}

TEST(Eal, ArgumentsFollowTheOptions) {
  EalOptions options;
  options.lcores = {1, 0};
  EXPECT_TRUE(has(eal_arguments(options), "--lcores=0@1,1@0"));
  EXPECT_TRUE(has(eal_arguments(options), "--no-pci"));
  EXPECT_TRUE(has(eal_arguments(options), "--in-memory"));
  options.huge = false;
  EXPECT_TRUE(has(eal_arguments(options), "--no-huge"));
  EXPECT_FALSE(has(eal_arguments(options), "--in-memory")) << "EAL refuses both together";
  options.pci = true;
  EXPECT_FALSE(has(eal_arguments(options), "--no-pci"));
  options.extra = {"--trace=x"};
  EXPECT_EQ(eal_arguments(options).back(), "--trace=x");
}

}  // namespace
}  // namespace jumpgate::ethdev
