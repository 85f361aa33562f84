#include "net/fragments.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "net/frames.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using Packet = std::vector<std::uint8_t>;

// UDP of `payload` bytes that count upwards; `options` behind the header.
Packet packet(std::size_t payload, const Packet& options = {}) {
  Packet out(kIpv4Size + options.size() + payload);
  build_ip(out, ip("10.0.0.1"), ip("10.0.0.2"), kProtocolUdp, options.size() + payload);
  out[0] = static_cast<std::uint8_t>(0x45 + options.size() / 4);
  out[4] = 0x12;
  out[5] = 0x34;
  base::store_be16(&out[6], 0);
  std::ranges::copy(options, out.begin() + kIpv4Size);
  const std::size_t header = kIpv4Size + options.size();
  for (std::size_t i = 0; i < payload; ++i)
    out[header + i] = static_cast<std::uint8_t>(i * 7);
  base::store_be16(&out[10], 0);
  base::store_be16(&out[10], internet_checksum(std::span(out).first(header)));
  return out;
}

std::vector<Packet> cut(const Packet& whole, std::uint16_t mtu) {
  std::vector<Packet> pieces;
  Fragmenter fragmenter(whole, mtu);
  for (;;) {
    Packet piece(mtu);
    const std::size_t size = fragmenter.next(piece);
    if (size == 0) return pieces;
    piece.resize(size);
    pieces.push_back(piece);
  }
}

// What a receiver makes of the pieces (RFC 791 section 3.2).
Packet join(const std::vector<Packet>& pieces) {
  Packet payload;
  for (const Packet& piece : pieces) {
    const auto view = parse_ip(piece);
    EXPECT_TRUE(view) << "a header or checksum of a piece is wrong";
    if (!view) return {};
    EXPECT_EQ(std::size_t{base::load_be16(&piece[6]) & 0x1fffU} * 8, payload.size());
    EXPECT_EQ(base::load_be16(&piece[4]), 0x1234);
    EXPECT_EQ((piece[6] & 0x20) != 0, &piece != &pieces.back());
    payload.insert(payload.end(), view->payload.begin(), view->payload.end());
  }
  return payload;
}

TEST(Fragments, EveryLengthJoinsToWhatItWas) {
  for (std::size_t payload = 1; payload < 4000; payload += 61) {
    const Packet whole = packet(payload);
    for (const std::uint16_t mtu : {std::uint16_t{68}, std::uint16_t{1220}, std::uint16_t{1223}}) {
      const auto pieces = cut(whole, mtu);
      for (const Packet& piece : pieces)
        EXPECT_LE(piece.size(), mtu);
      EXPECT_EQ(join(pieces), Packet(whole.begin() + kIpv4Size, whole.end()));
    }
  }
}

TEST(Fragments, OfAFragmentKeepItsPlaceAndItsMore) {
  Packet whole = packet(2000);
  base::store_be16(&whole[6], 0x2000 | 100);
  const auto pieces = cut(whole, 1220);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(base::load_be16(&pieces[0][6]), 0x2000 | 100);
  EXPECT_EQ(base::load_be16(&pieces[1][6]), 0x2000 | (100 + 1200 / 8));
}

TEST(Fragments, OnlyCopiedOptionsGoIntoLaterOnes) {
  // No operation, record route (not copied), stream id (copied), end.
  const Packet options{1, 7, 3, 4, 0x88, 4, 0xab, 0xcd, 0, 0, 0, 0};
  const auto pieces = cut(packet(2000, options), 1220);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0][0], 0x48);
  EXPECT_EQ(pieces[1][0], 0x46);
  EXPECT_EQ(Packet(pieces[1].begin() + 20, pieces[1].begin() + 24), (Packet{0x88, 4, 0xab, 0xcd}));
  const auto first = parse_ip(pieces[0]), second = parse_ip(pieces[1]);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->payload.size() + second->payload.size(), 2000U);
}

TEST(Fragments, BrokenOptionsAreLeftOut) {
  const Packet options{0x88, 0, 0xab, 0xcd, 0x88, 200, 0, 0};
  const auto pieces = cut(packet(1300, options), 1220);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[1][0], 0x45);
}

TEST(Fragments, WhoMayBeCutAndWhatIsTold) {
  Packet v4 = packet(1300);
  EXPECT_TRUE(may_be_cut(v4));
  v4[6] = 0x40;
  EXPECT_FALSE(may_be_cut(v4));
  Packet v6(1280);
  build_ip(v6, ip("fd00::1"), ip("fd00::2"), kProtocolUdp, 1240);
  EXPECT_FALSE(may_be_cut(v6));
  EXPECT_EQ(mtu_for(true, 1200), 1280);
  EXPECT_EQ(mtu_for(true, 1400), 1400);
  EXPECT_EQ(mtu_for(false, 1200), 1200);
}

}  // namespace
}  // namespace jumpgate::net
