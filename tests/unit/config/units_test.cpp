#include "config/units.hpp"

#include <gtest/gtest.h>

namespace jumpgate::config {
namespace {

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(parse_duration("8h"), seconds(8 * 3600));
  EXPECT_EQ(parse_duration("0s"), Duration{});
  for (const char* bad :
       {"", "5", "s", "5 s", "-1s", "5parsec", "1.2.3s", "0.5ns", "999999d", "1e3s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Units, DurationsRoundTrip) {
  for (const char* text : {"500ms", "1500ms", "8h", "2m", "1d", "7ns", "0s"})
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("64MiB"), 64U << 20);
  EXPECT_EQ(parse_size("10 GiB"), std::uint64_t{10} << 30);
  for (const char* bad :
       {"", "MiB", "1MB", "-1", "99999999999999999999", "99999999999999GiB", "1 ", "1  MiB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Units, Rates) {
  EXPECT_EQ(parse_bit_rate("100 Mbit/s"), 12'500'000U);
  EXPECT_EQ(parse_bit_rate("1.5Gbit/s"), 187'500'000U);
  EXPECT_EQ(parse_bit_rate("64 kbit/s"), 8'000U);
  EXPECT_EQ(parse_packet_rate("20 kpps"), 20'000U);
  EXPECT_EQ(parse_packet_rate("7pps"), 7U);
  for (const char* bad : {"", "100", "Mbit/s", "100 Mb/s", "100 MB/s", "-1 Mbit/s", "1e3 bit/s",
                          "100 mbit/s", "100  Mbit/s", "99999999999999 Gbit/s"})
    EXPECT_FALSE(parse_bit_rate(bad)) << bad;
  for (const char* bad : {"", "20", "pps", "0.5pps", "20 Kpps", "20 kbit/s"})
    EXPECT_FALSE(parse_packet_rate(bad)) << bad;
}

}  // namespace
}  // namespace jumpgate::config
