#include "crypto/control_seal.hpp"

#include <array>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "tests/support/seeded_random.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::crypto {
namespace {

using Message = std::array<std::uint8_t, wire::kControlSize>;
using Payload = std::array<std::uint8_t, wire::kControlPayloadSize>;

struct Sealed {
  Sealed() {
    key = random.array<32>();
    payload = random.array<wire::kControlPayloadSize>();
    seal_control({wire::Type::kReattach, 2, 1, 99, {0x1234}}, payload, key, random, message);
  }
  test::SeededRandom random;
  ControlKey key{};
  Payload payload{};
  Message message{};
};

TEST(ControlSeal, RoundTrip) {
  const Sealed s;
  const auto prefix = wire::parse_prefix(s.message);
  ASSERT_TRUE(prefix) << "the counter is written as zero";
  EXPECT_EQ(prefix->type, wire::Type::kReattach);
  EXPECT_EQ(prefix->phase, 2);
  EXPECT_EQ(prefix->id_key_phase, 1);
  EXPECT_EQ(prefix->cid.value, 0x1234U);
  Payload opened{};
  ASSERT_TRUE(open_control(s.message, s.key, opened));
  EXPECT_EQ(opened, s.payload);
}

TEST(ControlSeal, EveryByteIsAuthentic) {
  const Sealed s;
  for (std::size_t i = 0; i < s.message.size(); ++i) {
    Message bad = s.message;
    bad[i] ^= 1;
    Payload opened;
    opened.fill(0xee);
    ASSERT_FALSE(open_control(bad, s.key, opened)) << i;
    EXPECT_TRUE(base::all_zero(opened)) << i;
  }
  ControlKey other = s.key;
  other[31] ^= 0x80;
  Payload opened{};
  EXPECT_FALSE(open_control(s.message, other, opened));
}

TEST(ControlSeal, NoncesAreFresh) {
  Sealed s;
  Message second{};
  seal_control({wire::Type::kReattach, 2, 1, 0, {0x1234}}, s.payload, s.key, s.random, second);
  EXPECT_NE(s.message, second);
}

}  // namespace
}  // namespace jumpgate::crypto
