#include "crypto/key_schedule.hpp"

#include <functional>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace jumpgate::crypto {
namespace {

RootSecret some_root(std::uint8_t fill) {
  RootSecret root;
  root.get().fill(fill);
  return root;
}

// The value of each key is checked by the vectors; here, that every input of its context matters.
TEST(KeySchedule, EachPartOfTheContextChangesTheTrafficKey) {
  const std::vector<std::function<void(TrafficContext&)>> changes{
      [](TrafficContext&) {},
      [](TrafficContext& c) { c.session_id.bytes[15] = 1; },
      [](TrafficContext& c) { c.generation = 1; },
      [](TrafficContext& c) { c.epoch = 1; },
      [](TrafficContext& c) { c.binding_version = 1; },
      [](TrafficContext& c) { c.owner_epoch = 1; },
      [](TrafficContext& c) { c.suite = Suite::kChaCha20Poly1305; },
      [](TrafficContext& c) { c.direction = Direction::kGatewayToClient; }};
  std::set<std::array<std::uint8_t, 32>> keys;
  std::set<std::array<std::uint8_t, 12>> ivs;
  for (const auto& change : changes) {
    TrafficContext context;
    context.suite = Suite::kAes256Gcm;
    context.direction = Direction::kClientToGateway;
    change(context);
    const TrafficSecret key = derive_traffic_key(some_root(1), context);
    EXPECT_TRUE(keys.insert(key.get().key).second);
    EXPECT_TRUE(ivs.insert(key.get().iv).second);
  }
  EXPECT_TRUE(keys.insert(derive_traffic_key(some_root(2), {}).get().key).second);
}

TEST(KeySchedule, ControlKeysDifferByGenerationDirectionAndSession) {
  const RootSecret root = some_root(1);
  const SessionId a{};
  const SessionId b{{1}};
  std::set<ControlKey> keys;
  for (const SessionId& id : {a, b}) {
    for (const std::uint32_t generation : {0U, 1U}) {
      for (const Direction d : {Direction::kClientToGateway, Direction::kGatewayToClient}) {
        EXPECT_TRUE(keys.insert(derive_control_key(root, id, generation, d).get()).second);
      }
    }
  }
}

TEST(KeySchedule, RekeyRefusesAKeyOfSmallOrder) {
  test::SeededRandom random;
  const KeyPair own = KeyPair::generate(random);
  EXPECT_FALSE(derive_rekeyed_root(some_root(1), {}, 1, own.private_key,
                                   Direction::kClientToGateway, {own.public_key, PublicKey{}}));
  EXPECT_FALSE(derive_rekeyed_root(some_root(1), {}, 1, own.private_key,
                                   Direction::kGatewayToClient, {PublicKey{}, own.public_key}));
}

}  // namespace
}  // namespace jumpgate::crypto
