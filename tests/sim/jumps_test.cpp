// Clients and gateway over bad networks: whatever happens, the invariants hold and every client comes back.
//
// A failing case is shrunk by rapidcheck to a shorter script that still fails; `sim --case FILE` plays it again.
#include <cstdio>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/shrink/Shrink.h>

#include "../support/temp_folder.hpp"
#include "case.hpp"
#include "digest.hpp"
#include "options.hpp"

namespace jumpgate::sim {
namespace {

/// Of its whole range from the first case on: rapidcheck would begin with the lowest values alone.
template <class T>
rc::Gen<T> below(T end) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(0, end));
}
template <class T>
rc::Gen<T> any() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<T>());
}

rc::Gen<Action> any_action() {
  return rc::gen::build<Action>(
      rc::gen::set(&Action::what, rc::gen::map(below(kWeightOfAll), weighted)),
      rc::gen::set(&Action::client, below(std::uint8_t{kClients})),
      rc::gen::set(&Action::uplink, below(std::uint8_t{kUplinks})),
      rc::gen::set(&Action::a, any<std::uint8_t>()), rc::gen::set(&Action::b, any<std::uint8_t>()));
}

/// Shrunk by actions left out, not changed: a world takes a tenth of a second, and to change each field takes thousands.
rc::Gen<Script> any_script() {
  return rc::gen::shrink(rc::gen::noShrink(rc::gen::container<Script>(kActions, any_action())),
                         [](const Script& script) { return rc::shrink::removeChunks(script); });
}

/// The last case that was found wrong: the shrunken one, once rapidcheck is done.
Case& found() {
  static Case last;
  return last;
}

/// When enough was found right, nothing is played any more; when something was found wrong, everything, so that it can
/// be shrunk.
void one_case() {
  static bool failed = false;
  if (tally().jumps >= options().jumps && !failed) return;
  const Case one{.seed = *rc::gen::noShrink(any<std::uint32_t>()),
                 .policy = *rc::gen::noShrink(below(kPolicyVariants)),
                 .script = *any_script()};
  const auto world = one.play();
  tally().add(*world);
  if (world->findings().clean()) return;
  // The case at once, in case nobody waits for the shrunken one.
  if (!failed)
    std::printf("found: %s%sto be shrunken:\n", world->findings().text().c_str(),
                to_json(one).c_str());
  std::fflush(stdout);
  failed = true;
  found() = one;
  RC_FAIL(world->findings().text());
}

void play_again(const std::string& path) {
  const auto one = read_case(path);
  ASSERT_TRUE(one) << one.error();
  const auto world = one->play();
  EXPECT_TRUE(world->findings().clean()) << world->findings().text();
}

TEST(Jumps, WhateverHappensTheInvariantsHoldAndEveryClientComesBack) {
  if (!options().replay.empty()) return play_again(options().replay);
  rc::detail::TestParams params;
  params.seed = options().seed;
  params.maxSuccess = static_cast<int>(options().jumps / 10 + 1);
  const auto result = rc::detail::checkTestable(one_case, rc::detail::TestMetadata{}, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>())
      << text.str() << "\nagain, from a file with what follows: sim --case FILE\n"
      << to_json(found());
  EXPECT_GE(tally().jumps, options().jumps);
  EXPECT_GT(tally().hostile_in_scripts, tally().worlds * 50);
  std::printf(
      "%llu jumps in %llu worlds, %llu packets, %llu (key, nonce) pairs, %llu hostile messages\n",
      static_cast<unsigned long long>(tally().jumps),
      static_cast<unsigned long long>(tally().worlds),
      static_cast<unsigned long long>(tally().delivered),
      static_cast<unsigned long long>(tally().nonce_pairs),
      static_cast<unsigned long long>(tally().hostile_in_scripts));
}

TEST(Jumps, ACaseIsReadAsItWasPrinted) {
  const Case one{.seed = 7, .policy = 3, .script = make_script(7, kActions)};
  const jumpgate::testing::TempFolder folder;
  std::ofstream(folder.path("case")) << to_json(one);
  EXPECT_EQ(read_case(folder.path("case")), one);
  std::ofstream(folder.path("case"))
      << R"({"seed": 7, "policy": 3, "script": [["fly", 0, 0, 0, 0]]})";
  EXPECT_NE(read_case(folder.path("case")).error().find("no action is called \"fly\""),
            std::string::npos);
}

TEST(Jumps, AQuietNetworkLosesNothing) {
  World world({.seed = options().seed, .clients = kClients, .policy = policy_variant(0)});
  world.run(seconds(30));
  world.heal_and_check();
  EXPECT_TRUE(world.findings().clean()) << world.findings().text();
  EXPECT_GT(world.jumps(), 50U);
  std::uint64_t sent = 0;
  for (std::size_t i = 0; i < kClients; ++i)
    sent += world.client(i).sent();
  // All but what the clients said before they were attached.
  EXPECT_GE(world.delivered() + 3 * kClients, sent);
}

TEST(Jumps, AnUplinkWithANewAddressTakesItsTurnAmongOthersThatAreDead) {
  World world({.seed = options().seed, .clients = 2, .policy = policy_variant(1)});
  world.drive = {.moves = 0, .sends = 0.2};
  world.run(seconds(3));
  const SessionId id = world.client(0).engine().session()->core().record.id();
  for (const std::uint8_t uplink : {std::uint8_t{1}, std::uint8_t{2}})
    world.network().set_open(0, uplink, Way::kDown, false, world.now());
  world.readdress(0, 0);
  world.run(seconds(14));
  EXPECT_TRUE(world.findings().clean()) << world.findings().text();
  const ctl::Session* session = world.gateway().find(id);
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->record.state(), State::kAttached);
  EXPECT_EQ(session->binding->path.remote, world.network().outside(0, 0));
}

TEST(Jumps, ASessionThatCanNotBeRenewedEndsWithItsLifetime) {
  session::Policy policy = policy_variant(0);
  policy.session.max_lifetime = seconds(40);
  World world({.seed = options().seed, .clients = 2, .policy = policy});
  unsigned ends = 0;
  world.on_gateway_event = [&](const audit::Event& event) {
    if (event.type == EventType::kSessionTerminated &&
        event.reason == Reason::kSessionLifetimeExceeded)
      ++ends;
  };
  world.run(seconds(3));
  world.network().stop_hellos(0, world.now() + seconds(60));
  world.run(seconds(50));
  EXPECT_EQ(ends, 1U) << "the other client's was renewed";
  world.heal_and_check();
  EXPECT_TRUE(world.findings().clean()) << world.findings().text();
}

TEST(Jumps, OneSeedIsOneRun) {
  const auto run = [](std::uint64_t seed) {
    World world({.seed = seed, .clients = kClients, .policy = policy_variant(1)});
    Digest digest(world);
    play(world, make_script(seed, kActions));
    return digest.value();
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

}  // namespace
}  // namespace jumpgate::sim
