// Inner packets through the worker as a router's: MTU, fragments, MSS, ECN and DSCP, hops, strangers
// among the sources (spec/inner-networks.md).
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "harness.hpp"
#include "net/ecn.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

using bus::WorkerCounter;

struct Family {
  std::string_view client;
  std::string_view server;
  bool outer_v6;
};

class Inner : public testing::TestWithParam<Family> {
 protected:
  [[nodiscard]] bool v6() const { return GetParam().client.find(':') != std::string_view::npos; }
  void from_server(const ByteVector& packet) { h.put(kInnerPort, frame_of(kInnerMac, packet)); }
  void from_client(const ByteVector& packet) { h.put(client, client.data(packet)); }
  [[nodiscard]] std::vector<Taken> refusals() { return h.reports(bus::ReportKind::kInnerRefused); }

  Harness h;
  Client client{h.attached(0, 0, Suite::kAes256Gcm, GetParam().outer_v6)};
};

INSTANTIATE_TEST_SUITE_P(Families, Inner,
                         testing::Values(Family{"10.8.0.2", "10.0.0.9", false},
                                         Family{"10.8.0.2", "10.0.0.9", true},
                                         Family{"fd00:8::2", "fd00:a::9", false},
                                         Family{"fd00:8::2", "fd00:a::9", true}));

/// TCP with an MSS option of 1460 alone.
ByteVector syn(std::string_view from, std::string_view to) {
  const IpAddress source = address(from), destination = address(to);
  const std::size_t header = net::ip_header_size(source.family);
  constexpr std::size_t kSize = 24;
  ByteVector packet(header + kSize);
  net::build_ip(packet, source, destination, net::kProtocolTcp, kSize);
  const auto tcp = std::span(packet).subspan(header);
  tcp[12] = 0x60;
  tcp[13] = 0x02;
  tcp[20] = 2;
  tcp[21] = 4;
  base::store_be16(&tcp[22], 1460);
  const auto pseudo = net::pseudo_header_sum(source, destination, net::kProtocolTcp, kSize);
  base::store_be16(&tcp[16], net::internet_checksum(tcp, pseudo));
  return packet;
}

std::uint16_t mss_of(const ByteVector& packet) {
  return base::load_be16(&packet[packet.size() - 2]);
}

bool tcp_checksum_fits(const ByteVector& packet) {
  const auto ip = net::parse_ip(packet);
  return ip && net::internet_checksum(
                   ip->payload, net::pseudo_header_sum(ip->source(), ip->destination(),
                                                       net::kProtocolTcp, ip->payload.size())) == 0;
}

TEST_P(Inner, TheMssOfSynsIsClampedBothWays) {
  // 1500 less outer IP, UDP, 32 of JVP/1, inner IP and TCP.
  const std::uint16_t fits =
      static_cast<std::uint16_t>(1500 - (GetParam().outer_v6 ? 80 : 60) - (v6() ? 60 : 40));
  from_server(syn(GetParam().server, GetParam().client));
  from_client(syn(GetParam().client, GetParam().server));
  h.poll();
  const auto out = h.opened(client);
  const auto in = h.delivered();
  ASSERT_TRUE(out.size() == 1 && in.size() == 1);
  EXPECT_EQ(mss_of(out[0].plaintext), fits);
  EXPECT_EQ(mss_of(in[0]), fits);
  EXPECT_TRUE(tcp_checksum_fits(out[0].plaintext));
  EXPECT_TRUE(tcp_checksum_fits(in[0]));
}

TEST_P(Inner, TheClampCanBeSwitchedOff) {
  h.shared->inner.clamp_mss = false;
  from_server(syn(GetParam().server, GetParam().client));
  from_client(syn(GetParam().client, GetParam().server));
  h.poll();
  const auto out = h.opened(client);
  const auto in = h.delivered();
  ASSERT_TRUE(out.size() == 1 && in.size() == 1);
  EXPECT_EQ(mss_of(out[0].plaintext), 1460);
  EXPECT_EQ(mss_of(in[0]), 1460);
}

TEST_P(Inner, TheOuterHeaderCopiesEcnAndDscp) {
  for (unsigned traffic_class = 0; traffic_class < 256; ++traffic_class)
    from_server(with_class(inner_packet(GetParam().server, GetParam().client),
                           static_cast<std::uint8_t>(traffic_class)));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 256U);
  for (unsigned traffic_class = 0; traffic_class < 256; ++traffic_class)
    EXPECT_EQ(out[traffic_class].traffic_class, traffic_class);
}

