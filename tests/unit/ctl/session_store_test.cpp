#include "ctl/session_store.hpp"

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"
#include "../../support/session_owner.hpp"

namespace jumpgate::ctl {
namespace {

constexpr std::uint32_t kIdsOfASlot = 1U << limits::kCidGenerationBits;

class SessionSlots : public ::testing::Test {
 protected:
  Session* create(SessionStore& store, std::uint8_t id, std::uint8_t preferred = 0) {
    return store.create(owner_.authority(), SessionId{.bytes = {id}}, id, preferred,
                        session::Policy{}, MonoNs{1});
  }
  /// Takes ids of the session's slot until so many are left.
  static void use_ids(SessionStore& store, const Session& session, std::uint32_t left) {
    std::optional<std::uint32_t> taken;
    do {
      taken = store.next_generation(session);
    } while (taken && *taken + 1 + left < kIdsOfASlot);
  }

  test::SeededRandom random_;
  jumpgate::testing::SessionOwner owner_;
};

TEST_F(SessionSlots, AReferenceToAnEarlierLifeLeadsNowhere) {
  SessionStore store(2, 1, 2, random_);
  const bus::SessionRef first = create(store, 1)->ref;
  store.destroy(*store.find(first));
  const Session* second = create(store, 2);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->ref.slot, first.slot);
  EXPECT_GT(second->ref.life, first.life);
  EXPECT_EQ(store.find(first), nullptr);
  EXPECT_EQ(store.find(SessionId{.bytes = {1}}), nullptr);
  EXPECT_EQ(store.find(second->ref), second);
  EXPECT_EQ(store.find(bus::SessionRef{.worker = 9, .slot = 0, .life = 1}), nullptr);
  EXPECT_EQ(store.find(bus::SessionRef{.worker = 0, .slot = 99, .life = 1}), nullptr);
}

TEST_F(SessionSlots, EachIsFoundByItsIdWhateverElseEnds) {
  constexpr std::uint8_t kMany = 64;  // some share a bucket
  SessionStore store(1, kMany, kMany, random_);
  for (std::uint8_t id = 0; id < kMany; ++id)
    ASSERT_NE(create(store, id), nullptr);
  for (std::uint8_t id = 0; id < kMany; id += 2)
    store.destroy(*store.find(SessionId{.bytes = {id}}));
  EXPECT_EQ(store.size(), kMany / 2U);
  for (std::uint8_t id = 0; id < kMany; ++id) {
    const Session* found = store.find(SessionId{.bytes = {id}});
    ASSERT_EQ(found != nullptr, id % 2 == 1) << unsigned{id};
    if (found != nullptr) {
      EXPECT_EQ(found->peer, id);
    }
  }
}

TEST_F(SessionSlots, AreLimitedAndHoldNoIdTwice) {
  SessionStore store(2, 4, 3, random_);
  ASSERT_NE(create(store, 1), nullptr);
  EXPECT_EQ(create(store, 1), nullptr) << "the id lives";
  ASSERT_NE(create(store, 2), nullptr);
  ASSERT_NE(create(store, 3), nullptr);
  EXPECT_EQ(create(store, 4), nullptr) << "as many as there may be";
  EXPECT_EQ(store.size(), 3U);
}

TEST_F(SessionSlots, TheWorkerThatHeardTheClientIsTakenElseTheEmptiest) {
  SessionStore store(3, 2, 6, random_);
  EXPECT_EQ(create(store, 1, 1)->ref.worker, 1U);
  EXPECT_EQ(create(store, 2, 1)->ref.worker, 1U);
  EXPECT_EQ(create(store, 3, 2)->ref.worker, 2U);
  EXPECT_EQ(create(store, 4, 1)->ref.worker, 0U);
}

TEST_F(SessionSlots, IdsOfASlotRiseOverItsLives) {
  SessionStore store(1, 1, 1, random_);
  const auto first = store.next_generation(*create(store, 1));
  store.destroy(*store.at(0));
  const auto second = store.next_generation(*create(store, 2));
  ASSERT_TRUE(first && second);
  EXPECT_GT(*second, *first);
}

TEST_F(SessionSlots, OneWhoseIdsAreUsedUpIsRetired) {
  SessionStore store(1, 1, 1, random_);
  Session* session = create(store, 1);
  use_ids(store, *session, 0);
  EXPECT_FALSE(store.next_generation(*session));
  store.destroy(*session);
  EXPECT_EQ(store.retired(), 1U);
  EXPECT_EQ(create(store, 2), nullptr);
}

TEST_F(SessionSlots, OneWithTooFewIdsForABirthIsRetiredToo) {
  constexpr std::uint32_t kOfABirth = 1 + limits::kMaxJumpIds;
  SessionStore store(1, 2, 2, random_);
  Session* enough = create(store, 1);
  use_ids(store, *enough, kOfABirth);
  store.destroy(*enough);
  EXPECT_EQ(store.retired(), 0U);
  Session* short_of_one = create(store, 2);
  ASSERT_TRUE(store.next_generation(*short_of_one));
  store.destroy(*short_of_one);
  EXPECT_EQ(store.retired(), 1U);
}

}  // namespace
}  // namespace jumpgate::ctl
