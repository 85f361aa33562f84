#include "crypto/connection_id.hpp"

#include <bit>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace jumpgate::crypto {
namespace {

class ConnectionIdTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!CidCipher::supported()) GTEST_SKIP() << "this CPU has no AES instructions";
  }
  CidFields any() {
    return {static_cast<std::uint8_t>(random_.below(256)),
            static_cast<std::uint8_t>(random_.below(64)),
            static_cast<std::uint32_t>(random_.below(1 << 22)),
            static_cast<std::uint32_t>(random_.below(1 << 20))};
  }
  test::SeededRandom random_;
  CidCipher cipher_{random_.array<16>()};
};

TEST_F(ConnectionIdTest, RoundTrip) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 20'000; ++i) {
    const CidFields fields = any();
    const ConnectionId cid = cipher_.encode(fields);
    ASSERT_EQ(cipher_.decode(cid), fields);
    seen.insert(cid.value);
  }
  EXPECT_GT(seen.size(), 19'990U);
}

TEST_F(ConnectionIdTest, GarbageDiesEarly) {
  int accepted = 0;
  constexpr int kTrials = 256'000;
  for (int i = 0; i < kTrials; ++i)
    accepted += cipher_.decode({random_.u64()}) ? 1 : 0;
  EXPECT_NEAR(accepted, kTrials / 256, 200) << "one of 256 passes the check";
  EXPECT_FALSE(cipher_.decode({0}));
}

TEST_F(ConnectionIdTest, NeighboursLookUnrelated) {
  // A change of the generation alone flips about half of the 64 bits.
  int flipped = 0;
  for (std::uint32_t g = 0; g < 1000; ++g) {
    const std::uint64_t a = cipher_.encode({1, 2, 3, g}).value;
    const std::uint64_t b = cipher_.encode({1, 2, 3, g + 1}).value;
    flipped += std::popcount(a ^ b);
  }
  EXPECT_NEAR(flipped / 1000.0, 32.0, 1.0);
}

TEST_F(ConnectionIdTest, AnotherKeyDecodesNothing) {
  const CidCipher other(random_.array<16>());
  int same = 0;
  for (int i = 0; i < 1000; ++i) {
    const CidFields fields = any();
    same += other.decode(cipher_.encode(fields)) == fields ? 1 : 0;
  }
  EXPECT_EQ(same, 0);
}

TEST_F(ConnectionIdTest, ABurstDecodesAsOneByOne) {
  for (std::size_t n = 0; n <= CidCipher::kMaxBurst; ++n) {
    std::vector<ConnectionId> ids(n);
    for (ConnectionId& id : ids) {
      const std::uint64_t kind = random_.below(3);
      id = kind == 0   ? ConnectionId{random_.u64()}
           : kind == 1 ? ConnectionId{}
                       : cipher_.encode(any());
    }
    std::vector<CidFields> fields(n);
    const std::uint32_t good = cipher_.decode_burst(ids, fields);
    for (std::size_t i = 0; i < n; ++i) {
      const auto one = cipher_.decode(ids[i]);
      ASSERT_EQ((good >> i & 1) != 0, one.has_value()) << n << " " << i;
      if (one) {
        ASSERT_EQ(fields[i], *one);
      }
    }
    if (n < 32) {
      EXPECT_EQ(good >> n, 0U);
    }
  }
}

}  // namespace
}  // namespace jumpgate::crypto
