#include "summary.hpp"

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/peer_slots.hpp"
#include "bus/session_counters.hpp"
#include "ctl/session_store.hpp"
#include "data/expanded_keys.hpp"
#include "data/window_pool.hpp"
#include "data/worker.hpp"
#include "floor.hpp"

namespace jumpgate::bench {
namespace {

/// Memory is told for as many: what does not grow with sessions hardly counts then.
constexpr std::uint32_t kSessions = 1'000'000;

double tenths(double value) {
  return std::round(value * 10) / 10;
}

nlohmann::json replay_ns() {
  const ReplayCost cost = measure_replay(RigOptions{}.replay_window);
  fmt::print("replay window: {:.1f} ns in order, {:.1f} ns reordered, {:.1f} ns all replays\n",
             cost.in_order_ns, cost.reordered_ns, cost.replays_ns);
  return {{"in_order", tenths(cost.in_order_ns)},
          {"reordered", tenths(cost.reordered_ns)},
          {"replays", tenths(cost.replays_ns)}};
}

/// Worker and controller, of one session; its routes lie in the image of all routes and are not in it.
void add_memory(nlohmann::json& json) {
  data::WorkerLimits limits;
  limits.slots = kSessions;
  limits.replay_window_packets = RigOptions{}.replay_window;
  limits.expanded_keys = 2 * kSessions;
  const std::size_t windows =
      data::WindowPool::footprint(limits.slots, limits.extra_windows, limits.replay_window_packets);
  const std::size_t keys = data::ExpandedKeys::footprint(limits.expanded_keys);
  std::size_t all = bus::SessionCounterTable::footprint(kSessions) +
                    bus::PeerSlots::footprint(kSessions) +
                    ctl::SessionStore::footprint(1, kSessions);
  for (const data::FootprintLine& line : data::Worker::footprint(limits))
    all += line.bytes;
  json["session_bytes"] = (all - windows - keys) / kSessions;
  json["replay_window_bytes"] = windows / kSessions;
  json["expanded_key_bytes"] = keys / kSessions;
  fmt::print("memory of a session: {} bytes, its replay windows {}, its expanded keys {}\n",
             (all - windows - keys) / kSessions, windows / kSessions, keys / kSessions);
}

nlohmann::json warm_aead(const Options& options) {
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& suite : options.suites)
    for (const std::string& direction : options.directions)
      for (const std::string& size : options.sizes) {
        if (size == "imix") continue;
        const double ns = warm_aead_ns(suite_of(suite), flow_of(direction),
                                       static_cast<std::size_t>(std::atoi(size.c_str())));
        list.push_back({{"direction", direction},
                        {"suite", suite},
                        {"size", std::atoi(size.c_str())},
                        {"ns", tenths(ns)}});
        fmt::print("driver alone, one warm key: {} {} {:>4} bytes {:.1f} ns\n", direction, suite,
                   size, ns);
      }
  return list;
}

/// Packets a second of two workers over those of one: the median over all rows that both have.
std::optional<double> scaling(const std::vector<Row>& rows) {
  Samples ratios;
  for (const Row& one : rows)
    for (const Row& two : rows)
      if (one.workers == 1 && two.workers == 2 && two.hand_off == 0 && one.flow == two.flow &&
          one.suite == two.suite && one.size == two.size && one.sessions == two.sessions)
        ratios.add(two.measured.mpps.median() / one.measured.mpps.median());
  if (ratios.empty()) return std::nullopt;
  return ratios.median();
}

/// What all features cost: packets a second beside the same row without them.
nlohmann::json features(const std::vector<Row>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const Row& without : rows)
    for (const Row& with : rows) {
      if (without.features || !with.features || without.workers != with.workers ||
          without.flow != with.flow || without.suite != with.suite || without.size != with.size ||
          without.sessions != with.sessions)
        continue;
      const double ratio = without.measured.worker.median() / with.measured.worker.median();
      const double added = with.measured.worker.median() - without.measured.worker.median();
      list.push_back({{"direction", name_of(with.flow)},
                      {"suite", name_of(with.suite)},
                      {"size", with.size},
                      {"ratio", std::round(ratio * 100) / 100},
                      {"added_ns", tenths(added)}});
      fmt::print("all features: {} {} {:>4} bytes {:.2f} of the packets a second, {:.1f} ns more\n",
                 name_of(with.flow), name_of(with.suite), with.size, ratio, added);
    }
  return list;
}

}  // namespace

nlohmann::json summary(const Options& options, const std::vector<Row>& rows) {
  nlohmann::json json;
  json["replay_ns"] = replay_ns();
  add_memory(json);
  json["warm_aead"] = warm_aead(options);
  json["features"] = features(rows);
  if (const auto ratio = scaling(rows)) {
    json["scaling_2_workers"] = std::round(*ratio * 100) / 100;
    fmt::print("two workers against one: {:.2f} x\n", *ratio);
  }
  return json;
}

}  // namespace jumpgate::bench