TEST_P(Inner, ADscpOfOursStandsOutsideAlone) {
  const Client other = h.attached(1, 1);
  h.treat(0, {.outer_class = net::OuterClass::fixed(10)});
  const auto packet = with_class(inner_packet(GetParam().server, GetParam().client), 0xb9);
  from_server(packet);
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].traffic_class, (10U << 2) | 1U);
  EXPECT_EQ(net::traffic_class_of(out[0].plaintext.data()), 0xb9);
  // Another peer's is its own, and it changes while the session runs.
  const bool v4 = GetParam().server == "10.0.0.9";
  for (const unsigned expected : {0xb9U, 0x01U}) {
    from_server(with_class(inner_packet(GetParam().server, v4 ? "10.8.0.3" : "fd00:8::3"), 0xb9));
    h.poll();
    EXPECT_EQ(h.opened(other).at(0).traffic_class, expected);
    h.treat(1, {.outer_class = net::OuterClass::fixed(0)});
  }
}

TEST_P(Inner, OuterMarksAreCombinedIntoInnerOnes) {
  for (std::uint8_t inner = 0; inner < 4; ++inner) {
    for (std::uint8_t outer = 0; outer < 4; ++outer) {
      client.traffic_class = static_cast<std::uint8_t>(0x20 | outer);
      from_client(with_class(inner_packet(GetParam().client, GetParam().server),
                             static_cast<std::uint8_t>(0x48 | inner)));
      h.poll();
      const auto in = h.delivered();
      const auto wanted =
          net::combine_ecn(static_cast<net::Ecn>(inner), static_cast<net::Ecn>(outer));
      ASSERT_EQ(in.size(), wanted ? 1U : 0U) << int(inner) << " in " << int(outer);
      if (!wanted) continue;
      const auto ip = net::parse_ip(in[0]);
      ASSERT_TRUE(ip) << "the header's checksum no longer fits";
      EXPECT_EQ(net::traffic_class_of(ip->packet.data()), 0x48U | static_cast<unsigned>(*wanted));
    }
  }
  EXPECT_EQ(h.dropped(DropReason::kInnerBadEcn), 1U);
  EXPECT_EQ(h.all_drops(), 1U);
}

TEST_P(Inner, HeartbeatsCarryNoMark) {
  client.traffic_class = 3;
  h.put(client, client.heartbeat(true));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].traffic_class, 0U);
  EXPECT_EQ(h.count(WorkerCounter::kHeartbeatsIn), 1U);
}

TEST(InnerMtu, APacketThatMayBeCutGoesInPieces) {
  Harness h;
  const Client client = h.attached(0, 0);
  ByteVector whole = inner_packet("10.0.0.9", "10.8.0.2", 1452);  // 1480 of 1440
  base::store_be16(&whole[6], 0);
  whole = with_class(whole, 0);
  h.put(kInnerPort, frame_of(kInnerMac, whole));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 2U);
  ByteVector payload;
  for (const Opened& piece : out) {
    const auto ip = net::parse_ip(piece.plaintext);
    ASSERT_TRUE(ip && ip->fragment && ip->packet.size() <= 1440);
    EXPECT_EQ(ip->ttl, 63);
    payload.insert(payload.end(), ip->payload.begin(), ip->payload.end());
  }
  EXPECT_TRUE(std::equal(payload.begin(), payload.end(), whole.begin() + 20, whole.end()));
  EXPECT_EQ(h.count(WorkerCounter::kInnerCut), 1U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST(InnerMtu, PiecesStandInThePacketsPlace) {
  Harness h;
  const Client client = h.attached(0, 0);
  ByteVector whole = inner_packet("10.0.0.9", "10.8.0.2", 1452);
  base::store_be16(&whole[6], 0);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1)));
  h.put(kInnerPort, frame_of(kInnerMac, with_class(whole, 0)));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 2)));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(out[0].plaintext.size(), 29U);
  EXPECT_EQ(out[3].plaintext.size(), 30U);
  for (std::size_t i = 1; i < out.size(); ++i)
    EXPECT_EQ(out[i].prefix.counter, out[i - 1].prefix.counter + 1);
}

TEST(InnerMtu, DontFragmentIsHonoured) {
  Harness h;
  const Client client = h.attached(0, 0);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1452)));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 0U);
  const auto refused = h.reports(bus::ReportKind::kInnerRefused);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].report.reason, DropReason::kInnerTooBig);
  EXPECT_EQ(refused[0].report.mtu, 1440);
}

