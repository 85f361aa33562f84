#include "wire/handshake.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "support.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate::wire {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::expected<HelloHeader, DropReason> hello(const Bytes& bytes) {
  return test::on_exact_heap(bytes, [](auto b) { return decode_hello_header(b); });
}

TEST(Hello, HeaderRoundTripAndMalformed) {
  Bytes bytes(kHelloSize, 0xab);
  encode_hello_header({7, {42}}, std::span(bytes).first<16>());
  ASSERT_TRUE(hello(bytes));
  EXPECT_EQ(hello(bytes)->version, 7);
  EXPECT_EQ(hello(bytes)->client_cid.value, 42U);
  for (const std::size_t at : {1U, 4U, 5U, 6U, 7U}) {
    Bytes bad = bytes;
    bad[at] = 1;
    EXPECT_EQ(hello(bad).error(), DropReason::kWireReservedBits);
  }
  Bytes no_id = bytes;
  no_id[8] = 0;
  EXPECT_EQ(hello(no_id).error(), DropReason::kCidInvalid);
  Bytes other = bytes;
  other[0] = static_cast<std::uint8_t>(Type::kWelcome);
  other.resize(kWelcomeSize);
  EXPECT_EQ(hello(other).error(), DropReason::kWireUnknownType);
  bytes.push_back(0);
  EXPECT_EQ(hello(bytes).error(), DropReason::kWireBadLength);
  bytes.resize(kHelloSize - 1);
  EXPECT_EQ(hello(bytes).error(), DropReason::kWireTooShort);
}

TEST(Hello, PartsLieWhereTheyShould) {
  const Bytes bytes(kHelloSize);
  const HelloBytes m(bytes);
  EXPECT_EQ(hello_noise(m).data() - m.data(), 16);
  EXPECT_EQ(hello_noise(m).size(), 464U);
  EXPECT_EQ(hello_mac1(m).data() - m.data(), 480);
  EXPECT_EQ(hello_mac2(m).data() - m.data(), 496);
}

TEST(Hello, Prologue) {
  const std::array<std::uint8_t, 15> expected{'J', 'V', 'P', '/', '1', 1, 0, 8,
                                              7,   6,   5,   4,   3,   2, 1};
  EXPECT_EQ(make_prologue({1, {0x0102030405060708}}), expected);
}

std::expected<HelloPayload, DropReason> hello_payload(const Bytes& bytes) {
  return test::on_exact_heap(
      bytes, [](auto b) { return decode_hello_payload(b.template first<kHelloPayloadSize>()); });
}

TEST(Hello, PayloadRoundTripAndMalformed) {
  Bytes bytes(kHelloPayloadSize, 0xee);
  HelloPayload m;
  m.counter = 99;
  m.versions = {2, 1, 0, 0};
  m.suites = {Suite::kChaCha20Poly1305, Suite::kAes256Gcm};
  encode_hello_payload(m, std::span(bytes).first<kHelloPayloadSize>());
  const auto read = hello_payload(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->counter, 99U);
  EXPECT_EQ(read->versions, m.versions);
  EXPECT_EQ(read->suites, m.suites);
  for (std::size_t i = 20; i < kHelloPayloadSize; ++i) {
    Bytes bad = bytes;
    bad[i] = 1;
    EXPECT_EQ(hello_payload(bad).error(), DropReason::kWireReservedBits);
  }
  Bytes no_version = bytes;
  std::fill_n(no_version.begin() + 8, 8, std::uint8_t{0});
  EXPECT_EQ(hello_payload(no_version).error(), DropReason::kWireBadField);
  Bytes version_gap = bytes;
  std::fill_n(version_gap.begin() + 8, 2, std::uint8_t{0});
  EXPECT_EQ(hello_payload(version_gap).error(), DropReason::kWireBadField);
  Bytes suite_gap = bytes;
  suite_gap[16] = 0;
  EXPECT_EQ(hello_payload(suite_gap).error(), DropReason::kWireBadField);
}

TEST(Hello, UnknownSuitesAreLeftOut) {
  Bytes bytes(kHelloPayloadSize);
  bytes[8] = 1;
  bytes[16] = 77;
  bytes[17] = static_cast<std::uint8_t>(Suite::kChaCha20Poly1305);
  bytes[18] = 78;
  auto read = hello_payload(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->suites[0], Suite::kChaCha20Poly1305);
  EXPECT_EQ(read->suites[1], Suite::kNone);
  bytes[17] = 79;
  read = hello_payload(bytes);
  ASSERT_TRUE(read) << "well-formed, and refused with a reason by the caller";
  EXPECT_EQ(read->suites[0], Suite::kNone);
}

