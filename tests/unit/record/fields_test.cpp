#include "record/fields.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace jumpgate::record {
namespace {

template <class Value>
Value there_and_back(const Value& value) {
  Bytes bytes;
  Writer writer(bytes);
  pass(writer, value);
  Reader reader(bytes);
  Value read{};
  pass(reader, read);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.left(), 0U);
  return read;
}

TEST(Fields, NumbersComeBack) {
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                std::numeric_limits<std::uint64_t>::max()})
    EXPECT_EQ(there_and_back(n), n);
  EXPECT_EQ(there_and_back(seconds(-3)), seconds(-3));
  EXPECT_EQ(there_and_back(true), true);
}

TEST(Fields, APolicyAndItsProfilesComeBack) {
  session::PolicySet set;
  set.set_version(9);
  set.base.transport.allow_udp6 = false;
  set.base.volatility.latency_volatile = milliseconds(77);
  set.base.keys.reject_after = seconds(99);
  set.base.keys.rekey_after_transport_change = true;
  set.profiles.push_back({.name = "mobile", .policy = set.base});
  EXPECT_EQ(there_and_back(set), set);
}

TEST(Fields, WhatIsAbsentStaysAbsent) {
  EXPECT_EQ(there_and_back(std::optional<std::string>()), std::nullopt);
  EXPECT_EQ(there_and_back(std::optional<std::string>("why")), "why");
  EXPECT_EQ(there_and_back(std::string("\xC3\xA9")), "\xC3\xA9") << "no text is too foreign";
}

TEST(Fields, ALengthBeyondTheBytesIsRefusedBeforeMemoryIsTaken) {
  Bytes bytes;
  Writer(bytes).number(std::uint64_t{1} << 60);
  Reader reader(bytes);
  std::string text;
  pass(reader, text);
  EXPECT_TRUE(reader.failed());
  EXPECT_TRUE(text.empty());
}

TEST(Fields, AListGrowsOnlyWhileItsElementsAreThere) {
  // As many peers as bytes are left, each of which would take 200 bytes of memory.
  constexpr std::size_t kPeers = 1000;
  Bytes bytes;
  Writer(bytes).number(kPeers);
  bytes.resize(bytes.size() + kPeers);
  Reader reader(bytes);
  std::vector<config::PeerConfig> peers;
  pass(reader, peers);
  EXPECT_TRUE(reader.failed());
  EXPECT_LE(peers.size(), kPeers / sizeof(PublicKey) + 1);
}

TEST(Fields, WhatTablesAreIndexedByIsWithinThem) {
  const auto fails = [](auto value) {
    Bytes bytes;
    Writer writer(bytes);
    pass(writer, value);
    Reader reader(bytes);
    pass(reader, value);
    return reader.failed();
  };
  EXPECT_FALSE(fails(DropReason{kDropReasonCount - 1}));
  EXPECT_TRUE(fails(DropReason{kDropReasonCount}));
  EXPECT_FALSE(fails(Suite::kChaCha20Poly1305));
  EXPECT_TRUE(fails(Suite{3}));
  EXPECT_FALSE(fails(bus::OuterPath{
      .remote = {}, .local = {}, .port = limits::kMaxPorts - 1, .neighbour = 0, .next_hop = {}}));
  EXPECT_TRUE(fails(bus::OuterPath{
      .remote = {}, .local = {}, .port = limits::kMaxPorts, .neighbour = 0, .next_hop = {}}));
}

TEST(Fields, NoListIsLongerThanAGatewayHasIt) {
  // A byte each on the tape, hundreds in memory.
  Bytes bytes;
  Writer(bytes).number(limits::kMaxPorts + 1);
  bytes.resize(bytes.size() + limits::kMaxPorts + 1);
  std::vector<config::PortConfig> ports;
  Reader reader(bytes);
  pass(reader, ports);
  EXPECT_TRUE(reader.failed());
  EXPECT_TRUE(ports.empty());
}

TEST(Fields, FiltersComeBack) {
  const net::FilterSet set{.name = "web",
                           .otherwise = net::FilterAction::kDeny,
                           .rules = {{.action = net::FilterAction::kDeny,
                                      .direction = net::FilterDirection::kOut,
                                      .protocol = 17,
                                      .from = {.address = {}, .length = 7},
                                      .to = {.address = {}, .length = 9},
                                      .from_ports = {1, 2},
                                      .to_ports = {3, 4},
                                      .line = 5}}};
  EXPECT_EQ(there_and_back(set), set);
  config::PeerConfig peer;
  peer.filter = 3;
  EXPECT_EQ(there_and_back(peer).filter, peer.filter);
}

TEST(Fields, RatesComeBack) {
  const net::RateSet set{.name = "guests",
                         .session = {{{.bytes = 1, .packets = 2}, {.bytes = 3, .packets = 4}}},
                         .total = {{{.bytes = 5, .packets = 6}, {.bytes = 7, .packets = 8}}},
                         .burst = milliseconds(9),
                         .quota = 10};
  EXPECT_EQ(there_and_back(set), set);
  const config::ProfileConfig profile{.name = "p", .filter = 1, .rates = 2};
  EXPECT_EQ(there_and_back(profile), profile);
  config::PeerConfig peer;
  peer.rates = 3;
  peer.quota = 4;
  EXPECT_EQ(there_and_back(peer), peer);
}

TEST(Fields, TreatmentsComeBack) {
  for (const auto outer :
       {net::OuterClass{}, net::OuterClass::fixed(0), net::OuterClass::fixed(63)}) {
    const config::ProfileConfig profile{
        .name = "p", .outer_class = outer, .client_to_client = outer.dscp().has_value()};
    EXPECT_EQ(there_and_back(profile), profile);
    config::GatewayConfig config;
    config.inner.outer_class = outer;
    config.inner.client_to_client = false;
    EXPECT_EQ(there_and_back(config).inner, config.inner);
  }
  Bytes bytes;
  Writer writer(bytes);
  writer.number(true);
  writer.number(net::kMaxDscp + 1U);
  Reader reader(bytes);
  net::OuterClass outer_class;
  pass(reader, outer_class);
  EXPECT_TRUE(reader.failed());
}

TEST(Fields, ANumberTooLargeForItsTypeIsAFault) {
  Bytes bytes;
  Writer(bytes).number(256U);
  Reader reader(bytes);
  std::uint8_t byte = 7;
  reader.number(byte);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(byte, 0U);
}

TEST(Fields, AnIdOfOursIsItsMeaningAndAForeignOneItself) {
  const crypto::CidCipher one(std::array<std::uint8_t, 16>{1});
  const crypto::CidCipher other(std::array<std::uint8_t, 16>{2});
  const crypto::CidFields fields{.node = 1, .worker = 0, .slot = 77, .generation = 5};
  const TapedId ours = taped(one, one.encode(fields));
  EXPECT_EQ(ours.foreign, ConnectionId{}) << "the enciphered id is not written";
  EXPECT_EQ(untaped(other, ours), other.encode(fields));
  std::uint64_t foreign = 1;
  while (one.decode(ConnectionId{foreign}))
    ++foreign;
  EXPECT_EQ(untaped(other, taped(one, ConnectionId{foreign})), ConnectionId{foreign});
}

}  // namespace
}  // namespace jumpgate::record
