// AES-256-GCM and ChaCha20-Poly1305 through each driver, against published vectors.
#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "aead_sodium/aead_sodium.hpp"
#include "vectors.hpp"

namespace jumpgate {
namespace {

using Factory = std::unique_ptr<Aead> (*)(Suite);

void reproduce(Factory make) {
  const auto vectors = test::load_vectors("aead.json");
  ASSERT_EQ(vectors.size(), 5U);
  for (const auto& v : vectors) {
    SCOPED_TRACE(v["source"].get<std::string>());
    const Suite suite = v["suite"] == "aes-256-gcm" ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305;
    const std::unique_ptr<Aead> aead = make(suite);
    if (!aead) GTEST_SKIP() << "this CPU can not do " << v["suite"];
    ExpandedKey key;
    aead->expand(test::unhex<32>(v["key"]), key.bytes.data());
    const auto aad = test::unhex(v["aad"]);
    auto data = test::unhex(v["plaintext"]);
    std::array<std::uint8_t, 16> tag{};
    AeadOp op;
    op.expanded = key.bytes.data();
    op.aad = aad.data();
    op.aad_length = static_cast<std::uint32_t>(aad.size());
    std::uint8_t nothing = 0;
    op.data = data.empty() ? &nothing : data.data();
    op.length = static_cast<std::uint32_t>(data.size());
    op.iv = test::unhex<12>(v["iv"]);
    op.tag = tag.data();
    aead->seal(std::span(&op, 1));
    EXPECT_EQ(data, test::unhex(v["ciphertext"]));
    EXPECT_EQ(tag, test::unhex<16>(v["tag"]));
    op.ok = false;
    aead->open(std::span(&op, 1));
    EXPECT_TRUE(op.ok);
    EXPECT_EQ(data, test::unhex(v["plaintext"]));
  }
}

TEST(AeadVectors, Sodium) {
  reproduce(aead_sodium::make_aead);
}
TEST(AeadVectors, IpsecMb) {
  reproduce(aead_ipsecmb::make_aead);
}

}  // namespace
}  // namespace jumpgate
