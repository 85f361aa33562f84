#include "ctl/peers.hpp"

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"

namespace jumpgate::ctl {
namespace {

struct Named {
  std::string name;
  std::uint8_t key;
};

class PeersTest : public ::testing::Test {
 protected:
  PeersTest() { EXPECT_TRUE(peers_.seat(config_)); }

  static std::shared_ptr<const config::GatewayConfig> config_of(const std::vector<Named>& list) {
    auto made = std::make_shared<config::GatewayConfig>();
    for (const Named& each : list) {
      config::PeerConfig& peer = made->peers.emplace_back();
      peer.name = each.name;
      peer.public_key = PublicKey{each.key};
    }
    return made;
  }
  std::expected<PeerPlan, std::string> plan(const PeerBasis& basis,
                                            const std::vector<Named>& list) {
    next_ = config_of(list);
    return peers_.plan(basis, config::diff(*config_, *next_), next_);
  }
  /// As the controller does: the peers that are removed depart in the same step.
  void adopt(PeerPlan& plan) {
    peers_.adopt(plan);
    config_ = next_;
    for (const std::uint32_t index : plan.removed)
      peers_.depart(index);
  }
  bool become(const std::vector<Named>& list) {
    auto planned = plan(peers_.basis(), list);
    if (planned) adopt(*planned);
    return planned.has_value();
  }
  [[nodiscard]] std::optional<std::uint32_t> named(std::string_view name) const {
    return peers_.roster()->find(name);
  }

  test::SeededRandom random_;
  PeerTable peers_{4, random_};
  std::shared_ptr<const config::GatewayConfig> config_{config_of({{"anna", 1}, {"ben", 2}})};
  std::shared_ptr<const config::GatewayConfig> next_;
  static constexpr std::uint32_t kAnna = 0;
  static constexpr std::uint32_t kBen = 1;
};

TEST_F(PeersTest, AreFoundByNameAndByKey) {
  EXPECT_EQ(named("anna"), kAnna);
  EXPECT_EQ(named("ben"), kBen);
  EXPECT_EQ(peers_.roster()->find(PublicKey{2}), kBen);
  EXPECT_FALSE(named("carol"));
  ASSERT_TRUE(become({{"ben", 2}}));
  EXPECT_FALSE(named("anna"));
  EXPECT_FALSE(peers_.roster()->find(PublicKey{1}));
  EXPECT_EQ(named("ben"), kBen) << "an index stays a peer's own";
}

TEST_F(PeersTest, MayChangeNames) {
  ASSERT_TRUE(become({{"ben", 1}, {"anna", 2}}));
  EXPECT_EQ(named("ben"), kAnna);
  EXPECT_EQ(named("anna"), kBen);
  ASSERT_TRUE(become({{"ben", 1}, {"carol", 2}}));
  EXPECT_FALSE(named("anna"));
  EXPECT_EQ(named("carol"), kBen);
}

TEST_F(PeersTest, AKeyThatIsReplacedTakesTheNameAlong) {
  ASSERT_TRUE(become({{"anna", 3}, {"ben", 2}}));
  EXPECT_EQ(named("anna"), 2U);
  EXPECT_FALSE(peers_.roster()->configured(kAnna));
  EXPECT_EQ(peers_.config(kAnna).name, "anna") << "for what is left of its sessions";
}

TEST_F(PeersTest, AnIndexIsFreeWhenItsSessionsHaveEnded) {
  peers_[kAnna].sessions = 2;
  peers_[kAnna].highest_counter = 7;
  ASSERT_TRUE(become({}));
  ASSERT_TRUE(become({{"carol", 3}}));
  EXPECT_EQ(named("carol"), kBen);
  peers_.forget_session(kAnna);
  ASSERT_TRUE(become({{"carol", 3}, {"dora", 4}}));
  EXPECT_NE(named("dora"), kAnna);
  peers_.forget_session(kAnna);
  ASSERT_TRUE(become({{"carol", 3}, {"dora", 4}, {"emil", 5}}));
  EXPECT_EQ(named("emil"), kAnna);
  EXPECT_EQ(peers_[kAnna].highest_counter, 0U) << "nothing of the former peer is left";
}

// What is freed while somebody plans is kept, and what the plan takes is not free any more.
TEST_F(PeersTest, AnIndexIsFreedWhileOthersAreTaken) {
  peers_[kAnna].sessions = 1;
  ASSERT_TRUE(become({}));
  const PeerBasis basis = peers_.basis();
  auto planned = plan(basis, {{"carol", 3}});
  peers_.forget_session(kAnna);
  ASSERT_TRUE(planned);
  adopt(*planned);
  EXPECT_EQ(named("carol"), kBen);
  ASSERT_TRUE(become({{"carol", 3}, {"dora", 4}, {"emil", 5}, {"fred", 6}}));
  EXPECT_EQ(named("dora"), kAnna);
  EXPECT_EQ(named("emil"), 2U);
  EXPECT_EQ(named("fred"), 3U);
}

// The plan alone, whatever it is of, changes nothing.
TEST_F(PeersTest, APlanThatIsNotAdoptedTakesNothing) {
  ASSERT_TRUE(become({}));
  ASSERT_TRUE(plan(peers_.basis(), {{"carol", 3}, {"dora", 4}}));
  EXPECT_FALSE(named("carol"));
  EXPECT_TRUE(become({{"emil", 5}, {"fred", 6}, {"gus", 7}, {"hugo", 8}}));
}

TEST_F(PeersTest, AreBounded) {
  ASSERT_TRUE(become({{"anna", 1}, {"ben", 2}, {"carol", 3}, {"dora", 4}}));
  EXPECT_FALSE(become({{"anna", 1}, {"ben", 2}, {"carol", 3}, {"dora", 4}, {"emil", 5}}));
  EXPECT_FALSE(named("emil"));
}

}  // namespace
}  // namespace jumpgate::ctl
