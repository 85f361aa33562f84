// Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b against a public vector of the Noise community, to the
// byte.
#include <sodium/crypto_aead_chacha20poly1305.h>

#include "base/bytes.hpp"
#include "crypto/noise_ik.hpp"
#include "vectors.hpp"

namespace jumpgate {
namespace {

using crypto::KeyPair;
using crypto::NoiseIk;
using test::unhex;

std::vector<std::uint8_t> transport(const base::SecretArray<32>& key, std::uint64_t nonce,
                                    const std::vector<std::uint8_t>& plain) {
  std::array<std::uint8_t, 12> n{};
  base::store_le64(n.data() + 4, nonce);
  std::vector<std::uint8_t> out(plain.size() + 16);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(),
                                            nullptr, 0, nullptr, n.data(), key.get().data());
  return out;
}

TEST(NoiseVector, BothSidesReproduceIt) {
  const auto v = test::load_vectors("noise_ikpsk2_25519_chachapoly_blake2b.json");
  const auto prologue = unhex(v["init_prologue"]);
  const auto psk = unhex<32>(v["init_psks"][0]);
  auto initiator = NoiseIk::initiator(prologue, KeyPair::from_private(unhex<32>(v["init_static"])),
                                      unhex<32>(v["init_remote_static"]));
  auto responder = NoiseIk::responder(prologue, KeyPair::from_private(unhex<32>(v["resp_static"])));
  test::FixedRandom initiator_random(unhex(v["init_ephemeral"]));
  test::FixedRandom responder_random(unhex(v["resp_ephemeral"]));
  const auto& messages = v["messages"];

  const auto payload1 = unhex(messages[0]["payload"]);
  std::vector<std::uint8_t> message1(payload1.size() + crypto::kNoiseMessage1Overhead);
  ASSERT_TRUE(initiator.write_message1(payload1, initiator_random, message1));
  EXPECT_EQ(message1, unhex(messages[0]["ciphertext"]));
  std::vector<std::uint8_t> read1(payload1.size());
  ASSERT_TRUE(responder.read_message1(message1, read1));
  EXPECT_EQ(read1, payload1);
  EXPECT_EQ(responder.remote_static(),
            KeyPair::from_private(unhex<32>(v["init_static"])).public_key);

  const auto payload2 = unhex(messages[1]["payload"]);
  std::vector<std::uint8_t> message2(payload2.size() + crypto::kNoiseMessage2Overhead);
  ASSERT_TRUE(responder.write_message2(payload2, psk, responder_random, message2));
  EXPECT_EQ(message2, unhex(messages[1]["ciphertext"]));
  std::vector<std::uint8_t> read2(payload2.size());
  ASSERT_TRUE(initiator.read_message2(message2, psk, read2));
  EXPECT_EQ(read2, payload2);

  const auto ours = initiator.split();
  const auto theirs = responder.split();
  ASSERT_TRUE(ours && theirs);
  EXPECT_EQ(ours->handshake_hash, unhex<64>(v["handshake_hash"]));
  EXPECT_EQ(theirs->handshake_hash, ours->handshake_hash);
  EXPECT_EQ(theirs->initiator_to_responder.get(), ours->initiator_to_responder.get());
  EXPECT_EQ(theirs->responder_to_initiator.get(), ours->responder_to_initiator.get());
  ASSERT_GE(messages.size(), 6U);
  for (std::size_t i = 2; i < messages.size(); ++i) {
    const auto& key = i % 2 == 0 ? ours->initiator_to_responder : ours->responder_to_initiator;
    EXPECT_EQ(transport(key, (i - 2) / 2, unhex(messages[i]["payload"])),
              unhex(messages[i]["ciphertext"]))
        << i;
  }
}

}  // namespace
}  // namespace jumpgate
