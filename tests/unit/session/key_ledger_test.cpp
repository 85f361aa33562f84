#include "session/key_ledger.hpp"

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

using Entry = KeyLedger::Entry;

TEST(KeyLedger, EachEpochEndsOnceWithItsOwnGeneration) {
  KeyLedger ledger;
  EXPECT_EQ(ledger.install({.epoch = 1, .generation = 0}), std::nullopt);
  EXPECT_EQ(ledger.install({.epoch = 2, .generation = 1}), std::nullopt);
  EXPECT_EQ(ledger.expire(1), (Entry{.epoch = 1, .generation = 0}));
  EXPECT_EQ(ledger.expire(1), std::nullopt);
  EXPECT_EQ(ledger.expire(7), std::nullopt) << "was never installed";
  EXPECT_EQ(ledger.expire(2), (Entry{.epoch = 2, .generation = 1}));
}

TEST(KeyLedger, TheOldestMakesRoom) {
  KeyLedger ledger;
  for (std::uint64_t epoch = 1; epoch <= limits::kMaxEpochs + 1; ++epoch)
    ASSERT_EQ(ledger.install({.epoch = epoch}), std::nullopt);
  EXPECT_EQ(ledger.install({.epoch = 9}), Entry{.epoch = 1});
  EXPECT_EQ(ledger.expire(1), std::nullopt);
  EXPECT_EQ(ledger.expire_oldest(), Entry{.epoch = 2});
}

TEST(KeyLedger, TheEndOfAllEmptiesItFromTheOldest) {
  KeyLedger ledger;
  EXPECT_EQ(ledger.expire_oldest(), std::nullopt);
  (void)ledger.install({.epoch = 3});
  (void)ledger.install({.epoch = 4});
  EXPECT_EQ(ledger.expire_oldest(), Entry{.epoch = 3});
  EXPECT_EQ(ledger.expire_oldest(), Entry{.epoch = 4});
  EXPECT_EQ(ledger.expire_oldest(), std::nullopt);
}

}  // namespace
}  // namespace jumpgate::session
