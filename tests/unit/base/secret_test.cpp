#include "base/secret.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace jumpgate::base {
namespace {

using Key = SecretArray<32>;

Key filled() {
  Key key;
  key.get().fill(0xaa);
  return key;
}

TEST(Secret, IsWipedAtItsEnd) {
  alignas(Key) std::array<std::uint8_t, sizeof(Key)> place{};
  Key* key = new (place.data()) Key();
  key->get().fill(0xaa);
  EXPECT_FALSE(all_zero(place));
  key->~Key();
  EXPECT_TRUE(all_zero(place));
}

TEST(Secret, AMoveWipesItsSource) {
  Key a = filled();
  Key b = std::move(a);
  EXPECT_TRUE(all_zero(a.get()));  // NOLINT(bugprone-use-after-move): the point of the test
  EXPECT_EQ(b.get()[0], 0xaa);
  Key c;
  c = std::move(b);
  EXPECT_TRUE(all_zero(b.get()));  // NOLINT(bugprone-use-after-move): the point of the test
  EXPECT_EQ(c.get()[31], 0xaa);
}

TEST(Secret, CopiesAreExplicit) {
  static_assert(!std::is_copy_constructible_v<Key> && !std::is_copy_assignable_v<Key>);
  const Key a = filled();
  EXPECT_EQ(a.clone().get(), a.get());
}

TEST(Secret, ComparesLengthAndContent) {
  const std::array<std::uint8_t, 3> a{1, 2, 3};
  const std::array<std::uint8_t, 3> b{1, 2, 4};
  EXPECT_TRUE(equal_constant_time(a, a));
  EXPECT_FALSE(equal_constant_time(a, b));
  EXPECT_FALSE(equal_constant_time(a, std::span(a).first(2)));
  EXPECT_TRUE(equal_constant_time({}, {}));
}

}  // namespace
}  // namespace jumpgate::base
