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
#include "data/worker.hpp"
#include "floor.hpp"

namespace jumpgate::bench {
namespace {

/// Memory is told for as many: what does not grow with sessions hardly counts then.
constexpr std::uint32_t kSessions = 1'000'000;

// Counted apart, by their names in the worker's footprint.
constexpr const char* kWindows = "replay windows";
constexpr const char* kKeys = "expanded keys";

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

/// What grows with sessions, worker and controller. Routes lie in the image of all routes and are not in it.
std::vector<data::FootprintLine> tables(const data::WorkerLimits& limits) {
  std::vector<data::FootprintLine> lines = data::Worker::footprint(limits);
  lines.push_back({"controller", ctl::SessionStore::footprint(1, kSessions)});
  lines.push_back({"counters", bus::SessionCounterTable::footprint(kSessions)});
  lines.push_back({"slots of peers", bus::PeerSlots::footprint(kSessions)});
  return lines;
}

void add_memory(nlohmann::json& json) {
  data::WorkerLimits limits;
  limits.slots = kSessions;
  limits.replay_window_packets = RigOptions{}.replay_window;
  limits.expanded_keys = 2 * kSessions;
  nlohmann::json parts;
  std::size_t all = 0;
  for (const data::FootprintLine& line : tables(limits)) {
    const std::size_t each = line.bytes / kSessions;
    if (each == 0) continue;
    parts[line.what] = each;
    fmt::print("memory of a session: {:>5} bytes {}\n", each, line.what);
    if (line.what != kWindows && line.what != kKeys) all += each;
  }
  json["replay_window_bytes"] = parts[kWindows];
  json["expanded_key_bytes"] = parts[kKeys];
  json["session_bytes"] = all;
  json["session_parts"] = std::move(parts);
  fmt::print("memory of a session: {:>5} bytes without its replay windows and expanded keys\n",
             all);
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

struct Scaling {
  double packets;  // a second, of two workers over those of one
  double aead;     // the same of the bare AEAD, in the same rows: what the processors have to give
};

/// Medians over all rows that one worker and two have.
std::optional<Scaling> scaling(const std::vector<Row>& rows) {
  Samples packets;
  Samples aead;
  for (const Row& one : rows)
    for (const Row& two : rows)
      if (one.workers == 1 && two.workers == 2 && two.hand_off == 0 && one.flow == two.flow &&
          one.suite == two.suite && one.size == two.size && one.sessions == two.sessions) {
        packets.add(two.measured.mpps.median() / one.measured.mpps.median());
        aead.add(2 * one.measured.aead.median() / two.measured.aead.median());
      }
  if (packets.empty()) return std::nullopt;
  return Scaling{packets.median(), aead.median()};
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
  if (const auto two = scaling(rows)) {
    json["scaling_2_workers"] = std::round(two->packets * 100) / 100;
    json["scaling_2_workers_aead"] = std::round(two->aead * 100) / 100;
    fmt::print("two workers against one: {:.2f} x, of the bare AEAD {:.2f} x\n", two->packets,
               two->aead);
  }
  return json;
}

}  // namespace jumpgate::bench
