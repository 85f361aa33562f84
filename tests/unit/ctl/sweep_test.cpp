#include "ctl/sweep.hpp"

#include <set>

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"
#include "../../support/session_owner.hpp"

namespace jumpgate::ctl {
namespace {

class SweepTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kSlots = 6;

  SweepTest() {
    for (std::uint8_t i = 0; i < kSlots; ++i)
      EXPECT_NE(sessions_.create(owner_.authority(), SessionId{.bytes = {i}}, i, 0,
                                 session::Policy{}, MonoNs{1}),
                nullptr);
  }
  void look_at(std::uint32_t slots) {
    sweep_.slice(slots, [this](Session& session) { seen_.insert(session.peer); });
  }

  jumpgate::test::SeededRandom random_;
  jumpgate::testing::SessionOwner owner_;
  SessionStore sessions_{1, kSlots, kSlots, random_};
  Sweep sweep_{sessions_};
  std::set<std::uint32_t> seen_;
};

TEST_F(SweepTest, APassLooksAtEachOnceAndEnds) {
  look_at(kSlots);
  EXPECT_TRUE(seen_.empty()) << "nobody asked for one";
  sweep_.begin();
  look_at(4);
  EXPECT_TRUE(sweep_.under_way());
  EXPECT_EQ(seen_.size(), 4U);
  look_at(4);
  EXPECT_FALSE(sweep_.under_way());
  EXPECT_EQ(seen_.size(), kSlots);
  seen_.clear();
  look_at(4);
  EXPECT_TRUE(seen_.empty());
}

TEST_F(SweepTest, OneThatIsBegunAgainAndAgainReachesEveryone) {
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    sweep_.begin();
    look_at(1);
  }
  EXPECT_EQ(seen_.size(), kSlots);
}

}  // namespace
}  // namespace jumpgate::ctl
