/// Which policies this node has had since it started, and what each changed.
///
/// Owner thread: the controller. Bound: the newest kKept, of each the first kChangeBytes of what it
/// changed; older ones are forgotten, further lines counted. Failure: none.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <jumpgate/time.hpp>

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
  /// Together they fit one answer of the control socket; all fields of a base fit kChangeBytes.
  static constexpr std::size_t kKept = 24;
  static constexpr std::size_t kChangeBytes = 2000;

  void add(PolicyChange change) {
    std::size_t bytes = 0;
    std::size_t lines = 0;
    for (const std::string& line : change.changes) {
      bytes += line.size();
      if (bytes > kChangeBytes) break;
      ++lines;
    }
    if (const std::size_t more = change.changes.size() - lines; more != 0) {
      change.changes.resize(lines);
      change.changes.push_back("and " + std::to_string(more) + " more");
    }
    if (changes_.size() == kKept) changes_.pop_front();
    changes_.push_back(std::move(change));
  }
  /// Oldest first.
  [[nodiscard]] const std::deque<PolicyChange>& changes() const { return changes_; }

 private:
  std::deque<PolicyChange> changes_;
};

}  // namespace jumpgate::ctl
