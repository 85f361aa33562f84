#include "session/policy_set.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace jumpgate::session {

bool PolicySet::has(std::string_view profile) const {
  return std::ranges::find(profiles, profile, &PolicyProfile::name) != profiles.end();
}

const Policy& PolicySet::of(std::string_view profile) const {
  if (profile.empty()) return base;
  const auto found = std::ranges::find(profiles, profile, &PolicyProfile::name);
  return found == profiles.end() ? base : found->policy;
}

void PolicySet::set_version(std::uint64_t version) {
  base.version = version;
  for (PolicyProfile& profile : profiles)
    profile.policy.version = version;
}

std::uint32_t PolicySet::largest_replay_window() const {
  std::uint32_t largest = base.security.replay_window_packets;
  for (const PolicyProfile& profile : profiles)
    largest = std::max(largest, profile.policy.security.replay_window_packets);
  return largest;
}

std::vector<PolicyField> fields_of(const PolicySet& set) {
  const std::vector<PolicyField> base = fields_of(set.base);
  std::vector<PolicyField> all = base;
  for (const PolicyProfile& profile : set.profiles) {
    const std::size_t before = all.size();
    for (const PolicyField& field : fields_of(profile.policy)) {
      // The same fields in the same order: what stands in the base is inherited.
      if (std::ranges::find(base, field) != base.end()) continue;
      all.push_back({fmt::format("profiles.{}.{}", profile.name, field.name), field.value});
    }
    if (all.size() == before)
      all.push_back({fmt::format("profiles.{}", profile.name), "as [policy]"});
  }
  return all;
}

}  // namespace jumpgate::session
