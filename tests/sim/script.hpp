/// What happens to a simulated world, as a list of actions: made from a seed, or by rapidcheck, which shrinks it.
///
/// Owner thread: any; values and functions over them. Bound: every field is cut to what the world has.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <vector>

#include "attacker.hpp"
#include "session/policy.hpp"
#include "world.hpp"

namespace jumpgate::sim {

enum class Do : std::uint8_t {
  kRun,           // a: tenths of a second
  kFaults,        // a: loss in percent up to 60, b: the others
  kPartition,     // a: 0 open, 1 up closed, 2 down closed, 3 both
  kUplink,        // a: up or down
  kRebind,        // the NAT forgets
  kReaddress,     // the uplink gets another address
  kPathError,     // ICMP says so
  kMove,          // the user says so
  kSuspend,       // a: tenths of a second
  kRestart,       // of the client
  kTerminate,     // by the operator
  kReload,        // a: another policy
  kHoldCommands,  // a: tenths of a second with b commands left
  kGrace,         // a: another policy, which waits for each session's next transition
  kWallClock,     // a, b: hours forwards and back
  kNoHello,       // a: so long, in units of 0.4 s, the client can make no session
  kRekey,         // the operator asks for new keys
  kHostile,       // a: so many packets of before arrive again, also cut, altered or from elsewhere
};
inline constexpr std::size_t kDoCount = 18;

struct Action {
  Do what{Do::kRun};
  std::uint8_t client{0};
  std::uint8_t uplink{0};
  std::uint8_t a{0};
  std::uint8_t b{0};
  bool operator==(const Action&) const = default;
};
using Script = std::vector<Action>;

/// Of a world that scripts play in, and of one script unless its test says otherwise.
inline constexpr std::size_t kClients = 8;
inline constexpr std::size_t kActions = 50;
/// What the attacker among a script's actions keeps: little, since each packet of each world costs it.
inline constexpr AttackersMemory kScriptMemory{.of_all = 256, .recent = 128, .control = 64};

void perform(World& world, Attacker& attacker, const Action& action);
/// The whole of it, then the world heals and every client must come back. Stops at the first finding.
void play(World& world, const Script& script);

/// How often scripts do what: a ticket in [0, kWeightOfAll) to its action. Mostly they let time pass and spoil links.
inline constexpr unsigned kWeightOfAll = 100;
Do weighted(unsigned ticket);

/// A script of so many actions, the same for the same seed.
Script make_script(std::uint64_t seed, std::size_t actions);

/// Policies that scripts begin with and reload: valid, and all quick enough for a simulation.
inline constexpr std::uint8_t kPolicyVariants = 5;
session::Policy policy_variant(std::uint8_t which);

std::string_view name_of(Do what);
std::optional<Do> find_do(std::string_view name);
std::ostream& operator<<(std::ostream& out, const Action& action);

}  // namespace jumpgate::sim
