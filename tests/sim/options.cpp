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
  not_delivered += findings.count(Rule::kDelivery);
  not_converged += findings.count(Rule::kConvergence);
}

namespace {

bool write(const std::string& path, const nlohmann::ordered_json& what) {
  std::ofstream out(path);
  out << what.dump(2) << '\n';
  return out.good();
}

}  // namespace

bool write_report(const std::string& path) {
  const Tally& sums = tally();
  return write(path, {{"jumps", sums.jumps},
                      {"resets", sums.resets},
                      {"dual_bindings", sums.dual_bindings},
                      {"invalid_transitions_applied", sums.invalid_transitions_applied},
                      {"events_lost", sums.events_lost},
                      {"nonce_repeats", sums.nonce_repeats},
                      {"seed", options().seed}});
}

bool write_details(const std::string& path) {
  const Tally& sums = tally();
  return write(path, {{"worlds", sums.worlds},
                      {"packets_delivered", sums.delivered},
                      {"nonce_pairs", sums.nonce_pairs},
                      {"not_delivered", sums.not_delivered},
                      {"not_converged", sums.not_converged},
                      {"hostile_messages", sums.hostile_messages},
                      {"hostile_in_scripts", sums.hostile_in_scripts},
                      {"hostile_at_aead", sums.hostile_at_aead},
                      {"hostile_at_freshness", sums.hostile_at_freshness}});
}

}  // namespace jumpgate::sim
