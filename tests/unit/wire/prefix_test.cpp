#include "wire/prefix.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate::wire {
namespace {

std::expected<Prefix, DropReason> parse(const std::vector<std::uint8_t>& bytes) {
  return test::on_exact_heap(bytes, [](auto b) { return parse_prefix(b); });
}

std::vector<std::uint8_t> message(Type type, std::size_t size) {
  std::vector<std::uint8_t> out(size);
  Prefix p;
  p.type = type;
  p.cid.value = 0x1122334455667788;
  write_prefix(p, std::span(out).first<kPrefixSize>());
  return out;
}

TEST(Prefix, LayoutIsTheSpecified) {
  std::array<std::uint8_t, kPrefixSize> out{};
  write_prefix({Type::kData, 2, 1, 0x0a0b0c0d0e0f, {0x1122334455667788}}, out);
  const std::array<std::uint8_t, kPrefixSize> expected{0x84, 0x06, 0x0f, 0x0e, 0x0d, 0x0c,
                                                       0x0b, 0x0a, 0x88, 0x77, 0x66, 0x55,
                                                       0x44, 0x33, 0x22, 0x11};
  EXPECT_EQ(out, expected);
}

TEST(Prefix, RoundTrip) {
  test::SeededRandom random;
  for (int i = 0; i < 1000; ++i) {
    const Prefix p{Type::kHeartbeat,
                   static_cast<std::uint8_t>(random.below(4)),
                   static_cast<std::uint8_t>(random.below(2)),
                   random.below(kMaxCounter + 1),
                   {random.u64()}};
    std::vector<std::uint8_t> bytes(64);
    write_prefix(p, std::span(bytes).first<kPrefixSize>());
    const auto read = parse(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->type, p.type);
    EXPECT_EQ(read->phase, p.phase);
    EXPECT_EQ(read->id_key_phase, p.id_key_phase);
    EXPECT_EQ(read->counter, p.counter);
    EXPECT_EQ(read->cid, p.cid);
  }
}

TEST(Prefix, EveryTypeAtEveryLength) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto type = type_from_number(static_cast<std::uint8_t>(number));
    EXPECT_EQ(type.has_value(), number >= 0x81 && number <= 0x92) << number;
    for (std::size_t size = 0; size < 520; ++size) {
      std::vector<std::uint8_t> bytes(size);
      if (size > 0) bytes[0] = static_cast<std::uint8_t>(number);
      const auto read = test::on_exact_heap(bytes, [](auto b) { return classify(b); });
      if (size == 0) {
        EXPECT_EQ(read.error(), DropReason::kWireTooShort);
      } else if (!type) {
        EXPECT_EQ(read.error(), DropReason::kWireUnknownType);
      } else if (size < minimum_size(*type)) {
        EXPECT_EQ(read.error(), DropReason::kWireTooShort);
      } else if (has_fixed_size(*type) && size != minimum_size(*type)) {
        EXPECT_EQ(read.error(), DropReason::kWireBadLength);
      } else {
        EXPECT_EQ(read.value(), *type);
      }
    }
  }
}

TEST(Prefix, ReservedBitsMustBeZero) {
  for (unsigned bit = 3; bit < 8; ++bit) {
    auto bytes = message(Type::kData, 32);
    bytes[1] = static_cast<std::uint8_t>(1U << bit);
    EXPECT_EQ(parse(bytes).error(), DropReason::kWireReservedBits);
  }
}

TEST(Prefix, SoundDataIsWhatHasNoFault) {
  for (unsigned type = 0; type < 256; ++type)
    for (unsigned flags = 0; flags < 256; ++flags)
      for (std::size_t size : {0U, 1U, 2U, 31U, 32U, 33U}) {
        auto bytes = std::vector<std::uint8_t>(size, 0);
        if (size > 0) bytes[0] = static_cast<std::uint8_t>(type);
        if (size > 1) bytes[1] = static_cast<std::uint8_t>(flags);
        const bool data = type == static_cast<unsigned>(Type::kData) && size >= 32;
        ASSERT_EQ(test::on_exact_heap(bytes, [](auto b) { return is_sound_data(b); }),
                  data && !prefix_fault(bytes))
            << type << ' ' << flags << ' ' << size;
      }
}

TEST(Prefix, ControlHasNoCounter) {
  for (std::size_t i = 2; i < 8; ++i) {
    auto control = message(Type::kReattach, kControlSize);
    ASSERT_TRUE(parse(control));
    control[i] = 1;
    EXPECT_EQ(parse(control).error(), DropReason::kWireReservedBits);
    auto data = message(Type::kData, 32);
    data[i] = 1;
    EXPECT_TRUE(parse(data));
  }
}

TEST(Prefix, HandshakeAndResetHaveNone) {
  for (const Type type : {Type::kHello, Type::kWelcome, Type::kCookieReply, Type::kVersionRefusal,
                          Type::kHelloRefusal, Type::kReset}) {
    EXPECT_EQ(parse(message(type, minimum_size(type))).error(), DropReason::kWireUnknownType);
  }
}

}  // namespace
}  // namespace jumpgate::wire
