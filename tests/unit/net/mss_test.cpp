#include "net/mss.hpp"

#include <gtest/gtest.h>

#include "net/frames.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::Exact;
using test::ip;
using Options = std::vector<std::uint8_t>;

constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kSynAck = 0x12;
constexpr std::uint8_t kAck = 0x10;

struct Segment {
  bool v6{false};
  std::uint8_t flags{kSyn};
  Options options{2, 4, 0x05, 0xb4};  // MSS 1460
  Options extensions{};               // IPv6, in front of TCP
  std::uint8_t first_header{kProtocolTcp};
};

// With a checksum over all of it.
std::vector<std::uint8_t> packet(const Segment& s) {
  const IpAddress from = ip(s.v6 ? "fd00::1" : "10.0.0.1"), to = ip(s.v6 ? "fd00::2" : "10.0.0.2");
  const std::size_t header = ip_header_size(from.family) + s.extensions.size();
  const std::size_t tcp_size = 20 + s.options.size();
  std::vector<std::uint8_t> out(header + tcp_size);
  build_ip(out, from, to, s.first_header, s.extensions.size() + tcp_size);
  std::copy(s.extensions.begin(), s.extensions.end(),
            out.begin() + static_cast<std::ptrdiff_t>(header - s.extensions.size()));
  const auto tcp = std::span(out).subspan(header);
  for (std::size_t i = 0; i < 12; ++i)
    tcp[i] = static_cast<std::uint8_t>(17 * i);
  tcp[12] = static_cast<std::uint8_t>((tcp_size / 4) << 4);
  tcp[13] = s.flags;
  std::copy(s.options.begin(), s.options.end(), tcp.begin() + 20);
  base::store_be16(&tcp[16],
                   internet_checksum(tcp, pseudo_header_sum(from, to, kProtocolTcp, tcp_size)));
  return out;
}

bool checksum_fits(const std::vector<std::uint8_t>& bytes, std::size_t tcp) {
  const auto view = parse_ip(bytes);
  const auto segment = std::span(bytes).subspan(tcp);
  return view && internet_checksum(segment, pseudo_header_sum(view->source(), view->destination(),
                                                              kProtocolTcp, segment.size())) == 0;
}

TEST(Mss, IsLoweredInSynAndSynAckOfBothFamilies) {
  for (const bool v6 : {false, true}) {
    for (const std::uint8_t flags : {kSyn, kSynAck}) {
      auto bytes = packet({.v6 = v6, .flags = flags});
      clamp_mss(bytes, 1400);
      const std::size_t tcp = v6 ? 40 : 20;
      EXPECT_EQ(base::load_be16(&bytes[tcp + 22]), 1400 - (v6 ? 60 : 40));
      EXPECT_TRUE(checksum_fits(bytes, tcp));
    }
  }
}

TEST(Mss, AtOddPlacesTheChecksumFitsToo) {
  for (std::size_t before = 0; before < 8; ++before) {
    Options options(before, 1);
    options.insert(options.end(), {2, 4, 0x05, 0xb5});
    while (options.size() % 4 != 0)
      options.push_back(0);
    auto bytes = packet({.options = options});
    clamp_mss(bytes, 1281);
    EXPECT_EQ(base::load_be16(&bytes[20 + 20 + before + 2]), 1241) << before;
    EXPECT_TRUE(checksum_fits(bytes, 20)) << before;
  }
}

TEST(Mss, BehindAnAuthenticationHeaderNothingIsChanged) {
  Options header(16);
  header[0] = kProtocolTcp;
  header[1] = 2;
  auto bytes = packet({.v6 = true, .extensions = header, .first_header = 51});
  const auto before = bytes;
  clamp_mss(bytes, 1400);
  EXPECT_EQ(bytes, before) << "its check would fail (RFC 4302 section 3.3.3.1)";
}

TEST(Mss, BehindOtherOptionsAndExtensionHeaders) {
  auto bytes = packet({.options = {4, 2, 3, 3, 7, 1, 2, 4, 0x23, 0x28, 0, 0}});
  clamp_mss(bytes, 1400);
  EXPECT_EQ(base::load_be16(&bytes[48]), 1360);
  EXPECT_TRUE(checksum_fits(bytes, 20));
  auto behind = packet({.v6 = true,
                        .extensions = {60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0},
                        .first_header = 0});
  clamp_mss(behind, 1400);
  EXPECT_EQ(base::load_be16(&behind[56 + 22]), 1340);
  EXPECT_TRUE(checksum_fits(behind, 56));
}

TEST(Mss, WhatHasNothingToLowerStaysAsItIs) {
  const std::vector<Segment> left_alone{
      {.options = {2, 4, 0x05, 0x50}},              // 1360 is what fits
      {.options = {2, 4, 0x02, 0x18}},              // 536
      {.flags = kAck},                              // no SYN
      {.options = {}},                              // no option
      {.options = {1, 1, 1, 0}},                    // ends before one
      {.options = {0, 2, 4, 0x23}},                 // behind the end
      {.options = {2, 0, 0x23, 0x28}},              // a length of nothing
      {.options = {2, 3, 0x23, 0x28}},              // a wrong length
      {.options = {1, 1, 2, 4}},                    // cut off
      {.options = {5, 1, 2, 4, 0x23, 0x28, 0, 0}},  // a length that does not hold itself
      {.options = {2, 4, 0x23, 0x28}, .first_header = kProtocolUdp},
      {.v6 = true, .extensions = {6, 9, 0, 0, 0, 0, 0, 0}, .first_header = 0},  // ends nowhere
  };
  for (std::size_t i = 0; i < left_alone.size(); ++i) {
    const auto before = packet(left_alone[i]);
    auto bytes = before;
    clamp_mss(bytes, 1400);
    EXPECT_EQ(bytes, before) << i;
  }
}

TEST(Mss, ALaterFragmentIsNoSegment) {
  auto bytes = packet({});
  base::store_be16(&bytes[6], 10);
  const auto before = bytes;
  clamp_mss(bytes, 1300);
  EXPECT_EQ(bytes, before);
  const auto fragment =
      packet({.v6 = true, .extensions = {kProtocolTcp, 0, 0, 8, 0, 0, 0, 1}, .first_header = 44});
  auto clamped = fragment;
  clamp_mss(clamped, 1300);
  EXPECT_EQ(clamped, fragment);
}

TEST(Mss, DataBehindACutOptionIsNoOption) {
  auto bytes = packet({.options = {1, 1, 2, 4}});
  bytes.insert(bytes.end(), {0x23, 0x28});
  base::store_be16(&bytes[2], static_cast<std::uint16_t>(bytes.size()));
  const auto before = bytes;
  clamp_mss(bytes, 1300);
  EXPECT_EQ(bytes, before);
}

TEST(Mss, NothingIsReadBeyondAPacketThatIsCutOff) {
  const auto whole = packet({.options = {1, 1, 1, 1, 2, 4, 0x23, 0x28}});
  for (std::size_t size = 20; size < whole.size(); ++size) {
    std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[size]);
    std::copy_n(whole.begin(), size, exact.get());
    clamp_mss({exact.get(), size}, 1300);
    EXPECT_TRUE(std::equal(exact.get(), exact.get() + size, whole.begin())) << size;
  }
}

}  // namespace
}  // namespace jumpgate::net
