#include "ethdev/interface_guard.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "ethdev/netlink_link.hpp"

namespace jumpgate::ethdev {
namespace {

class LockTest : public ::testing::Test {
 protected:
  LockTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "jg-lock-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~LockTest() override { std::filesystem::remove_all(folder); }
  std::string folder;
};

TEST_F(LockTest, OneHolderAtATime) {
  {
    const auto first = InterfaceLock::take("eth7", folder);
    ASSERT_TRUE(first) << first.error();
    const auto second = InterfaceLock::take("eth7", folder);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().find("another jumpgate process"), std::string::npos);
    EXPECT_TRUE(InterfaceLock::take("eth8", folder)) << "each interface its own";
  }
  EXPECT_TRUE(InterfaceLock::take("eth7", folder)) << "released with its holder";
}

TEST_F(LockTest, AMovedLockIsHeldByItsNewOwner) {
  auto first = InterfaceLock::take("eth7", folder);
  ASSERT_TRUE(first);
  const InterfaceLock owner{std::move(*first)};
  EXPECT_FALSE(InterfaceLock::take("eth7", folder));
}

TEST(InterfaceGuard, AnInterfaceWithoutDutiesMayBeTaken) {
  EXPECT_EQ(reason_to_spare("nosuchif0"), "");
}

TEST_F(LockTest, TheKernelsInterfacesOfACard) {
  const std::filesystem::path devices = std::filesystem::path(folder) / "bus/pci/devices";
  std::filesystem::create_directories(devices / "0000:41:00.0/net/enp65s0f0");
  std::filesystem::create_directories(devices / "0000:41:00.1");
  const std::vector<std::string> names{"enp65s0f0"};
  EXPECT_EQ(interfaces_of_card("0000:41:00.0", folder), names);
  EXPECT_EQ(interfaces_of_card("41:00.0", folder), names);
  EXPECT_TRUE(interfaces_of_card("0000:41:00.1", folder).empty()) << "its driver is DPDK's";
}

TEST(NetlinkLink, AnAbsentInterfaceIsNamed) {
  const auto link = NetlinkLink::open("nosuchif0");
  ASSERT_FALSE(link);
  EXPECT_NE(link.error().find("nosuchif0"), std::string::npos);
}

}  // namespace
}  // namespace jumpgate::ethdev
