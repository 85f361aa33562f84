#include "ctl/peers.hpp"

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"

namespace jumpgate::ctl {
namespace {

std::shared_ptr<const config::PeerConfig> peer(const std::string& name, std::uint8_t key) {
  auto made = std::make_shared<config::PeerConfig>();
  made->name = name;
  made->public_key = PublicKey{key};
  return made;
}

class PeersTest : public ::testing::Test {
 protected:
  PeersTest() {
    anna_ = peers_.add(peer("anna", 1)).value();
    ben_ = peers_.add(peer("ben", 2)).value();
  }

  test::SeededRandom random_;
  PeerTable peers_{4, random_};
  std::uint32_t anna_{0};
  std::uint32_t ben_{0};
};

TEST_F(PeersTest, AreFoundByNameAndByKey) {
  EXPECT_EQ(peers_.find("anna"), anna_);
  EXPECT_EQ(peers_.find("ben"), ben_);
  EXPECT_EQ(peers_.find(PublicKey{2}), ben_);
  EXPECT_FALSE(peers_.find("carol"));
  peers_.remove(anna_);
  EXPECT_FALSE(peers_.find("anna"));
  EXPECT_FALSE(peers_.find(PublicKey{1}));
}

TEST_F(PeersTest, MayChangeNames) {
  peers_.update(anna_, peer("ben", 1));
  peers_.update(ben_, peer("anna", 2));
  EXPECT_EQ(peers_.find("ben"), anna_);
  EXPECT_EQ(peers_.find("anna"), ben_);
  peers_.update(ben_, peer("carol", 2));
  EXPECT_FALSE(peers_.find("anna"));
  EXPECT_EQ(peers_.find("carol"), ben_);
}

// A reload adds before it removes, and takes back what it added when it fails.
TEST_F(PeersTest, AKeyThatIsReplacedLeavesTheNameToTheOneThatStays) {
  const std::uint32_t other = peers_.add(peer("anna", 3)).value();
  peers_.remove(other);
  EXPECT_EQ(peers_.find("anna"), anna_) << "the new one was taken back";
  const std::uint32_t next = peers_.add(peer("anna", 3)).value();
  peers_.remove(anna_);
  EXPECT_EQ(peers_.find("anna"), next);
}

TEST_F(PeersTest, AnIndexIsFreeWhenItsSessionsHaveEnded) {
  peers_[anna_].sessions = 2;
  peers_.remove(anna_);
  peers_.remove(ben_);
  peers_.reclaim();
  EXPECT_EQ(peers_.room(), 3U);
  EXPECT_EQ(peers_.add(peer("carol", 3)), ben_);
  peers_[anna_].sessions = 1;
  peers_.reclaim();
  EXPECT_NE(peers_.add(peer("dora", 4)), anna_);
  peers_[anna_].sessions = 0;
  peers_.reclaim();
  const auto reused = peers_.add(peer("emil", 5));
  EXPECT_EQ(reused, anna_);
  EXPECT_EQ(peers_[anna_].highest_counter, 0U) << "nothing of the former peer is left";
}

TEST_F(PeersTest, AreBounded) {
  ASSERT_TRUE(peers_.add(peer("carol", 3)));
  ASSERT_TRUE(peers_.add(peer("dora", 4)));
  EXPECT_FALSE(peers_.add(peer("emil", 5)));
  EXPECT_EQ(peers_.room(), 0U);
}

}  // namespace
}  // namespace jumpgate::ctl
