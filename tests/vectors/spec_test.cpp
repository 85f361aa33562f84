// The vectors printed in spec/keys.md, recomputed by the product. tests/interop recomputes the same lines with code
// that shares nothing with it, so neither the page nor the code can drift alone.
#include <fstream>
#include <map>
#include <sstream>

#include "aead_sodium/aead_sodium.hpp"
#include "base/bytes.hpp"
#include "crypto/control_seal.hpp"
#include "crypto/hello.hpp"
#include "crypto/key_schedule.hpp"
#include "crypto/noise_ik.hpp"
#include "crypto/nonce.hpp"
#include "vectors.hpp"
#include "wire/control.hpp"
#include "wire/prefix.hpp"

namespace jumpgate {
namespace {

using crypto::KeyPair;
using test::counting;
using test::unhex;

constexpr ConnectionId kCid{0x1122334455667788};

/// Lines "name hex" between ```vectors and ```.
std::map<std::string, std::string> read_page() {
  std::ifstream page(std::string(JG_VECTOR_DIR) + "/../../spec/keys.md");
  std::map<std::string, std::string> out;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      inside = line == "```vectors";
      continue;
    }
    std::istringstream words(line);
    std::string name;
    std::string value;
    if (inside && words >> name >> value) out[name] = value;
  }
  return out;
}

template <std::size_t N>
constexpr std::array<std::uint8_t, N> filled(std::uint8_t byte) {
  std::array<std::uint8_t, N> out{};
  out.fill(byte);
  return out;
}

template <std::size_t N>
std::vector<std::uint8_t> bytes_of(const std::array<std::uint8_t, N>& array) {
  return {array.begin(), array.end()};
}

