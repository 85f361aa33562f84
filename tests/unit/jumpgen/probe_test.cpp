#include "tools/jumpgen/probe.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace jumpgate::jumpgen {
namespace {

const Probe kProbe{.client = 70'000, .trial = 3, .sequence = 1ULL << 40, .sent = {123'456'789'012}};

std::vector<std::uint8_t> packet(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  write_probe(bytes, *base::parse_ip("10.64.0.1"), *base::parse_ip("10.9.0.2"), kProbe);
  return bytes;
}

TEST(Probe, ComesBackAsItWasWritten) {
  for (const std::size_t size : {kMinProbe, std::size_t{57}, std::size_t{64}, std::size_t{1440}}) {
    const auto read = read_probe(packet(size));
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(read->size, size);
    EXPECT_EQ(read->source, *base::parse_ip("10.64.0.1"));
    EXPECT_EQ(read->destination, *base::parse_ip("10.9.0.2"));
    EXPECT_EQ(read->probe.client, kProbe.client);
    EXPECT_EQ(read->probe.trial, kProbe.trial);
    EXPECT_EQ(read->probe.sequence, kProbe.sequence);
    EXPECT_EQ(read->probe.sent, kProbe.sent);
  }
}

TEST(Probe, EthernetPaddingIsNoPartOfIt) {
  auto bytes = packet(kMinProbe);
  bytes.resize(kMinProbe + 10);
  EXPECT_EQ(read_probe(bytes)->size, kMinProbe);
}

TEST(Probe, AnyByteBehindTheStampThatChangesIsSeen) {
  const auto good = packet(300);
  for (std::size_t i = kMinProbe; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(read_probe(bad)) << i;
  }
}

TEST(Probe, ForeignAndCutPacketsAreNone) {
  auto bad = packet(100);
  bad[28] ^= 1;
  EXPECT_FALSE(read_probe(bad)) << "magic";
  bad = packet(100);
  bad[8] ^= 1;
  EXPECT_FALSE(read_probe(bad)) << "IP checksum";
  bad = packet(100);
  for (std::size_t size = 0; size < bad.size(); ++size)
    EXPECT_FALSE(read_probe(std::span(bad).first(size))) << size;
}

}  // namespace
}  // namespace jumpgate::jumpgen
