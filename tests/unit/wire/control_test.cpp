#include "wire/control.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "support.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate::wire {
namespace {

using Payload = std::array<std::uint8_t, kControlPayloadSize>;

/// A message type as the tests need it: a valid sample, and decode followed by encode.
struct Case {
  std::string name;
  std::size_t used;  // bytes with a meaning; the rest is reserved
  std::vector<std::pair<std::size_t, std::size_t>> reserved;  // (offset, size) within them
  Payload sample;
  std::function<std::expected<Payload, DropReason>(ControlPayload)> recode;
};

template <class T>
Case make_case(std::string name, std::size_t used,
               std::vector<std::pair<std::size_t, std::size_t>> reserved, const T& value,
               Decoded<T> (*decode)(ControlPayload), void (*encode)(const T&, ControlPayloadOut)) {
  Case c;
  c.name = std::move(name);
  c.used = used;
  c.reserved = std::move(reserved);
  c.sample.fill(0xee);  // so that a byte the encoder leaves out shows
  encode(value, c.sample);
  c.recode = [decode, encode](ControlPayload payload) -> std::expected<Payload, DropReason> {
    const Decoded<T> m = decode(payload);
    if (!m) return std::unexpected(m.error());
    Payload out;
    out.fill(0xee);
    encode(*m, out);
    return out;
  };
  return c;
}

IssuedId issued(test::SeededRandom& random) {
  return {{random.nonzero_u64()}, random.array<16>()};
}

PathChallenge challenge(test::SeededRandom& random) {
  PathChallenge m;
  m.jump_seq = 5;
  m.challenge_seq = 6;
  m.token = random.array<16>();
  m.epoch = 7;
  m.binding_version = 8;
  m.owner_epoch = 9;
  m.gateway_id = issued(random);
  m.observed = {{IpFamily::kV6, random.array<16>()}, 51820};
  m.client_cid = {10};
  m.jump_ids = {issued(random), issued(random), issued(random), IssuedId{}};
  return m;
}

std::vector<Case> cases() {
  test::SeededRandom random;
  const SessionId session{random.array<16>()};
  const Reason cause = Reason::kHeartbeatTimeout;
  return {
      make_case<Confirm>("confirm", 24, {}, {session, 12}, decode_confirm, encode_confirm),
      make_case<Reattach>("reattach", 48, {{22, 2}}, {1, 2, 3, cause, {4}, session},
                          decode_reattach, encode_reattach),
      make_case("challenge", 208, {{81, 1}, {101, 3}, {184, 24}}, challenge(random),
                decode_path_challenge, encode_path_challenge),
      make_case<PathResponse>("response", 56, {}, {1, 2, random.array<16>(), 3, 4, {5}},
                              decode_path_response, encode_path_response),
      make_case<Ack>("ack", 40, {{1, 7}}, {Type::kPathResponse, 1, 2, 3, 4}, decode_ack,
                     encode_ack),
      make_case<Refusal>("refusal", 56, {{10, 2}, {36, 4}},
                         {1, Reason::kCooldownActive, 1500, 2, 3, 4, {5}, {6}}, decode_refusal,
                         encode_refusal),
      make_case<Rekey>("rekey", 56, {{6, 2}}, {1, Reason::kTimeElapsed, 2, random.array<32>(), 5},
                       decode_rekey, encode_rekey),
      make_case<RekeyReply>("rekey reply", 72, {{6, 2}},
                            {1, Reason::kNone, 2, random.array<32>(), 3, 4, 5}, decode_rekey_reply,
                            encode_rekey_reply),
      make_case<ControlClose>("close", 32, {{10, 6}}, {1, Reason::kPeerClosed, session},
                              decode_control_close, encode_control_close),
  };
}

std::expected<Payload, DropReason> recode(const Case& c, const Payload& payload) {
  return test::on_exact_heap(
      payload, [&](auto b) { return c.recode(b.template first<kControlPayloadSize>()); });
}

TEST(Control, RoundTrip) {
  for (const Case& c : cases()) {
    const auto again = recode(c, c.sample);
    ASSERT_TRUE(again) << c.name;
    EXPECT_EQ(*again, c.sample) << c.name;
  }
}

TEST(Control, EveryReservedByteMustBeZero) {
  for (Case& c : cases()) {
    c.reserved.emplace_back(c.used, kControlPayloadSize - c.used);
    for (const auto& [offset, size] : c.reserved) {
      if (c.name == "challenge" && offset == 184) continue;  // an unused jump id, tested below
      for (std::size_t i = offset; i < offset + size; ++i) {
        Payload bad = c.sample;
        bad[i] = 1;
        const auto read = recode(c, bad);
        ASSERT_FALSE(read) << c.name << " byte " << i;
        EXPECT_EQ(read.error(), DropReason::kWireReservedBits) << c.name << " byte " << i;
      }
    }
  }
}

// Whatever is accepted encodes to what was read: no two byte strings mean the same.
TEST(Control, WhatDecodesIsCanonical) {
  test::SeededRandom random;
  for (const Case& c : cases()) {
    std::size_t accepted = 0;
    for (int i = 0; i < 4000; ++i) {
      Payload p = c.sample;
      const std::size_t at = random.below(c.used);
      p[at] = static_cast<std::uint8_t>(random.u64());
      const auto read = recode(c, p);
      if (!read) continue;
      ++accepted;
      ASSERT_EQ(*read, p) << c.name << " byte " << at;
    }
    EXPECT_GT(accepted, 0U) << c.name;
  }
}

TEST(Control, RandomBytesAreRefusedUnharmed) {
  test::SeededRandom random;
  for (const Case& c : cases()) {
    for (int i = 0; i < 200; ++i) {
      EXPECT_FALSE(recode(c, random.array<kControlPayloadSize>())) << c.name;
    }
  }
}

/// The error of a message with one field changed, found by name.
DropReason changed(const std::string& name, std::size_t offset,
                   const std::vector<std::uint8_t>& bytes) {
  for (const Case& c : cases()) {
    if (c.name != name) continue;
    Payload p = c.sample;
    std::copy(bytes.begin(), bytes.end(), p.begin() + static_cast<std::ptrdiff_t>(offset));
    const auto read = recode(c, p);
    EXPECT_FALSE(read) << name << " offset " << offset;
    return read ? DropReason::kLinkDown : read.error();
  }
  ADD_FAILURE() << "no case " << name;
  return DropReason::kLinkDown;
}

TEST(Control, FieldsOutOfRange) {
  const std::vector<std::uint8_t> zero8(8, 0);
  const DropReason bad = DropReason::kWireBadField;
  EXPECT_EQ(changed("reattach", 0, zero8), bad) << "jump_seq";
  EXPECT_EQ(changed("reattach", 24, zero8), bad) << "client_cid";
  EXPECT_EQ(changed("reattach", 20, {0, 0}), bad) << "no cause";
  EXPECT_EQ(changed("reattach", 20, {20, 0}), bad) << "a reason that is no instability";
  EXPECT_EQ(changed("reattach", 20, {0xff, 0xff}), bad) << "unknown reason";
  EXPECT_EQ(changed("challenge", 0, zero8), bad) << "REATTACH's challenge without its jump_seq";
  EXPECT_EQ(changed("challenge", 56, zero8), bad) << "gateway id";
  EXPECT_EQ(changed("challenge", 80, {0}), bad) << "family";
  EXPECT_EQ(changed("challenge", 80, {5}), bad) << "family";
  EXPECT_EQ(changed("challenge", 80, {4}), DropReason::kWireReservedBits) << "IPv4 with 16 bytes";
  EXPECT_EQ(changed("challenge", 100, {0}), bad) << "kind";
  EXPECT_EQ(changed("challenge", 100, {4}), bad) << "kind";
  EXPECT_EQ(changed("challenge", 100, {2}), bad) << "in place, but with a jump_seq";
  EXPECT_EQ(changed("challenge", 104, zero8), bad) << "client_cid";
  EXPECT_EQ(changed("challenge", 112, zero8), bad) << "a token without an id, and a gap";
  EXPECT_EQ(changed("challenge", 192, {1}), bad) << "a token behind the last jump id";
  EXPECT_EQ(changed("response", 48, zero8), bad) << "client_cid";
  EXPECT_EQ(changed("ack", 0, {0x84}), bad) << "subject";
  EXPECT_EQ(changed("refusal", 8, {0, 0}), bad) << "reason";
  EXPECT_EQ(changed("rekey", 0, {0, 0, 0, 0}), bad) << "generation";
  EXPECT_EQ(changed("rekey", 4, {105, 0}), bad) << "a reason that triggers no rekey";
  EXPECT_EQ(changed("rekey", 48, {0, 0, 0, 0, 0, 0, 0, 0}), bad) << "rekey_seq";
  EXPECT_EQ(changed("rekey reply", 4, {0xff, 0xff}), bad) << "unknown reason";
  EXPECT_EQ(changed("close", 0, zero8), bad) << "close_seq";
  EXPECT_EQ(changed("close", 8, {0, 0}), bad) << "reason";
}

TEST(Control, ChallengeByTheGatewayHasNoJumpSeqNorClientCid) {
  test::SeededRandom random;
  PathChallenge m = challenge(random);
  m.kind = ChallengeKind::kRebinding;
  m.jump_seq = 0;
  m.client_cid = {};
  Payload p;
  encode_path_challenge(m, p);
  const auto read = decode_path_challenge(p);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, ChallengeKind::kRebinding);
}

// Offsets as wire.hpp states them, one field of each width.
TEST(Control, ReattachLayout) {
  Payload p;
  encode_reattach({0x0102030405060708, 2, 0x0a0b0c0d, Reason::kTransportDead, {0x99}, {}}, p);
  EXPECT_EQ(base::load_le64(p.data()), 0x0102030405060708U);
  EXPECT_EQ(base::load_le32(p.data() + 16), 0x0a0b0c0dU);
  EXPECT_EQ(base::load_le16(p.data() + 20), 14U);
  EXPECT_EQ(p[24], 0x99);
}

}  // namespace
}  // namespace jumpgate::wire
