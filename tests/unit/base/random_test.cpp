#include "base/random.hpp"

#include <set>
#include <unordered_map>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate::base {
namespace {

TEST(SystemRandom, DoesNotRepeat) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(seen.insert(random.nonzero_u64()).second);
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  test::SeededRandom random;
  std::array<int, 5> count{};
  for (int i = 0; i < 5000; ++i)
    ++count.at(random.below(5));
  for (const int n : count)
    EXPECT_GT(n, 800);
  EXPECT_EQ(random.below(0), 0U);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, NonzeroSkipsZeros) {
  struct ZerosFirst final : RandomSource {
    void fill(std::span<std::uint8_t> out) override {
      std::fill(out.begin(), out.end(), static_cast<std::uint8_t>(calls++ < 3 ? 0 : 1));
    }
    int calls{0};
  } random;
  EXPECT_EQ(random.nonzero_u64(), 0x0101010101010101U);
  EXPECT_EQ(random.calls, 4);
}

TEST(KeyedHash, DependsOnTheKeyAndOnEachField) {
  test::SeededRandom random;
  const KeyedHash hash(random);
  const KeyedHash other(random);
  const Endpoint e = *parse_endpoint("192.0.2.1:1000");
  EXPECT_EQ(hash(e), hash(e));
  EXPECT_NE(hash(e), other(e));
  EXPECT_NE(hash(e), hash(*parse_endpoint("192.0.2.1:1001")));
  EXPECT_NE(hash(e), hash(*parse_endpoint("192.0.2.2:1000")));
  EXPECT_NE(hash(*parse_ip("0.0.0.0")), hash(*parse_ip("::")));
  EXPECT_NE(hash(*parse_prefix("0.0.0.0/0")), hash(*parse_prefix("0.0.0.0/1")));
  EXPECT_NE(hash(ConnectionId{1}), hash(ConnectionId{2}));
  std::unordered_map<Endpoint, int, KeyedHash> map(16, hash);
  map[e] = 5;
  EXPECT_EQ(map.at(e), 5);
}

}  // namespace
}  // namespace jumpgate::base
