#include "crypto/noise_ik.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate::crypto {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Pair {
  explicit Pair(std::uint64_t seed = 1, const Bytes& responder_prologue = {1, 2, 3})
      : random(seed),
        initiator_keys(KeyPair::generate(random)),
        responder_keys(KeyPair::generate(random)),
        initiator(
            NoiseIk::initiator(Bytes{1, 2, 3}, initiator_keys.clone(), responder_keys.public_key)),
        responder(NoiseIk::responder(responder_prologue, responder_keys.clone())) {}

  Bytes message1() {
    Bytes out(10 + kNoiseMessage1Overhead);
    EXPECT_TRUE(initiator.write_message1(Bytes(10, 7), random, out));
    return out;
  }
  Bytes message2() {
    Bytes out(5 + kNoiseMessage2Overhead);
    EXPECT_TRUE(responder.write_message2(Bytes(5, 9), psk, random, out));
    return out;
  }
  NoiseIk::Result read1(const Bytes& message) {
    Bytes payload(message.size() - kNoiseMessage1Overhead);
    return responder.read_message1(message, payload);
  }
  NoiseIk::Result read2(const Bytes& message) {
    Bytes payload(message.size() - kNoiseMessage2Overhead);
    return initiator.read_message2(message, psk, payload);
  }

  test::SeededRandom random;
  KeyPair initiator_keys;
  KeyPair responder_keys;
  PresharedKey psk{};
  NoiseIk initiator;
  NoiseIk responder;
};

TEST(NoiseIk, BothSidesAgree) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Pair p(seed);
    ASSERT_TRUE(p.read1(p.message1()));
    EXPECT_EQ(p.responder.remote_static(), p.initiator_keys.public_key);
    ASSERT_TRUE(p.read2(p.message2()));
    const auto a = p.initiator.split();
    const auto b = p.responder.split();
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->initiator_to_responder.get(), b->initiator_to_responder.get());
    EXPECT_EQ(a->responder_to_initiator.get(), b->responder_to_initiator.get());
    EXPECT_NE(a->initiator_to_responder.get(), a->responder_to_initiator.get());
    EXPECT_EQ(a->handshake_hash, b->handshake_hash);
  }
}

TEST(NoiseIk, EveryByteOfMessage1IsAuthentic) {
  const Bytes good = Pair().message1();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Pair p;
    Bytes bad = good;
    bad[i] ^= 1;
    const auto result = p.read1(bad);
    ASSERT_FALSE(result) << i;
    EXPECT_EQ(p.responder.split().error(), NoiseError::kOutOfTurn);
  }
}

TEST(NoiseIk, AForgedMessage2DoesNotSpoilTheAttempt) {
  Pair p;
  ASSERT_TRUE(p.read1(p.message1()));
  const Bytes good = p.message2();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x40;
    ASSERT_FALSE(p.read2(bad)) << i;
  }
  EXPECT_FALSE(p.read2(Bytes(good.size())));
  EXPECT_EQ(p.read2(Bytes(good.begin(), good.end() - 1)).error(), NoiseError::kAuthFailed);
  EXPECT_TRUE(p.read2(good));
}

TEST(NoiseIk, PrologueAndPskAreBound) {
  Pair other_prologue(1, {1, 2, 4});
  EXPECT_EQ(other_prologue.read1(other_prologue.message1()).error(), NoiseError::kAuthFailed);
  Pair p;
  ASSERT_TRUE(p.read1(p.message1()));
  const Bytes message = p.message2();
  p.psk[0] = 1;
  EXPECT_EQ(p.read2(message).error(), NoiseError::kAuthFailed);
}

TEST(NoiseIk, RefusesWrongTurnsAndSizes) {
  Pair p;
  Bytes out(200);
  EXPECT_EQ(p.initiator.split().error(), NoiseError::kOutOfTurn);
  EXPECT_EQ(p.responder.write_message2({}, p.psk, p.random, out).error(), NoiseError::kOutOfTurn);
  EXPECT_EQ(p.responder.read_message1(out, out).error(), NoiseError::kOutOfTurn)
      << "of no further use after an error";
  Pair q;
  EXPECT_EQ(q.initiator.write_message1({}, q.random, out).error(), NoiseError::kBadSize);
  EXPECT_EQ(Pair().responder.read_message1(Bytes(3), {}).error(), NoiseError::kBadSize);
}

TEST(NoiseIk, AResponderKeyOfSmallOrderIsRefused) {
  test::SeededRandom random;
  NoiseIk initiator = NoiseIk::initiator({}, KeyPair::generate(random), PublicKey{});
  Bytes out(kNoiseMessage1Overhead);
  EXPECT_EQ(initiator.write_message1({}, random, out).error(), NoiseError::kBadPublicKey);
  // As a responder sees it: an ephemeral of small order.
  Pair p;
  Bytes message = p.message1();
  std::fill_n(message.begin(), 32, std::uint8_t{0});
  EXPECT_EQ(p.read1(message).error(), NoiseError::kBadPublicKey);
}

TEST(X25519, RefusesPointsOfSmallOrder) {
  test::SeededRandom random;
  const KeyPair own = KeyPair::generate(random);
  PublicKey one{};
  one[0] = 1;
  EXPECT_FALSE(x25519(own.private_key, PublicKey{}));
  EXPECT_FALSE(x25519(own.private_key, one));
}

}  // namespace
}  // namespace jumpgate::crypto
