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
  for (const char* bad : {"", "MiB", "1MB", "-1", "99999999999999999999", "99999999999999GiB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

}  // namespace
}  // namespace jumpgate::config
