// Splitting and joining super-packets: what goes in comes out, with right lengths, sequence numbers
// and checksums.
#include "tun/segment.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "tun/checksum.hpp"
#include "tun/coalesce.hpp"

namespace jumpgate::tun {
namespace {

using Packet = std::vector<std::uint8_t>;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

/// An IPv4 or IPv6 packet with a TCP (32 bytes) or UDP header and so much payload, checksums zero.
Packet make(bool v6, std::uint8_t protocol, std::size_t payload) {
  const std::size_t ip = v6 ? 40 : 20;
  const std::size_t transport = protocol == kTcp ? 32 : 8;
  Packet p(ip + transport + payload);
  if (v6) {
    p[0] = 0x60;
    store_be16(&p[4], static_cast<std::uint16_t>(p.size() - 40));
    p[6] = protocol;
    p[8] = 0xfd;
    p[24] = 0xfd;
    p[39] = 9;
  } else {
    p[0] = 0x45;
    store_be16(&p[2], static_cast<std::uint16_t>(p.size()));
    store_be16(&p[4], 0xfffe);
    p[8] = 64;
    p[9] = protocol;
    p[12] = 10;
    p[16] = 11;
  }
  store_be16(&p[ip], 1000);
  store_be16(&p[ip + 2], 80);
  if (protocol == kTcp) {
    store_be32(&p[ip + 4], 0xffffff00);
    p[ip + 12] = 0x80;
    p[ip + 13] = 0x99;  // CWR, ACK, PSH, FIN
  } else {
    store_be16(&p[ip + 4], static_cast<std::uint16_t>(8 + payload));
  }
  std::iota(p.begin() + static_cast<std::ptrdiff_t>(ip + transport), p.end(), std::uint8_t{1});
  return p;
}

bool checksums_hold(const Packet& p) {
  const bool v6 = (p[0] >> 4) == 6;
  const std::size_t ip = v6 ? 40 : 20;
  const std::uint8_t protocol = v6 ? p[6] : p[9];
  if (!v6 && base::fold(checksum_add(0, std::span(p).first(20))) != 0xffff) return false;
  return base::fold(checksum_add(pseudo_header_sum(p, protocol, p.size() - ip),
                                 std::span(p).subspan(ip))) == 0xffff;
}

std::vector<Packet> split(const VnetHeader& header, Packet& packet, std::size_t room = 1920) {
  std::vector<Packet> out;
  Segmenter segmenter;
  if (!segmenter.start(header, packet)) return out;
  while (!segmenter.done()) {
    Packet segment(room);
    segment.resize(segmenter.next(segment));
    if (!segment.empty()) out.push_back(segment);
  }
  return out;
}

VnetHeader gso(std::uint8_t type, bool v6, std::uint16_t size, std::uint16_t offset) {
  return {.flags = kVnetNeedsChecksum,
          .gso_type = type,
          .header_length = 0,
          .gso_size = size,
          .checksum_start = static_cast<std::uint16_t>(v6 ? 40 : 20),
          .checksum_offset = offset};
}

TEST(Checksum, MatchesWordsAddedOneByOne) {
  for (std::size_t size = 0; size < 200; ++size) {
    Packet bytes(size);
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<std::uint8_t>(i * 37 + size);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < size; i += 2)
      sum += static_cast<std::uint32_t>(bytes[i] << 8) + (i + 1 < size ? bytes[i + 1] : 0U);
    while ((sum >> 16) != 0)
      sum = (sum & 0xffff) + (sum >> 16);
    EXPECT_EQ(base::fold(checksum_add(0, bytes)), sum) << size;
  }
}

TEST(Segmenter, SplitsTcpWithEverythingInItsPlace) {
  for (const bool v6 : {false, true}) {
    Packet packet = make(v6, kTcp, 3000);
    const std::size_t headers = v6 ? 72 : 52;
    const std::size_t tcp = v6 ? 40 : 20;
    const Packet whole = packet;
    const auto parts = split(gso(v6 ? kGsoTcp6 : kGsoTcp4, v6, 1300, 16), packet);
    ASSERT_EQ(parts.size(), 3U);
    Packet joined;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Packet& part = parts[i];
      EXPECT_TRUE(checksums_hold(part)) << i;
      EXPECT_EQ(load_be32(&part[tcp + 4]), static_cast<std::uint32_t>(0xffffff00 + i * 1300));
      EXPECT_EQ(part[tcp + 13], i == 0 ? 0x90 : i == 1 ? 0x10 : 0x19);
      if (!v6) {
        EXPECT_EQ(load_be16(&part[4]), static_cast<std::uint16_t>(0xfffe + i));
        EXPECT_EQ(load_be16(&part[2]), part.size());
      }
      joined.insert(joined.end(), part.begin() + static_cast<std::ptrdiff_t>(headers), part.end());
    }
    EXPECT_TRUE(std::equal(joined.begin(), joined.end(),
                           whole.begin() + static_cast<std::ptrdiff_t>(headers), whole.end()));
  }
}

