// What somebody on the path can gain by handing packets on under an address of its own, and where it ends
// (spec/threat-model.md "An on-path relay").
#include <optional>

#include <gtest/gtest.h>

#include "options.hpp"
#include "script.hpp"

namespace jumpgate::sim {
namespace {

constexpr std::size_t kVictim = 0;
constexpr std::uint8_t kHome = 0;
constexpr std::uint8_t kOther = 1;

Endpoint relay_address(std::uint8_t number = 1) {
  return {.address = {.family = IpFamily::kV4, .bytes = {10, 77, 0, number}}, .port = 7000};
}

/// Two clients that talk to each other; the first one's paths are under attack.
class RelayTest : public ::testing::Test {
 protected:
  RelayTest() : world_({.seed = options().seed, .clients = 2, .policy = session::Policy{}}) {
    world_.drive = {.moves = 0, .sends = 0.5};
    world_.on_gateway_event = [this](const audit::Event& event) {
      if (event.session != id_) return;
      if (event.type == EventType::kTransportSwitch) ++commits_;
      if (event.type == EventType::kSessionTerminated) ended_ = true;
    };
    world_.run(seconds(3));
    id_ = world_.client(kVictim).engine().session()->core().record.id();
  }
  ~RelayTest() override {
    EXPECT_TRUE(world_.findings().clean()) << world_.findings().text();
    EXPECT_FALSE(ended_);
  }
  RelayTest(const RelayTest&) = delete;
  RelayTest& operator=(const RelayTest&) = delete;

  void relay(std::uint8_t uplink, const std::optional<Relay>& by) {
    world_.network().set_relay(kVictim, uplink, by);
  }
  /// Where the gateway sends.
  [[nodiscard]] Endpoint bound() {
    const ctl::Session* session = world_.gateway().find(id_);
    return session != nullptr && session->binding ? session->binding->path.remote : Endpoint{};
  }
  [[nodiscard]] bool attached() {
    const ctl::Session* session = world_.gateway().find(id_);
    return session != nullptr && session->record.state() == State::kAttached;
  }
  /// How long until `reached`, in steps of 10 ms; `most` when never.
  template <class Reached>
  Duration until(Duration most, Reached&& reached) {
    Duration waited{};
    for (; waited < most && !reached(); waited = waited + milliseconds(10))
      world_.run(milliseconds(10));
    return waited;
  }
  /// All that is said now arrives.
  void expect_delivery() {
    const std::uint64_t before = world_.delivered();
    for (std::uint8_t i = 0; i < 10; ++i) {
      world_.client(0).send_inner(1, world_.now());
      world_.client(1).send_inner(0, world_.now());
    }
    world_.drive.sends = 0;
    world_.run(milliseconds(500));
    world_.drive.sends = 0.5;
    EXPECT_GE(world_.delivered() - before, 20U);
  }
  /// The relay takes part in a jump and is bound as the client's address.
  void let_relay_win() {
    relay(kOther, Relay{.address = relay_address()});
    world_.move(kVictim, kOther);
    world_.run(seconds(1));
    ASSERT_EQ(bound(), relay_address());
    ASSERT_TRUE(attached());
  }

  World world_;
  SessionId id_{};
  std::uint64_t commits_{0};
  bool ended_{false};
};

TEST_F(RelayTest, IsBoundForThePathItIsOnAndCarriesWhatItCarriedBefore) {
  let_relay_win();
  expect_delivery();
  world_.run(seconds(20));
  EXPECT_EQ(commits_, 1U);  // the one jump that the client asked for
}

TEST_F(RelayTest, ThatStopsLosesTheBindingToTheClientsOwnAddress) {
  let_relay_win();
  relay(kOther, std::nullopt);
  const Endpoint own = world_.network().outside(kVictim, kOther);
  // One quick heartbeat interval until the client is heard from its own address, and the probe of the bound one.
  const Duration waited = until(seconds(5), [&] { return bound() == own && attached(); });
  EXPECT_LE(waited.ms(), 1'200);
  EXPECT_LE(commits_, 2U);
  expect_delivery();
}

TEST_F(RelayTest, ThatSwallowsEverythingIsASilentPathAndTheClientLeavesIt) {
  let_relay_win();
  relay(kOther, Relay{.address = relay_address(), .passes_originals = false});
  world_.run(seconds(5));
  EXPECT_EQ(bound(), relay_address());
  for (const Way way : {Way::kUp, Way::kDown})
    world_.network().set_open(kVictim, kOther, way, false, world_.now());
  const Duration waited =
      until(seconds(10), [&] { return bound() != relay_address() && attached(); });
  EXPECT_LE(waited.ms(), 3'000);  // heartbeat_volatile, and a jump
  expect_delivery();
}

TEST_F(RelayTest, WithoutTheAnswersIsNeverBound) {
  for (const std::uint8_t uplink : {kHome, kOther})
    relay(uplink, Relay{.address = relay_address(), .carries_answers = false});
  bool was_bound = false;
  for (int jump = 0; jump < 10; ++jump) {
    world_.move(kVictim, jump % 2 == 0 ? kOther : kHome);
    until(seconds(10), [&] {
      was_bound = was_bound || bound() == relay_address();
      return false;
    });
  }
  EXPECT_FALSE(was_bound);
  EXPECT_GT(commits_, 0U) << "the client's own messages pass, and so do its jumps";
  EXPECT_TRUE(attached());
  relay(kHome, std::nullopt);
  relay(kOther, std::nullopt);
  world_.run(seconds(3));
  expect_delivery();
}

TEST_F(RelayTest, ThatChangesItsAddressMovesTheBindingNoOftenerThanPolicyAllows) {
  const unsigned allowed = world_.policy().switching.max_switches_per_min;
  for (std::uint8_t second = 0; second < 60; ++second) {
    relay(kHome, Relay{.address = relay_address(static_cast<std::uint8_t>(second + 1)),
                       .passes_originals = false});
    world_.run(seconds(1));
  }
  EXPECT_GT(commits_, 0U);
  EXPECT_LE(commits_, allowed);
}

}  // namespace
}  // namespace jumpgate::sim