TEST(Answer, HeaderRoundTripAndMalformed) {
  for (const Type type : {Type::kWelcome, Type::kHelloRefusal, Type::kCookieReply}) {
    const std::size_t size = type == Type::kWelcome        ? kWelcomeSize
                             : type == Type::kHelloRefusal ? kHelloRefusalSize
                                                           : kCookieReplySize;
    Bytes bytes(size);
    const auto read = [&] {
      return test::on_exact_heap(bytes, [](auto b) { return decode_answer_header(b); });
    };
    encode_answer_header({type, 0, 1, {42}}, std::span(bytes).first<16>());
    ASSERT_TRUE(read());
    EXPECT_EQ(read()->type, type);
    EXPECT_EQ(read()->client_cid.value, 42U);
    bytes[1] = kFlagIdKeyPhase;
    EXPECT_EQ(read().has_value(), type == Type::kWelcome) << "only WELCOME issues ids";
    if (type == Type::kWelcome) {
      EXPECT_EQ(read()->id_key_phase, 1);
    }
    bytes[1] = 1;
    EXPECT_EQ(read().error(), DropReason::kWireReservedBits);
    bytes[1] = 0;
    bytes[4] = 1;
    EXPECT_EQ(read().error(), DropReason::kWireReservedBits);
    bytes[4] = 0;
    bytes[8] = 0;
    EXPECT_EQ(read().error(), DropReason::kCidInvalid);
    bytes.pop_back();
    EXPECT_EQ(read().error(), DropReason::kWireTooShort);
  }
}

WelcomePayload welcome() {
  test::SeededRandom random;
  WelcomePayload m;
  m.session_id.bytes = random.array<16>();
  m.owner_epoch = 1;
  m.binding_version = 2;
  m.epoch = 3;
  m.gateway_id = {{4}, random.array<16>()};
  m.suite = Suite::kAes256Gcm;
  m.jump_id_count = 2;
  m.address_count = 2;
  m.inner_mtu = 1400;
  m.policy = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1100, 900};
  m.observed = {{IpFamily::kV4, {192, 0, 2, 1}}, 5000};
  m.jump_ids[0] = {{5}, random.array<16>()};
  m.jump_ids[1] = {{6}, random.array<16>()};
  m.addresses[0] = {{IpFamily::kV4, {10, 0, 0, 2}}, 32};
  m.addresses[1] = {{IpFamily::kV6, random.array<16>()}, 128};
  return m;
}

std::expected<WelcomePayload, DropReason> welcome(const Bytes& bytes) {
  return test::on_exact_heap(bytes, [](auto b) {
    return decode_welcome_payload(b.template first<kWelcomePayloadSize>());
  });
}

Bytes encoded(const WelcomePayload& m) {
  Bytes bytes(kWelcomePayloadSize, 0xee);
  encode_welcome_payload(m, std::span(bytes).first<kWelcomePayloadSize>());
  return bytes;
}

TEST(Welcome, RoundTrip) {
  const Bytes bytes = encoded(welcome());
  const auto read = welcome(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->policy, welcome().policy);
  EXPECT_EQ(read->observed, welcome().observed);
  EXPECT_EQ(read->addresses, welcome().addresses);
  EXPECT_EQ(encoded(*read), bytes);
  EXPECT_EQ(base::load_le32(bytes.data() + 72), 1U) << "max_lifetime_ms";
  EXPECT_EQ(base::load_le16(bytes.data() + 116), 12U) << "max_switches_per_min";
  EXPECT_EQ(base::load_le32(bytes.data() + 124), 17U) << "loss_window_ms";
  EXPECT_EQ(base::load_le16(bytes.data() + 148), 1100U) << "switch_improvement_permille";
  EXPECT_EQ(base::load_le16(bytes.data() + 150), 900U) << "latency_volatile_ms";
}

