// The gateway's controller recorded through whole simulated worlds, and each recording played again.
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "../support/temp_folder.hpp"
#include "options.hpp"
#include "record/replayer.hpp"
#include "script.hpp"

namespace jumpgate::sim {
namespace {

constexpr std::size_t kWorlds = 6;

TEST(Recording, OfWhateverHappensIsReplayedToTheSameBytes) {
  const jumpgate::testing::TempFolder folder;
  const std::string path = folder.path("tape");
  std::uint64_t inputs = 0;
  for (std::size_t i = 0; i < kWorlds; ++i) {
    const std::uint64_t seed = options().seed + i;
    std::ofstream tape(path, std::ios::binary | std::ios::trunc);
    World world({.seed = seed,
                 .clients = kClients,
                 .policy = policy_variant(static_cast<std::uint8_t>(i % kPolicyVariants)),
                 .record = [&tape](std::span<const std::uint8_t> bytes) {
                   // char may be read as bytes; streams know nothing else.
                   tape.write(reinterpret_cast<const char*>(bytes.data()),
                              static_cast<std::streamsize>(bytes.size()));
                   return true;
                 }});
    play(world, make_script(seed, kActions));
    ASSERT_TRUE(world.findings().clean()) << world.findings().text();
    EXPECT_GT(world.jumps(), 0U);
    tape.close();
    const auto replayed = record::replay(path, [](std::string_view) {});
    ASSERT_TRUE(replayed) << "seed " << seed << ": " << replayed.error().text;
    EXPECT_EQ(replayed->sessions, world.gateway().controller().session_count());
    inputs += replayed->inputs;
  }
  EXPECT_GT(inputs, 1000U);
}

}  // namespace
}  // namespace jumpgate::sim