TEST(InnerMtu, OfAnInnerPortCountsToo) {
  data::WorkerLimits limits = Harness::small();
  Harness h(1, limits);
  Client client = h.attached(0, 0);
  const_cast<data::Shard&>(h.workers[0]->shard()).ports[kInnerPort].mtu = 1300;
  ByteVector whole = inner_packet("10.8.0.2", "10.0.0.9", 1380);
  h.put(client, client.data(whole));
  base::store_be16(&whole[6], 0);
  h.put(client, client.data(with_class(whole, 0)));
  h.poll();
  const auto in = h.delivered();
  ASSERT_EQ(in.size(), 2U) << "the second, in pieces";
  EXPECT_LE(in[0].size(), 1300U);
  EXPECT_EQ(h.dropped(DropReason::kInnerTooBig), 1U);
  h.reports();
}

TEST(InnerMtu, WithoutBuffersThePacketIsLostAndCounted) {
  Harness h;
  h.attached(0, 0);
  ByteVector whole = inner_packet("10.0.0.9", "10.8.0.2", 1452);
  base::store_be16(&whole[6], 0);
  h.put(kInnerPort, frame_of(kInnerMac, with_class(whole, 0)));
  std::vector<rte_mbuf*> all;
  while (rte_mbuf* mbuf = rte_pktmbuf_alloc(h.pool))
    all.push_back(mbuf);
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kMbufExhausted), 1U);
  EXPECT_TRUE(h.sent(kOuterPort).empty());
  for (rte_mbuf* mbuf : all)
    rte_pktmbuf_free(mbuf);
}

class InnerDrops : public testing::Test {
 protected:
  void from_client(const ByteVector& packet, DropReason reason) { expect(reason, client, packet); }
  void from_server(const ByteVector& packet, DropReason reason) {
    const std::uint64_t before = h.dropped(reason);
    h.put(kInnerPort, frame_of(kInnerMac, packet));
    h.poll();
    EXPECT_EQ(h.dropped(reason), before + 1) << to_string(reason);
    EXPECT_TRUE(h.sent(kOuterPort).empty());
    h.reports();
  }
  void expect(DropReason reason, Client& from, const ByteVector& packet) {
    const std::uint64_t before = h.dropped(reason);
    h.put(from, from.data(packet));
    h.poll();
    EXPECT_EQ(h.dropped(reason), before + 1) << to_string(reason);
    EXPECT_TRUE(h.delivered().empty());
    h.reports();
  }
  static ByteVector v4(std::uint8_t protocol, std::uint16_t fragment, std::size_t payload) {
    ByteVector packet(20 + payload);
    net::build_ip(packet, address("10.8.0.2"), address("10.0.0.9"), protocol, payload);
    base::store_be16(&packet[6], fragment);
    return with_class(packet, 0);
  }

  Harness h;
  Client client{h.attached(0, 0)};
};

TEST_F(InnerDrops, SourcesOfAnInnerPortThatBelongElsewhere) {
  const auto bad = DropReason::kInnerBadSource;
  from_server(inner_packet("10.8.0.3", "10.8.0.2"), bad);  // another peer's
  from_server(inner_packet("fd00:8::3", "fd00:8::2"), bad);
  from_server(inner_packet("10.0.0.1", "10.8.0.2"), bad);     // our own
  from_server(inner_packet("203.0.113.9", "10.8.0.2"), bad);  // no way back
  from_server(inner_packet("2001:db8::9", "fd00:8::2"), bad);
}

TEST_F(InnerDrops, AnHonestSourceStaysHonestWhenRoutesChange) {
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 2U);
  const std::vector<net::PeerPrefix> peers{{*base::parse_prefix("10.8.0.2/32"), 0},
                                           {*base::parse_prefix("10.0.0.9/32"), 1}};
  auto image = net::RouteImage::build({.peers = peers, .ports = {}, .routes = {}});
  ASSERT_TRUE(image);
  ASSERT_TRUE(h.routes->publish(std::move(*image)));
  from_server(inner_packet("10.0.0.9", "10.8.0.2"), DropReason::kInnerBadSource);
}

TEST_F(InnerDrops, DestinationsThatNoRouterForwardsTo) {
  for (const std::string_view to :
       {"127.0.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255"})
    from_client(inner_packet("10.8.0.2", to), DropReason::kInnerMartian);
  for (const std::string_view to : {"::1", "::", "ff02::1", "fe80::1"})
    from_client(inner_packet("fd00:8::2", to), DropReason::kInnerMartian);
  // All hosts of the link behind the inner port (RFC 2644).
  from_client(inner_packet("10.8.0.2", "10.0.0.255"), DropReason::kInnerMartian);
  from_client(inner_packet("10.8.0.2", "10.0.0.0"), DropReason::kInnerMartian);
}

