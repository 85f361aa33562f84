#include "script.hpp"

#include <algorithm>
#include <numeric>
#include <ostream>
#include <random>
#include <string_view>

#include "options.hpp"

namespace jumpgate::sim {
namespace {

constexpr std::array<std::string_view, kDoCount> kNames{
    "run",           "faults", "partition",  "uplink",   "rebind",    "readdress",
    "path-error",    "move",   "suspend",    "restart",  "terminate", "reload",
    "hold-commands", "grace",  "wall-clock", "no-hello", "rekey",     "hostile"};

constexpr std::array<std::uint8_t, kDoCount> kWeights{30, 15, 8, 8, 6, 2, 2, 6, 2,
                                                      1,  1,  2, 2, 2, 2, 1, 4, 6};
static_assert(std::accumulate(kWeights.begin(), kWeights.end(), 0U) == kWeightOfAll);

link_faulty::FaultSettings faults_of(const Action& action) {
  link_faulty::FaultSettings faults;
  faults.loss = static_cast<double>(action.a % 61) / 100;
  faults.delay = milliseconds(5 + (action.b & 0x1f) * 10);
  faults.jitter = faults.delay / 4 * ((action.b >> 5) & 1);
  faults.reorder = ((action.b >> 6) & 1) != 0 ? 0.2 : 0;
  faults.reorder_hold = milliseconds(60);
  faults.duplicate = ((action.b >> 7) & 1) != 0 ? 0.2 : 0;
  return faults;
}

Duration tenths(std::uint8_t count) {
  return milliseconds(100) * (1 + count);
}

}  // namespace

session::Policy policy_variant(std::uint8_t which) {
  session::Policy policy;
  policy.switching.switch_cooldown = Duration{};
  policy.switching.max_switches_per_min = 200;
  policy.security.replay_window_packets = 1024;
  policy.keys.rekey_after = seconds(20);
  policy.keys.reject_after = seconds(60);
  switch (which % kPolicyVariants) {
    case 0:
      break;
    case 1:
      policy.switching.recovery_window = seconds(3);
      policy.volatility.volatile_to_degraded = seconds(1);
      policy.keys.rekey_after = seconds(8);
      policy.keys.reject_after = seconds(40);
      break;
    case 2:
      policy.switching.switch_cooldown = milliseconds(300);
      policy.session.transport_lost_ttl = seconds(25);
      policy.keys.rekey_after_transport_change = true;
      break;
    case 3:
      policy.volatility.heartbeat_interval = milliseconds(200);
      policy.volatility.heartbeat_volatile = milliseconds(800);
      policy.volatility.idle_heartbeat_interval = seconds(2);
      policy.transport.max_candidate_count = 2;
      break;
    default:
      policy.switching.max_switches_per_min = 20;
      policy.session.max_lifetime = seconds(40);  // shorter than most scripts
      break;
  }
  return policy;
}

namespace {

/// The lifetime stays: a client keeps what WELCOME told it of it, and can not know when to make a successor. New keys
/// are asked for in time, whatever it was told of theirs.
session::Policy next_policy(World& world, const Action& action) {
  session::Policy next = policy_variant(action.a);
  next.session.max_lifetime = world.policy().session.max_lifetime;
  return next;
}

}  // namespace

void perform(World& world, Attacker& attacker, const Action& action) {
  const std::size_t client = action.client % world.clients();
  const auto uplink = static_cast<std::uint8_t>(action.uplink % kUplinks);
  switch (action.what) {
    case Do::kRun:
      return world.run(tenths(action.a % 64));
    case Do::kFaults:
      for (const Way way : {Way::kUp, Way::kDown})
        world.network().set_faults(client, uplink, way, faults_of(action), world.now());
      return;
    case Do::kPartition:
      world.network().set_open(client, uplink, Way::kUp, (action.a & 1) == 0, world.now());
      world.network().set_open(client, uplink, Way::kDown, (action.a & 2) == 0, world.now());
      return;
    case Do::kUplink:
      return world.set_uplink(client, uplink, (action.a & 1) != 0);
    case Do::kRebind:
      return world.network().rebind(client, uplink);
    case Do::kReaddress:
      return world.readdress(client, uplink);
    case Do::kPathError:
      return world.path_error(client, uplink);
    case Do::kMove:
      return world.move(client, uplink);
    case Do::kSuspend:
      return world.suspend(client, tenths(action.a));
    case Do::kRestart:
      return world.restart(client);
    case Do::kTerminate:
      return world.terminate(client);
    case Do::kReload:
      return world.reload(next_policy(world, action));
    case Do::kGrace:
      return world.apply_with_grace(next_policy(world, action));
    case Do::kWallClock:
      return world.step_wall_clock(seconds(3600) * (action.a - action.b));
    case Do::kNoHello:
      return world.network().stop_hellos(client, world.now() + tenths(action.a) * 4);
    case Do::kRekey:
      return world.ask_rekey(client);
    case Do::kHostile:
      return attacker.strike(1 + action.a % 128U);
    case Do::kHoldCommands:
      return world.hold_commands(action.b % 3, tenths(action.a % 16));
  }
}

void play(World& world, const Script& script) {
  Attacker attacker(world, world.seed(), kScriptMemory);
  for (const Action& action : script) {
    perform(world, attacker, action);
    if (!world.findings().clean()) return;
  }
  tally().hostile_in_scripts += attacker.sent();
  world.heal_and_check();
}

Do weighted(unsigned ticket) {
  std::size_t what = 0;
  for (; ticket >= kWeights.at(what); ++what)
    ticket -= kWeights.at(what);
  return static_cast<Do>(what);
}

Script make_script(std::uint64_t seed, std::size_t actions) {
  std::mt19937_64 random(seed);
  Script script(actions);
  for (Action& action : script) {
    const std::uint64_t bits = random();
    action = {.what = weighted(static_cast<unsigned>((bits >> 32) % kWeightOfAll)),
              .client = static_cast<std::uint8_t>(bits),
              .uplink = static_cast<std::uint8_t>((bits >> 8) % kUplinks),
              .a = static_cast<std::uint8_t>(bits >> 16),
              .b = static_cast<std::uint8_t>(bits >> 24)};
  }
  return script;
}

std::string_view name_of(Do what) {
  return kNames.at(static_cast<std::size_t>(what));
}

std::optional<Do> find_do(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Do>(found - kNames.begin());
}

std::ostream& operator<<(std::ostream& out, const Action& action) {
  return out << name_of(action.what) << " client " << unsigned{action.client} << " uplink "
             << unsigned{action.uplink} << " a " << unsigned{action.a} << " b "
             << unsigned{action.b};
}

}  // namespace jumpgate::sim