TEST(Segmenter, SplitsUdp) {
  Packet packet = make(true, kUdp, 2500);
  const auto parts = split(gso(kGsoUdpL4, true, 1000, 6), packet);
  ASSERT_EQ(parts.size(), 3U);
  for (const Packet& part : parts)
    EXPECT_TRUE(checksums_hold(part));
  EXPECT_EQ(load_be16(&parts[2][44]), 508);
}

TEST(Segmenter, FinishesAPartialChecksum) {
  Packet packet = make(false, kUdp, 100);
  store_be16(&packet[26], base::fold(pseudo_header_sum(packet, kUdp, 108)));
  store_be16(&packet[10],
             static_cast<std::uint16_t>(~base::fold(checksum_add(0, std::span(packet).first(20)))));
  const auto parts = split(gso(kGsoNone, false, 0, 6), packet);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(checksums_hold(parts[0]));
}

TEST(Segmenter, RefusesWhatDoesNotHoldItsHeaders) {
  for (std::size_t size = 0; size < 72; ++size) {
    Packet packet = make(true, kTcp, 3000);
    packet.resize(size);
    packet.shrink_to_fit();
    EXPECT_TRUE(split(gso(kGsoTcp6, true, 1300, 16), packet).empty()) << size;
  }
  Packet packet = make(false, kTcp, 3000);
  EXPECT_TRUE(split(gso(kGsoTcp4, false, 0, 16), packet).empty()) << "no segment size";
  EXPECT_TRUE(split(gso(9, false, 1300, 16), packet).empty()) << "unknown type";
  VnetHeader far = gso(kGsoTcp4, false, 1300, 16);
  far.checksum_start = 60000;
  EXPECT_TRUE(split(far, packet).empty());
  VnetHeader checksum_beyond = gso(kGsoNone, false, 0, 60000);
  EXPECT_TRUE(split(checksum_beyond, packet).empty());
  packet[32] = 0x40;  // TCP header length of 16
  EXPECT_TRUE(split(gso(kGsoTcp4, false, 1300, 16), packet).empty());
}

TEST(Segmenter, GivesUpWhatDoesNotFit) {
  Packet packet = make(false, kTcp, 3000);
  EXPECT_TRUE(split(gso(kGsoTcp4, false, 1300, 16), packet, 1000).empty());
}

/// The plain-ACK segments of one super-packet, as they come out of the tunnel.
std::vector<Packet> segments(bool v6) {
  Packet packet = make(v6, kTcp, 5000);
  packet[(v6 ? 40U : 20U) + 13] = 0x10;
  if (!v6) store_be16(&packet[6], 0x4000);
  return split(gso(v6 ? kGsoTcp6 : kGsoTcp4, v6, 1300, 16), packet);
}

std::size_t gathered(Coalescer& coalescer, std::vector<Packet>& packets) {
  std::vector<std::span<std::uint8_t>> spans(packets.begin(), packets.end());
  return coalescer.gather(spans);
}

TEST(Coalescer, JoinsWhatTheSegmenterSplit) {
  for (const bool v6 : {false, true}) {
    std::vector<Packet> parts = segments(v6);
    ASSERT_EQ(parts.size(), 4U);
    Coalescer coalescer;
    ASSERT_EQ(gathered(coalescer, parts), 4U);
    EXPECT_EQ(coalescer.header().gso_size, 1300);
    Packet joined(coalescer.packet().begin(), coalescer.packet().end());
    const auto again = split(coalescer.header(), joined);
    ASSERT_EQ(again.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i)
      EXPECT_EQ(again[i], parts[i]) << i;
  }
}

TEST(Coalescer, LeavesAloneWhatDoesNotFollow) {
  Coalescer coalescer;
  std::vector<Packet> gap = segments(false);
  gap.erase(gap.begin() + 1);
  EXPECT_EQ(gathered(coalescer, gap), 1U);

  std::vector<Packet> damaged = segments(false);
  damaged[1].back() ^= 1;
  EXPECT_EQ(gathered(coalescer, damaged), 1U) << "the kernel would not check it again";

  std::vector<Packet> other_flow = segments(false);
  other_flow[1][20] ^= 1;
  EXPECT_EQ(gathered(coalescer, other_flow), 1U);

  std::vector<Packet> reset = segments(false);
  reset[0][33] = 0x14;
  EXPECT_EQ(gathered(coalescer, reset), 1U);

  std::vector<Packet> fragment = segments(false);
  store_be16(&fragment[0][6], 0x2000);
  EXPECT_EQ(gathered(coalescer, fragment), 1U);

  std::vector<Packet> shorts{Packet(19), Packet(40), Packet(1)};
  EXPECT_EQ(gathered(coalescer, shorts), 1U);
}

}  // namespace
}  // namespace jumpgate::tun
