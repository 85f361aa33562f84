#include "wire/traffic.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace jumpgate::wire {
namespace {

std::expected<Heartbeat, DropReason> heartbeat(const std::vector<std::uint8_t>& bytes) {
  return test::on_exact_heap(bytes, [](auto b) { return decode_heartbeat(b); });
}
std::expected<Close, DropReason> close_of(const std::vector<std::uint8_t>& bytes) {
  return test::on_exact_heap(bytes, [](auto b) { return decode_close(b); });
}

std::vector<std::uint8_t> sample(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  encode_heartbeat({true, false, true, 500, 1, 2, 3, 0x1122334455667788, 5},
                   std::span(bytes).first<kHeartbeatSize>());
  return bytes;
}

TEST(Heartbeat, RoundTripWithAndWithoutPadding) {
  for (const std::size_t size : {32U, 33U, 1400U}) {
    const auto read = heartbeat(sample(size));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->reattach_wanted && !read->rekey_wanted && read->reply_wanted);
    EXPECT_EQ(read->next_interval_ms, 500);
    EXPECT_EQ(read->send_time_us, 1U);
    EXPECT_EQ(read->echo_time_us, 2U);
    EXPECT_EQ(read->echo_delay_us, 3U);
    EXPECT_EQ(read->received_highest, 0x1122334455667788U);
    EXPECT_EQ(read->received_count, 5U);
  }
}

TEST(Heartbeat, Malformed) {
  for (std::size_t size = 0; size < 32; ++size) {
    EXPECT_EQ(heartbeat(std::vector<std::uint8_t>(size)).error(), DropReason::kWireTooShort);
  }
  for (const std::size_t at : {1U, 32U, 99U}) {
    auto bytes = sample(100);
    bytes[at] = 1;
    EXPECT_EQ(heartbeat(bytes).error(), DropReason::kWireReservedBits);
  }
  auto flags = sample(32);
  flags[0] |= 0x08;
  EXPECT_EQ(heartbeat(flags).error(), DropReason::kWireReservedBits);
  auto timeless = sample(32);
  std::fill_n(timeless.begin() + 4, 4, std::uint8_t{0});
  EXPECT_EQ(heartbeat(timeless).error(), DropReason::kWireBadField);
}

TEST(Close, RoundTripAndMalformed) {
  std::vector<std::uint8_t> bytes(8);
  encode_close({Reason::kGatewayStopping}, std::span(bytes).first<kCloseSize>());
  ASSERT_TRUE(close_of(bytes));
  EXPECT_EQ(close_of(bytes)->reason, Reason::kGatewayStopping);
  for (std::size_t size = 0; size < 8; ++size) {
    EXPECT_FALSE(close_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}));
  }
  EXPECT_EQ(close_of(std::vector<std::uint8_t>(9)).error(), DropReason::kWireBadLength);
  EXPECT_EQ(close_of(std::vector<std::uint8_t>(8)).error(), DropReason::kWireBadField);
  for (std::size_t i = 2; i < 8; ++i) {
    auto bad = bytes;
    bad[i] = 1;
    EXPECT_EQ(close_of(bad).error(), DropReason::kWireReservedBits);
  }
}

}  // namespace
}  // namespace jumpgate::wire
