/// What a run has broken, by kind, and how much it has done.
///
/// Owner thread: the simulation's. Bound: kMaxMessages texts are kept, every finding is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <jumpgate/time.hpp>

namespace jumpgate::sim {

enum class Rule : std::uint8_t {
  kReset,              // a session ended or lost its identity while a candidate was live inside its
                       // TTLs and policy
  kDualBinding,        // the gateway sent on two bindings of one session, or records disagree on it
  kInvalidTransition,  // a step that the table, the versions or the deadlines forbid
  kEventLost,          // a gap in the stream, or a step without its one event
  kNonceRepeat,        // a (key, nonce) pair was used twice
  kDelivery,           // an inner packet arrived twice, or not over a healed network
  kConvergence,        // a healed session did not come back, or the two sides disagree
};
inline constexpr std::size_t kRuleCount = 7;

class Findings {
 public:
  void add(Rule rule, MonoNs now, std::string text) {
    ++counts_.at(static_cast<std::size_t>(rule));
    if (messages_.size() >= kMaxMessages) return;
    messages_.push_back(std::to_string(now.ns / 1'000'000) + " ms: " + std::move(text));
  }
  [[nodiscard]] std::uint64_t count(Rule rule) const {
    return counts_.at(static_cast<std::size_t>(rule));
  }
  [[nodiscard]] bool clean() const { return messages_.empty(); }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const std::string& message : messages_)
      all += message + "\n";
    return all;
  }

 private:
  static constexpr std::size_t kMaxMessages = 20;
  std::array<std::uint64_t, kRuleCount> counts_{};
  std::vector<std::string> messages_;
};

}  // namespace jumpgate::sim
