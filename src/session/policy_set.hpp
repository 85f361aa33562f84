/// A policy with its profiles: what one document holds, what is validated and applied as one.
///
/// Purpose: a profile is a whole policy of its own, made from the base and what it overrides; a peer
/// names one, or goes by the base (spec/policy.md "Profiles").
/// Owner thread: any; an immutable image once validated. Bound: kMaxProfiles. Failure: none; a name
/// that no profile has means the base, and that every configured peer's has one is checked before a
/// set is applied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "session/policy.hpp"

namespace jumpgate::session {

struct PolicyProfile {
  std::string name;
  Policy policy;
  bool operator==(const PolicyProfile&) const = default;
};

struct PolicySet {
  /// With every field changed in each of them they still fit one answer of the control socket.
  static constexpr std::size_t kMaxProfiles = 8;

  Policy base{};
  std::vector<PolicyProfile> profiles{};

  [[nodiscard]] bool has(std::string_view profile) const;
  /// The policy of that name; the base without a name.
  [[nodiscard]] const Policy& of(std::string_view profile) const;
  /// One number for all of it.
  [[nodiscard]] std::uint64_t version() const { return base.version; }
  void set_version(std::uint64_t version);
  /// In packets: what memory is taken for.
  [[nodiscard]] std::uint32_t largest_replay_window() const;

  bool operator==(const PolicySet&) const = default;
};

/// The base's fields, then of each profile those that are not as in the base, under
/// "profiles.NAME.FIELD".
[[nodiscard]] std::vector<PolicyField> fields_of(const PolicySet& set);

}  // namespace jumpgate::session
