#include "crypto/hello.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate::crypto {
namespace {

constexpr MonoNs kStart{1'000'000'000};
const Endpoint kSource{{IpFamily::kV4, {192, 0, 2, 1}}, 1000};

struct Hello {
  Hello() : bytes(random.bytes(wire::kHelloSize)), jar(random, kStart) {
    wire::encode_hello_header({1, {77}}, out().first<16>());
  }
  wire::HelloOut out() { return wire::HelloOut(bytes); }
  wire::HelloBytes in() const { return wire::HelloBytes(bytes); }
  Mac mac1() const {
    Mac m{};
    std::copy_n(wire::hello_mac1(in()).begin(), m.size(), m.begin());
    return m;
  }

  test::SeededRandom random;
  std::vector<std::uint8_t> bytes;
  MacKey mac1_key = derive_mac1_key(random.array<32>());
  MacKey cookie_key = derive_cookie_key(random.array<32>());
  CookieJar jar;
};

TEST(HelloMacs, Mac1CoversAllBeforeIt) {
  Hello h;
  write_hello_macs(h.out(), h.mac1_key, std::nullopt);
  EXPECT_TRUE(verify_mac1(h.in(), h.mac1_key));
  EXPECT_TRUE(base::all_zero(wire::hello_mac2(h.in()))) << "zero without a cookie";
  for (std::size_t i = 0; i < wire::kHelloMac2Offset; ++i) {
    h.bytes[i] ^= 1;
    ASSERT_FALSE(verify_mac1(h.in(), h.mac1_key)) << i;
    h.bytes[i] ^= 1;
  }
  EXPECT_FALSE(verify_mac1(h.in(), h.cookie_key));
}

TEST(HelloMacs, Mac2CoversAllBeforeItAndTheSource) {
  Hello h;
  write_hello_macs(h.out(), h.mac1_key, h.jar.cookie_for(kSource, kStart));
  EXPECT_TRUE(h.jar.verify_mac2(h.in(), kSource, kStart));
  for (std::size_t i = 0; i < wire::kHelloSize; ++i) {
    h.bytes[i] ^= 1;
    ASSERT_FALSE(h.jar.verify_mac2(h.in(), kSource, kStart)) << i;
    h.bytes[i] ^= 1;
  }
  Endpoint other = kSource;
  other.port = 1001;
  EXPECT_FALSE(h.jar.verify_mac2(h.in(), other, kStart));
  other = kSource;
  other.address.bytes[3] = 2;
  EXPECT_FALSE(h.jar.verify_mac2(h.in(), other, kStart));
  write_hello_macs(h.out(), h.mac1_key, std::nullopt);
  EXPECT_FALSE(h.jar.verify_mac2(h.in(), kSource, kStart)) << "no cookie";
}

TEST(CookieJar, ACookieLivesOneToTwoLifetimes) {
  for (const Duration made : {seconds(0), seconds(60), seconds(119)}) {
    Hello h;
    const MonoNs then = kStart + made;
    write_hello_macs(h.out(), h.mac1_key, h.jar.cookie_for(kSource, then));
    EXPECT_TRUE(h.jar.verify_mac2(h.in(), kSource, then + limits::kCookieLifetime));
    EXPECT_FALSE(h.jar.verify_mac2(h.in(), kSource, then + limits::kCookieLifetime * 2));
  }
}

TEST(CookieJar, ALongPauseLeavesNoOldSecret) {
  Hello h;
  write_hello_macs(h.out(), h.mac1_key, h.jar.cookie_for(kSource, kStart));
  EXPECT_FALSE(h.jar.verify_mac2(h.in(), kSource, kStart + limits::kCookieLifetime * 100));
  EXPECT_FALSE(h.jar.verify_mac2(h.in(), kSource, kStart)) << "nor does time going backwards";
}

TEST(CookieReply, IsOpenedByTheHelloItAnswersOnly) {
  Hello h;
  write_hello_macs(h.out(), h.mac1_key, std::nullopt);
  const Cookie cookie = h.jar.cookie_for(kSource, kStart);
  std::vector<std::uint8_t> reply(wire::kCookieReplySize);
  make_cookie_reply(h.in(), cookie, h.cookie_key, h.random,
                    std::span(reply).first<wire::kCookieReplySize>());
  const auto header = wire::decode_answer_header(reply);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->client_cid.value, 77U);
  EXPECT_EQ(open_cookie_reply(reply, h.mac1(), h.cookie_key), cookie);
  Mac other = h.mac1();
  other[0] ^= 1;
  EXPECT_FALSE(open_cookie_reply(reply, other, h.cookie_key));
  EXPECT_FALSE(open_cookie_reply(reply, h.mac1(), h.mac1_key));
  for (std::size_t i = wire::kCookieNonceOffset; i < reply.size(); ++i) {
    auto bad = reply;
    bad[i] ^= 1;
    ASSERT_FALSE(open_cookie_reply(bad, h.mac1(), h.cookie_key)) << i;
  }
  for (std::size_t size = 0; size < reply.size(); ++size) {
    EXPECT_FALSE(open_cookie_reply(std::span(reply).first(size), h.mac1(), h.cookie_key));
  }
}

}  // namespace
}  // namespace jumpgate::crypto