TEST_F(InnerDrops, NobodiesAddressesAreNoSources) {
  const std::vector<net::PeerPrefix> peers{{*base::parse_prefix("0.0.0.0/0"), 0},
                                           {*base::parse_prefix("::/0"), 0}};
  net::PortAddressing port{.port = kInnerPort, .role = net::PortRole::kInner, .mac = kInnerMac};
  port.addresses = {*base::parse_prefix("10.0.0.1/24", base::HostBits::kKeep),
                    *base::parse_prefix("fd00:a::1/64", base::HostBits::kKeep)};
  auto image = net::RouteImage::build({.peers = peers, .ports = {&port, 1}, .routes = {}});
  ASSERT_TRUE(image);
  ASSERT_TRUE(h.routes->publish(std::move(*image)));
  const auto bad = DropReason::kInnerBadSource;
  for (const std::string_view from : {"127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.5",
                                      "255.255.255.255", "10.0.0.255", "10.0.0.9"})
    from_client(inner_packet(from, "10.0.0.9"), bad);
  for (const std::string_view from : {"::1", "::", "ff02::1", "fe80::1"})
    from_client(inner_packet(from, "fd00:a::9"), bad);
  h.put(client, client.data(inner_packet("203.0.113.9", "10.0.0.9")));
  h.put(client, client.data(inner_packet("2001:db8:9::9", "fd00:a::9")));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 2U) << "all others are";
  from_server(inner_packet("10.0.0.255", "203.0.113.9"), bad);
}

TEST_F(InnerDrops, LinkLocalSourcesStayOnTheirLink) {
  const std::vector<net::PeerPrefix> peers{{*base::parse_prefix("fd00:8::2/128"), 0}};
  net::PortAddressing port{.port = kInnerPort, .role = net::PortRole::kInner, .mac = kInnerMac};
  port.addresses = {*base::parse_prefix("fd00:a::1/64", base::HostBits::kKeep)};
  port.gateways = {address("fd00:a::fe")};
  auto image = net::RouteImage::build({.peers = peers, .ports = {&port, 1}, .routes = {}});
  ASSERT_TRUE(image);
  ASSERT_TRUE(h.routes->publish(std::move(*image)));
  from_server(inner_packet("fe80::9", "fd00:8::2"), DropReason::kInnerBadSource);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("2001:db8::9", "fd00:8::2")));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
}

TEST_F(InnerDrops, AWrongHeaderChecksumIsNotCarriedOn) {
  ByteVector packet = inner_packet("10.8.0.2", "10.0.0.9");
  packet[4] ^= 1;
  from_client(packet, DropReason::kInnerBadHeader);
  // Cutting would have given its pieces right ones.
  packet = inner_packet("10.8.0.2", "10.0.0.9", 1380);
  base::store_be16(&packet[6], 0);
  from_client(packet, DropReason::kInnerBadHeader);
}

TEST_F(InnerDrops, OptionsExtensionsAndFragmentsOfBadIntent) {
  ByteVector routed(28 + 8);
  net::build_ip(routed, address("10.8.0.2"), address("10.0.0.9"), net::kProtocolUdp, 16);
  routed[0] = 0x47;
  routed[20] = 131;
  routed[21] = 7;
  base::store_be16(&routed[10], 0);
  base::store_be16(&routed[10], net::internet_checksum(std::span(routed).first(28)));
  from_client(routed, DropReason::kInnerSourceRoute);
  ByteVector endless(48);
  net::build_ip(endless, address("fd00:8::2"), address("fd00:a::9"), 0, 8);
  endless[40] = 6;
  endless[41] = 9;
  from_client(endless, DropReason::kInnerBadExtension);
  from_client(v4(net::kProtocolTcp, 0x2000, 8), DropReason::kInnerBadFragment);
}

TEST_F(InnerDrops, HonestFragmentsAreForwarded) {
  for (const std::uint16_t place : std::array<std::uint16_t, 3>{0x2000, 0x2001, 2})
    h.put(client, client.data(v4(net::kProtocolUdp, place, 8)));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 3U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST_F(InnerDrops, ClientToClientWhereItIsForbidden) {
  const Client other = h.attached(1, 1);
  for (const std::uint32_t forbidden : {0U, 1U}) {
    h.treat(forbidden, {.client_to_client = false});
    from_client(inner_packet("10.8.0.2", "10.8.0.3"), DropReason::kHairpinDenied);
    EXPECT_TRUE(h.opened(other).empty()) << "either end may refuse";
    h.treat(forbidden, {});
  }
  h.put(client, client.data(inner_packet("10.8.0.2", "10.8.0.3")));
  h.poll();
  EXPECT_EQ(h.opened(other).size(), 1U);
  h.treat(0, {.client_to_client = false});
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
