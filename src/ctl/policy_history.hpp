/// Which policies this node has had since it started, and what each changed.
///
/// Owner thread: the controller. Bound: the newest kKept; older ones are forgotten. Failure: none.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <jumpgate/time.hpp>

#include "session/policy.hpp"

namespace jumpgate::ctl {

/// How a policy reaches the sessions that run (spec/policy.md "Application").
enum class PolicyApplication : std::uint8_t {
  kStrict,  // all of them at once, a slice in each tick
  kGrace,   // each at its next transition
};

struct PolicyChange {
  std::uint64_t version{0};
  MonoNs at{};
  std::string how;  // "start", "reload", or the document's name
  PolicyApplication application{PolicyApplication::kStrict};
  std::vector<std::string> changes;  // "FIELD: BEFORE -> AFTER"
};

class PolicyHistory {
 public:
  /// With all fields changed in each they still fit one answer of the control socket.
  static constexpr std::size_t kKept = 24;

  void add(PolicyChange change) {
    if (changes_.size() == kKept) changes_.pop_front();
    changes_.push_back(std::move(change));
  }
  /// Oldest first.
  [[nodiscard]] const std::deque<PolicyChange>& changes() const { return changes_; }

 private:
  std::deque<PolicyChange> changes_;
};

}  // namespace jumpgate::ctl