TEST(Welcome, Malformed) {
  const Bytes good = encoded(welcome());
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes bad = good;
    bad[at] = value;
    const auto read = welcome(bad);
    return read ? DropReason::kLinkDown : read.error();
  };
  for (const std::size_t at : {67U, 70U, 71U, 129U, 250U, 251U, 256U, 288U, 407U}) {
    EXPECT_EQ(changed(at, 1), DropReason::kWireReservedBits) << at;
  }
  EXPECT_EQ(changed(40, 0), DropReason::kWireBadField) << "gateway id";
  EXPECT_EQ(changed(64, 0), DropReason::kWireBadField) << "suite";
  EXPECT_EQ(changed(64, 3), DropReason::kWireBadField) << "suite";
  EXPECT_EQ(changed(65, 1), DropReason::kWireBadField) << "fewer jump ids than given";
  EXPECT_EQ(changed(65, 3), DropReason::kWireBadField) << "more jump ids than given";
  EXPECT_EQ(changed(66, 9), DropReason::kWireBadField) << "address count";
  EXPECT_EQ(changed(66, 3), DropReason::kWireBadField) << "an address without family";
  EXPECT_EQ(changed(66, 1), DropReason::kWireReservedBits) << "an address behind the last";
  EXPECT_EQ(changed(249, 33), DropReason::kWireBadField) << "IPv4 prefix length";
  EXPECT_EQ(changed(269, 129), DropReason::kWireBadField) << "IPv6 prefix length";
  EXPECT_EQ(changed(128, 7), DropReason::kWireBadField) << "family";
}

TEST(Welcome, WhatDecodesIsCanonical) {
  test::SeededRandom random;
  const Bytes good = encoded(welcome());
  for (int i = 0; i < 5000; ++i) {
    Bytes bytes = good;
    bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.u64());
    const auto read = welcome(bytes);
    if (read) {
      ASSERT_EQ(encoded(*read), bytes);
    }
  }
}

TEST(HelloRefusal, RoundTripAndMalformed) {
  Bytes bytes(kHelloRefusalPayloadSize);
  const auto read = [&] {
    return test::on_exact_heap(bytes, [](auto b) {
      return decode_hello_refusal_payload(b.template first<kHelloRefusalPayloadSize>());
    });
  };
  EXPECT_EQ(read().error(), DropReason::kWireBadField);
  encode_hello_refusal_payload({Reason::kHelloCounterLow, 77},
                               std::span(bytes).first<kHelloRefusalPayloadSize>());
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->reason, Reason::kHelloCounterLow);
  EXPECT_EQ(read()->highest_counter, 77U);
  for (const std::size_t at : {2U, 7U, 16U, 23U}) {
    bytes[at] = 1;
    EXPECT_EQ(read().error(), DropReason::kWireReservedBits);
    bytes[at] = 0;
  }
}

TEST(VersionRefusal, RoundTripAndMalformed) {
  Bytes bytes(kVersionRefusalSize);
  const auto read = [&] {
    return test::on_exact_heap(bytes, [](auto b) { return decode_version_refusal(b); });
  };
  encode_version_refusal({{42}, {3, 1, 0, 0}}, std::span(bytes).first<kVersionRefusalSize>());
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->client_cid.value, 42U);
  EXPECT_EQ(read()->versions[1], 1);
  for (std::size_t at = 1; at < 8; ++at) {
    bytes[at] = 1;
    EXPECT_EQ(read().error(), DropReason::kWireReservedBits);
    bytes[at] = 0;
  }
  bytes[16] = 0;
  EXPECT_EQ(read().error(), DropReason::kWireBadField) << "a gap before the second version";
  bytes.resize(23);
  EXPECT_EQ(read().error(), DropReason::kWireTooShort);
}

TEST(Reset, RoundTripAndMalformed) {
  test::SeededRandom random;
  const Reset m{random.array<6>(), random.array<16>()};
  Bytes bytes(kResetSize);
  const auto read = [&] {
    return test::on_exact_heap(bytes, [](auto b) { return decode_reset(b); });
  };
  encode_reset(m, std::span(bytes).first<kResetSize>());
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->token, m.token);
  EXPECT_EQ(read()->random, m.random);
  bytes[1] = 1;
  EXPECT_EQ(read().error(), DropReason::kWireReservedBits);
  bytes.push_back(0);
  EXPECT_EQ(read().error(), DropReason::kWireBadLength);
}

}  // namespace
}  // namespace jumpgate::wire
