// An attacker with every packet ever sent: nothing moves, nothing grows, nothing ends.
#include "attacker.hpp"

#include <cstdio>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "../support/allocations.hpp"
#include "ctl/counters.hpp"
#include "options.hpp"
#include "script.hpp"

namespace jumpgate::sim {
namespace {

/// What must be the same before and after.
struct Snapshot {
  struct Side {
    State state{};
    std::uint64_t state_version{0};
    std::uint64_t binding_version{0};
    bool operator==(const Side&) const = default;
  };
  std::map<SessionId, Side> gateway;
  std::vector<Side> clients;
  bool operator==(const Snapshot&) const = default;
};

Snapshot::Side side_of(const session::SessionRecord& record) {
  return {.state = record.state(),
          .state_version = record.state_version(),
          .binding_version = record.binding_version()};
}

Snapshot look(World& world) {
  Snapshot seen;
  for (const auto& [id, life] : world.timeline().alive()) {
    // A replayed HELLO may cost a BIRTH of five seconds; it has no binding and confirms nothing.
    if (life.state != State::kBirth) seen.gateway[id] = side_of(world.gateway().find(id)->record);
  }
  for (std::size_t i = 0; i < world.clients(); ++i) {
    const client::ClientSession* session = world.client(i).engine().session();
    seen.clients.push_back(session == nullptr ? Snapshot::Side{} : side_of(session->core().record));
  }
  return seen;
}

/// Genuine messages that came as far as an AEAD that verified them, and as a check of freshness that refused them.
struct Reached {
  std::uint64_t aead{0};
  std::uint64_t freshness{0};
};

Reached count(World& world) {
  const auto gateway = [&](DropReason reason) { return world.gateway().dropped(reason); };
  Reached reached;
  reached.aead = world.gateway().controller().counters().get(ctl::ControllerCounter::kControlIn);
  reached.freshness = gateway(DropReason::kReplayOld) + gateway(DropReason::kReplayDuplicate) +
                      gateway(DropReason::kControlStale);
  for (std::size_t i = 0; i < world.clients(); ++i) {
    const auto& drops = world.client(i).engine().drops();
    const std::uint64_t stale = drops.count(DropReason::kControlStale);
    reached.aead += stale;  // a control message is opened before its freshness is judged
    reached.freshness +=
        stale + drops.count(DropReason::kReplayOld) + drops.count(DropReason::kReplayDuplicate);
  }
  return reached;
}

TEST(Attacker, WithEveryPacketEverSentMovesNothing) {
  constexpr std::size_t kBurst = 50;       // 5,000 a second
  constexpr std::uint64_t kStorm = 5'000;  // then the clients jump again, for new packets to steal
  ASSERT_TRUE(test::counts_allocations());
  World world({.seed = options().seed, .clients = kClients, .policy = policy_variant(0)});
  Attacker attacker(world, options().seed);
  Reached reached;
  while (attacker.sent() < options().hostile && world.findings().clean()) {
    world.drive = {.moves = 0.2, .sends = 0.2};
    world.run(seconds(3));
    world.drive = {.moves = 0, .sends = 0};
    world.run(seconds(5));  // exchanges end, epochs drain
    const Snapshot before = look(world);
    const Reached start = count(world);
    const unsigned packets = world.gateway().packets_in_use();
    const std::uint64_t allocations = world.gateway().allocations();
    for (std::uint64_t sent = 0; sent < kStorm; sent += kBurst) {
      attacker.strike(kBurst);
      world.run(milliseconds(10));
    }
    world.run(milliseconds(500));
    const Snapshot after = look(world);
    ASSERT_TRUE(after == before) << "after " << attacker.sent() << " messages";
    EXPECT_EQ(world.gateway().packets_in_use(), packets);
    EXPECT_EQ(world.gateway().allocations(), allocations);
    const Reached end = count(world);
    reached.aead += end.aead - start.aead;
    reached.freshness += end.freshness - start.freshness;
  }
  EXPECT_TRUE(world.findings().clean()) << world.findings().text();
  world.heal_and_check();
  EXPECT_TRUE(world.findings().clean()) << world.findings().text();
  EXPECT_GE(reached.aead, attacker.sent() / 10);
  EXPECT_GE(reached.freshness, attacker.sent() / 10);
  std::printf(
      "%llu hostile messages, %llu of them genuine; %llu verified by an AEAD, %llu refused as not "
      "fresh\n",
      static_cast<unsigned long long>(attacker.sent()),
      static_cast<unsigned long long>(attacker.genuine()),
      static_cast<unsigned long long>(reached.aead),
      static_cast<unsigned long long>(reached.freshness));
  tally().hostile_messages += attacker.sent();
  tally().hostile_at_aead += reached.aead;
  tally().hostile_at_freshness += reached.freshness;
}

}  // namespace
}  // namespace jumpgate::sim
