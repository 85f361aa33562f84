#include "case.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

namespace jumpgate::sim {
namespace {

nlohmann::json json_of(const Action& action) {
  return {name_of(action.what), action.client, action.uplink, action.a, action.b};
}

Action action_of(const nlohmann::json& json) {
  const auto what = find_do(json.at(0).get<std::string>());
  if (!what) throw std::invalid_argument("no action is called " + json.at(0).dump());
  return {
      .what = *what, .client = json.at(1), .uplink = json.at(2), .a = json.at(3), .b = json.at(4)};
}

}  // namespace

std::unique_ptr<World> Case::play() const {
  auto world = std::make_unique<World>(
      Setup{.seed = seed, .clients = kClients, .policy = policy_variant(policy)});
  world->drive = {.moves = 0.09, .sends = 0.05};
  sim::play(*world, script);
  return world;
}

std::string to_json(const Case& one) {
  std::string text = "{\"seed\": " + std::to_string(one.seed) +
                     ", \"policy\": " + std::to_string(one.policy) + ", \"script\": [";
  for (const Action& action : one.script)
    text += (text.back() == '[' ? "\n  " : ",\n  ") + json_of(action).dump();
  return text + "\n]}\n";
}

std::expected<Case, std::string> read_case(const std::string& path) {
  std::ifstream file(path);
  try {
    const auto json = nlohmann::json::parse(file);
    Case one{.seed = json.at("seed"), .policy = json.at("policy"), .script = {}};
    for (const auto& action : json.at("script"))
      one.script.push_back(action_of(action));
    return one;
  } catch (const std::exception& fault) {
    return std::unexpected(path + ": no case of the simulation: " + fault.what());
  }
}

}  // namespace jumpgate::sim
