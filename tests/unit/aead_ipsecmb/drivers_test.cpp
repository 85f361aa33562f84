// The two drivers against each other: the reference says what is right.
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "aead_sodium/aead_sodium.hpp"
#include "base/bytes.hpp"
#include "tests/support/seeded_random.hpp"

namespace jumpgate {
namespace {

std::uint8_t nothing = 0;

/// Where the bytes lie; for none of them somewhere all the same, as the contract asks.
std::uint8_t* place(std::vector<std::uint8_t>& bytes) {
  return bytes.empty() ? &nothing : bytes.data();
}

/// One packet in heap blocks of exactly its sizes.
struct Packet {
  Packet(test::SeededRandom& random, std::size_t length)
      : plain(random.bytes(length)), data(plain), aad(random.bytes(16)), tag(16) {
    op.iv = random.array<12>();
    op.aad = aad.data();
    op.data = place(data);
    op.length = static_cast<std::uint32_t>(length);
    op.tag = tag.data();
  }
  std::vector<std::uint8_t> plain;
  std::vector<std::uint8_t> data;
  std::vector<std::uint8_t> aad;
  std::vector<std::uint8_t> tag;
  AeadOp op;
};

class Drivers : public testing::TestWithParam<Suite> {
 protected:
  void SetUp() override {
    reference_ = aead_sodium::make_aead(GetParam());
    tested_ = aead_ipsecmb::make_aead(GetParam());
    if (!reference_ || !tested_) GTEST_SKIP() << "this CPU can not do the suite";
    EXPECT_EQ(tested_->suite(), GetParam());
    for (const Aead* a : {reference_.get(), tested_.get()}) {
      EXPECT_EQ(a->expanded_key_size() % kExpandedKeyAlignment, 0U);
      EXPECT_LE(a->expanded_key_size(), kMaxExpandedKeySize);
    }
    const auto key = random_.array<32>();
    reference_->expand(key, reference_key_.bytes.data());
    tested_->expand(key, tested_key_.bytes.data());
  }
  void run_reference(AeadOp op, bool open, bool& ok) {
    op.expanded = reference_key_.bytes.data();
    open ? reference_->open(std::span(&op, 1)) : reference_->seal(std::span(&op, 1));
    ok = op.ok;
  }
  void run_tested(AeadOp& op, bool open) {
    op.expanded = tested_key_.bytes.data();
    open ? tested_->open(std::span(&op, 1)) : tested_->seal(std::span(&op, 1));
  }

  test::SeededRandom random_;
  std::unique_ptr<Aead> reference_;
  std::unique_ptr<Aead> tested_;
  ExpandedKey reference_key_{};
  ExpandedKey tested_key_{};
};

TEST_P(Drivers, EveryLengthSealsAlikeAndOpens) {
  for (std::size_t length = 0; length <= 2000; ++length) {
    Packet a(random_, length);
    Packet b = a;
    b.op.aad = b.aad.data();
    b.op.data = place(b.data);
    b.op.tag = b.tag.data();
    bool ok = false;
    run_reference(a.op, false, ok);
    ASSERT_TRUE(ok);
    run_tested(b.op, false);
    ASSERT_TRUE(b.op.ok);
    ASSERT_EQ(a.data, b.data) << length;
    ASSERT_EQ(a.tag, b.tag) << length;
    // Crosswise: each opens what the other sealed.
    run_reference(b.op, true, ok);
    ASSERT_TRUE(ok) << length;
    ASSERT_EQ(b.data, b.plain);
    run_tested(a.op, true);
    ASSERT_TRUE(a.op.ok) << length;
    ASSERT_EQ(a.data, a.plain);
  }
}

TEST_P(Drivers, WhatIsTamperedWithIsRefusedAndWiped) {
  for (std::size_t length = 0; length <= 2000; length += 1 + length / 8) {
    for (int part = 0; part < 4; ++part) {
      Packet p(random_, length);
      run_tested(p.op, false);
      if (part == 0) p.tag[random_.below(16)] ^= static_cast<std::uint8_t>(1U << random_.below(8));
      if (part == 1) p.aad[random_.below(16)] ^= 1;
      if (part == 2) p.op.iv.at(random_.below(12)) ^= 1;
      if (part == 3) {
        if (length == 0) continue;
        p.data[random_.below(length)] ^= 0x80;
      }
      Packet q = p;
      q.op.aad = q.aad.data();
      q.op.data = place(q.data);
      q.op.tag = q.tag.data();
      run_tested(p.op, true);
      EXPECT_FALSE(p.op.ok) << length << " part " << part;
      EXPECT_TRUE(base::all_zero(p.data)) << length;
      bool ok = true;
      run_reference(q.op, true, ok);
      EXPECT_FALSE(ok) << length << " part " << part;
      EXPECT_TRUE(base::all_zero(q.data)) << length;
    }
  }
}

TEST_P(Drivers, EveryBitOfTheTagCounts) {
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Packet p(random_, 40);
    run_tested(p.op, false);
    p.tag[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    run_tested(p.op, true);
    EXPECT_FALSE(p.op.ok) << bit;
  }
}

TEST_P(Drivers, BurstsOfMixedLengthsKeysAndFaults) {
  std::vector<ExpandedKey> tested_keys(3);
  std::vector<ExpandedKey> reference_keys(3);
  for (std::size_t k = 0; k < 3; ++k) {
    const auto key = random_.array<32>();
    tested_->expand(key, tested_keys[k].bytes.data());
    reference_->expand(key, reference_keys[k].bytes.data());
  }
  for (const std::size_t count : {0U, 1U, 2U, 31U, 32U, 33U, 64U, 100U}) {
    std::vector<std::unique_ptr<Packet>> packets;
    std::vector<AeadOp> ops;
    for (std::size_t i = 0; i < count; ++i) {
      packets.push_back(std::make_unique<Packet>(random_, random_.below(1500)));
      packets[i]->op.expanded = tested_keys[i % 3].bytes.data();
      ops.push_back(packets[i]->op);
    }
    tested_->seal(ops);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(ops[i].ok);
      AeadOp one = ops[i];
      std::vector<std::uint8_t> copy = packets[i]->data;
      one.data = place(copy);
      one.expanded = reference_keys[i % 3].bytes.data();
      reference_->open(std::span(&one, 1));
      EXPECT_TRUE(one.ok) << count << " " << i;
      EXPECT_EQ(copy, packets[i]->plain);
      if (i % 5 == 4) packets[i]->tag[0] ^= 1;
    }
    tested_->open(ops);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(ops[i].ok, i % 5 != 4) << count << " " << i;
      if (ops[i].ok) {
        EXPECT_EQ(packets[i]->data, packets[i]->plain);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, Drivers,
                         testing::Values(Suite::kAes256Gcm, Suite::kChaCha20Poly1305),
                         [](const auto& suite) {
                           return suite.param == Suite::kAes256Gcm ? "Aes256Gcm"
                                                                   : "ChaCha20Poly1305";
                         });

TEST(Factories, UnknownSuitesAreNotMade) {
  for (const Suite suite : {Suite::kNone, static_cast<Suite>(3), static_cast<Suite>(255)}) {
    EXPECT_EQ(aead_ipsecmb::make_aead(suite), nullptr);
    EXPECT_EQ(aead_sodium::make_aead(suite), nullptr);
  }
}

}  // namespace
}  // namespace jumpgate