class Spec : public testing::Test {
 protected:
  Spec() {
    noise_.initiator_to_responder.get() = counting<32>(0x00);
    noise_.responder_to_initiator.get() = counting<32>(0x20);
    noise_.handshake_hash = counting<64>(0x40);
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> line(const std::string& name) const {
    return unhex<N>(page_.at(name));
  }
  crypto::TrafficSecret traffic(Suite suite, Direction direction) const {
    return crypto::derive_traffic_key(crypto::derive_root(noise_, session_),
                                      {.session_id = session_,
                                       .generation = 0,
                                       .epoch = 1,
                                       .binding_version = 1,
                                       .owner_epoch = 1,
                                       .suite = suite,
                                       .direction = direction});
  }
  void expect_key(const std::string& name, const crypto::TrafficSecret& secret) const {
    const auto expected = line<44>(name);
    EXPECT_TRUE(std::ranges::equal(secret.get().key, std::span(expected).first<32>())) << name;
    EXPECT_TRUE(std::ranges::equal(secret.get().iv, std::span(expected).last<12>())) << name;
  }
  const std::map<std::string, std::string> page_ = read_page();
  const SessionId session_{counting<16>(0xa0)};
  crypto::NoiseResult noise_;
};

TEST_F(Spec, RootControlAndTrafficKeys) {
  const auto root = crypto::derive_root(noise_, session_);
  EXPECT_EQ(root.get(), line<64>("root_0"));
  EXPECT_EQ(crypto::derive_control_key(root, session_, 0, Direction::kClientToGateway).get(),
            line<32>("control_0_c2g"));
  EXPECT_EQ(crypto::derive_control_key(root, session_, 0, Direction::kGatewayToClient).get(),
            line<32>("control_0_g2c"));
  expect_key("traffic_0_1_gcm_c2g", traffic(Suite::kAes256Gcm, Direction::kClientToGateway));
  expect_key("traffic_0_1_gcm_g2c", traffic(Suite::kAes256Gcm, Direction::kGatewayToClient));
  expect_key("traffic_0_1_cha_c2g", traffic(Suite::kChaCha20Poly1305, Direction::kClientToGateway));
  expect_key("traffic_0_1_cha_g2c", traffic(Suite::kChaCha20Poly1305, Direction::kGatewayToClient));
  expect_key("traffic_0_6_gcm_c2g",
             crypto::derive_traffic_key(root, {.session_id = session_,
                                               .generation = 0,
                                               .epoch = 6,
                                               .binding_version = 3,
                                               .owner_epoch = 7,
                                               .suite = Suite::kAes256Gcm,
                                               .direction = Direction::kClientToGateway}));
}

TEST_F(Spec, DataMessages) {
  for (const auto& [name, suite] : {std::pair{"data_gcm", Suite::kAes256Gcm},
                                    std::pair{"data_chacha", Suite::kChaCha20Poly1305}}) {
    const auto aead = aead_sodium::make_aead(suite);
    if (!aead) continue;  // no AES instructions
    const auto secret = traffic(suite, Direction::kClientToGateway);
    ExpandedKey expanded;
    aead->expand(secret.get().key, &expanded);
    std::array<std::uint8_t, 16 + 40 + 16> message{};
    wire::write_prefix({wire::Type::kData, 1, 0, 5, kCid}, std::span(message).first<16>());
    std::ranges::copy(counting<40>(0), message.begin() + 16);
    AeadOp op;
    op.expanded = &expanded;
    op.aad = message.data();
    op.data = message.data() + 16;
    op.length = 40;
    op.tag = message.data() + 56;
    op.iv = crypto::traffic_nonce(secret.get().iv, 5);
    if (suite == Suite::kAes256Gcm) {
      EXPECT_EQ(op.iv, line<12>("nonce_5"));
    }
    aead->seal({&op, 1});
    EXPECT_EQ(message, line<72>(name));
  }
}

TEST_F(Spec, ControlMessage) {
  const auto root = crypto::derive_root(noise_, session_);
  const auto key = crypto::derive_control_key(root, session_, 0, Direction::kClientToGateway);
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_confirm({session_, 9}, payload);
  std::array<std::uint8_t, wire::kControlSize> message{};
  test::FixedRandom nonce(bytes_of(counting<24>(0x30)));
  crypto::seal_control({wire::Type::kConfirm, 0, 0, 0, kCid}, payload, key.get(), nonce, message);
  EXPECT_EQ(message, line<288>("confirm"));
}

TEST_F(Spec, Rekey) {
  const auto client = KeyPair::from_private(line<32>("client_ephemeral_private"));
  const auto gateway = KeyPair::from_private(line<32>("gateway_ephemeral_private"));
  EXPECT_EQ(client.public_key, line<32>("client_ephemeral"));
  EXPECT_EQ(gateway.public_key, line<32>("gateway_ephemeral"));
  const auto shared = crypto::x25519(client.private_key, gateway.public_key);
  ASSERT_TRUE(shared);
  EXPECT_EQ(shared->get(), line<32>("shared"));
  const auto root = crypto::derive_rekeyed_root(crypto::derive_root(noise_, session_), session_, 1,
                                                client.private_key, Direction::kClientToGateway,
                                                {client.public_key, gateway.public_key});
  ASSERT_TRUE(root);
  EXPECT_EQ(root->get(), line<64>("root_1"));
  EXPECT_EQ(crypto::derive_control_key(*root, session_, 1, Direction::kClientToGateway).get(),
            line<32>("control_1_c2g"));
  expect_key("traffic_1_2_gcm_g2c",
             crypto::derive_traffic_key(*root, {.session_id = session_,
                                                .generation = 1,
                                                .epoch = 2,
                                                .binding_version = 1,
                                                .owner_epoch = 1,
                                                .suite = Suite::kAes256Gcm,
                                                .direction = Direction::kGatewayToClient}));
}

TEST_F(Spec, MacsAndCookie) {
  const auto gateway = KeyPair::from_private(filled<32>(0x33));
  EXPECT_EQ(gateway.public_key, line<32>("gateway_public"));
  const auto mac1_key = crypto::derive_mac1_key(gateway.public_key);
  const auto cookie_key = crypto::derive_cookie_key(gateway.public_key);
  EXPECT_EQ(mac1_key, line<32>("mac1_key"));
  EXPECT_EQ(cookie_key, line<32>("cookie_key"));

  test::FixedRandom secret(bytes_of(filled<32>(0x44)));
  crypto::CookieJar jar(secret, MonoNs{0});
  const auto cookie = jar.cookie_for(*base::parse_endpoint("192.0.2.7:51820"), MonoNs{0});
  EXPECT_EQ(cookie, line<16>("cookie_v4"));
  EXPECT_EQ(jar.cookie_for(*base::parse_endpoint("[2001:db8::7]:51820"), MonoNs{0}),
            line<16>("cookie_v6"));

  std::array<std::uint8_t, wire::kHelloSize> hello = counting<wire::kHelloSize>(0);
  crypto::write_hello_macs(hello, mac1_key, cookie);
  const auto mac1 = line<16>("mac1");
  const auto mac2 = line<16>("mac2");
  EXPECT_TRUE(std::ranges::equal(std::span(hello).subspan<480, 16>(), mac1));
  EXPECT_TRUE(std::ranges::equal(std::span(hello).last<16>(), mac2));

  test::FixedRandom nonce(bytes_of(counting<24>(0x50)));
  std::array<std::uint8_t, wire::kCookieReplySize> reply{};
  crypto::make_cookie_reply(hello, cookie, cookie_key, nonce, reply);
  const auto sealed = line<32>("sealed_cookie");
  EXPECT_TRUE(std::ranges::equal(std::span(reply).last<32>(), sealed));
}

TEST_F(Spec, ResetToken) {
  EXPECT_EQ(crypto::derive_reset_token(crypto::ResetKey(filled<32>(0x55)), kCid),
            line<16>("reset_token"));
}

TEST_F(Spec, NoiseWithOurPrologue) {
  const auto prologue = wire::make_prologue({1, {0x0102030405060708}});
  const auto gateway = KeyPair::from_private(filled<32>(0x33));
  auto a = crypto::NoiseIk::initiator(prologue, KeyPair::from_private(filled<32>(0x66)),
                                      gateway.public_key);
  auto b = crypto::NoiseIk::responder(prologue, KeyPair::from_private(filled<32>(0x33)));
  test::FixedRandom a_ephemeral(bytes_of(filled<32>(0x77)));
  test::FixedRandom b_ephemeral(bytes_of(filled<32>(0x88)));
  std::array<std::uint8_t, wire::kHelloNoiseSize> first{};
  std::array<std::uint8_t, wire::kHelloPayloadSize> hello{};
  std::array<std::uint8_t, wire::kWelcomeNoiseSize> second{};
  std::array<std::uint8_t, wire::kWelcomePayloadSize> welcome{};
  ASSERT_TRUE(a.write_message1(hello, a_ephemeral, first));
  ASSERT_TRUE(b.read_message1(first, hello));
  ASSERT_TRUE(b.write_message2(welcome, PresharedKey{}, b_ephemeral, second));
  ASSERT_TRUE(a.read_message2(second, PresharedKey{}, welcome));
  const auto keys = a.split();
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->initiator_to_responder.get(), line<32>("noise_k1"));
  EXPECT_EQ(keys->responder_to_initiator.get(), line<32>("noise_k2"));
  EXPECT_EQ(keys->handshake_hash, line<64>("noise_h"));
}

}  // namespace
}  // namespace jumpgate
