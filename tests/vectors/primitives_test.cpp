// X25519 (RFC 7748), BLAKE2b (RFC 7693) and what JVP/1 derives from them, worked out independently
// in jvp.json.
#include "base/bytes.hpp"
#include "crypto/blake2b.hpp"
#include "crypto/connection_id.hpp"
#include "crypto/hello.hpp"
#include "crypto/key_schedule.hpp"
#include "crypto/nonce.hpp"
#include "crypto/x25519.hpp"
#include "vectors.hpp"

namespace jumpgate {
namespace {

using test::counting;
using test::unhex;

TEST(X25519Vector, Rfc7748Section61) {
  const auto alice = crypto::KeyPair::from_private(
      unhex<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = crypto::KeyPair::from_private(
      unhex<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(alice.public_key,
            unhex<32>("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
  EXPECT_EQ(bob.public_key,
            unhex<32>("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
  const auto shared = crypto::x25519(alice.private_key, bob.public_key);
  ASSERT_TRUE(shared);
  EXPECT_EQ(shared->get(),
            unhex<32>("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
  const auto mirrored = crypto::x25519(bob.private_key, alice.public_key);
  ASSERT_TRUE(mirrored);
  EXPECT_EQ(mirrored->get(), shared->get());
}

TEST(Blake2bVector, Rfc7693AppendixA) {
  EXPECT_EQ(crypto::Blake2b(64).update("abc").finish<64>(),
            unhex<64>("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                      "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
}

TEST(Blake2bVector, KeyedInParts) {
  const auto message = counting<255>(0);
  crypto::Blake2b hasher(64, counting<64>(0));
  hasher.update(std::span(message).first(100)).update(std::span(message).subspan(100));
  EXPECT_EQ(hasher.finish<64>(),
            unhex<64>("142709d62e28fcccd0af97fad0f8465b971e82201dc51070faa0372aa43e9248"
                      "4be1c1e73ba10906d5d1853db6a4106e0a7bf9800d373d6dee2d46d62ef2a461"));
}

class Jvp : public testing::Test {
 protected:
  Jvp() {
    noise_.initiator_to_responder.get() = counting<32>(0x20);
    noise_.responder_to_initiator.get() = counting<32>(0x60);
    noise_.handshake_hash = counting<64>(0x80);
  }
  const nlohmann::json vectors_ = test::load_vectors("jvp.json");
  const SessionId session_{counting<16>(1)};
  crypto::NoiseResult noise_;
};

TEST_F(Jvp, RootControlAndTrafficKeys) {
  const auto root = crypto::derive_root(noise_, session_);
  EXPECT_EQ(root.get(), unhex<64>(vectors_["root"]));
  EXPECT_EQ(crypto::derive_control_key(root, session_, 3, Direction::kClientToGateway).get(),
            unhex<32>(vectors_["control_key"]));
  crypto::TrafficContext context;
  context.session_id = session_;
  context.generation = 3;
  context.epoch = 9;
  context.binding_version = 7;
  context.owner_epoch = 2;
  context.suite = Suite::kAes256Gcm;
  context.direction = Direction::kGatewayToClient;
  const auto traffic = crypto::derive_traffic_key(root, context);
  const auto expected = unhex<44>(vectors_["traffic_key"]);
  EXPECT_TRUE(std::equal(traffic.get().key.begin(), traffic.get().key.end(), expected.begin()));
  EXPECT_TRUE(std::equal(traffic.get().iv.begin(), traffic.get().iv.end(), expected.begin() + 32));
}

TEST_F(Jvp, RekeyedRootIsTheSameOnBothSides) {
  const auto root = crypto::derive_root(noise_, session_);
  const auto client = crypto::KeyPair::from_private(counting<32>(5));
  const auto gateway = crypto::KeyPair::from_private(counting<32>(77));
  const crypto::RekeyExchange exchange{client.public_key, gateway.public_key};
  const auto by_client = crypto::derive_rekeyed_root(root, session_, 4, client.private_key,
                                                     Direction::kClientToGateway, exchange);
  const auto by_gateway = crypto::derive_rekeyed_root(root, session_, 4, gateway.private_key,
                                                      Direction::kGatewayToClient, exchange);
  ASSERT_TRUE(by_client && by_gateway);
  EXPECT_EQ(by_client->get(), unhex<64>(vectors_["rekeyed_root"]));
  EXPECT_EQ(by_gateway->get(), by_client->get());
}

TEST_F(Jvp, TokensAndMacKeys) {
  const crypto::ResetKey key(counting<32>(0x30));
  EXPECT_EQ(crypto::derive_reset_token(key, {0x0102030405060708}),
            unhex<16>(vectors_["reset_token"]));
  EXPECT_EQ(crypto::derive_mac1_key(counting<32>(0xc0)), unhex<32>(vectors_["mac1_key"]));
  EXPECT_EQ(crypto::derive_cookie_key(counting<32>(0xc0)), unhex<32>(vectors_["cookie_key"]));
}

TEST_F(Jvp, CookieOfAnAddress) {
  struct Counting final : base::RandomSource {
    void fill(std::span<std::uint8_t> out) override {
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(9 + i);
    }
  } random;
  crypto::CookieJar jar(random, MonoNs{0});
  EXPECT_EQ(jar.cookie_for(*base::parse_endpoint("192.0.2.1:51820"), MonoNs{0}),
            unhex<16>(vectors_["cookie"]));
}

TEST_F(Jvp, ConnectionIds) {
  if (!crypto::CidCipher::supported()) GTEST_SKIP();
  const crypto::CidCipher cipher(counting<16>(0x11));
  for (const auto& v : vectors_["connection_ids"]) {
    const auto& f = v["fields"];
    const crypto::CidFields fields{f[0], f[1], f[2], f[3]};
    const auto bytes = unhex<8>(v["cid"]);
    const ConnectionId cid{base::load_be64(bytes.data())};
    EXPECT_EQ(cipher.encode(fields), cid) << f;
    EXPECT_EQ(cipher.decode(cid), fields) << f;
  }
}

// Worked out by hand: the counter enters behind four bytes, least significant byte first.
TEST(NonceVector, CounterIsXoredIntoTheIv) {
  EXPECT_EQ(crypto::traffic_nonce(unhex<12>("000102030405060708090a0b"), 0xf1f2f3f4f5f6),
            unhex<12>("00010203f2f0f2f4faf80a0b"));
}

}  // namespace
}  // namespace jumpgate
