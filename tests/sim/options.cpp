#include "options.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

#include "world.hpp"

namespace jumpgate::sim {

Options& options() {
  static Options asked;
  return asked;
}

Tally& tally() {
  static Tally sums;
  return sums;
}

void Tally::add(World& world) {
  const Findings& findings = world.findings();
  ++worlds;
  jumps += world.jumps();
  delivered += world.delivered();
  nonce_pairs += world.ledger().pairs();
  resets += findings.count(Rule::kReset);
  dual_bindings += findings.count(Rule::kDualBinding);
  invalid_transitions_applied += findings.count(Rule::kInvalidTransition);
  events_lost += findings.count(Rule::kEventLost);
  nonce_repeats += world.ledger().repeats();
}

bool write_report(const std::string& path) {
  const Tally& sums = tally();
  const nlohmann::ordered_json report{
      {"jumps", sums.jumps},
      {"resets", sums.resets},
      {"dual_bindings", sums.dual_bindings},
      {"invalid_transitions_applied", sums.invalid_transitions_applied},
      {"events_lost", sums.events_lost},
      {"nonce_repeats", sums.nonce_repeats},
      {"nonce_pairs", sums.nonce_pairs},
      {"worlds", sums.worlds},
      {"packets_delivered", sums.delivered},
      {"hostile_messages", sums.hostile_messages},
      {"hostile_at_aead", sums.hostile_at_aead},
      {"hostile_at_freshness", sums.hostile_at_freshness},
      {"seed", options().seed}};
  std::ofstream out(path);
  out << report.dump(2) << '\n';
  return out.good();
}

}  // namespace jumpgate::sim
