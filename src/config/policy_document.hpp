/// A policy as a document of its own: a TOML file that holds [policy], its [profiles.NAME] and
/// nothing else.
///
/// Owner thread: the one that loads. Bound: limits::kMaxConfigBytes. Failure: every fault with file,
/// line and what is expected; nothing half-valid is returned. Unlike in the gateway's file, the six
/// fields that bound a session's life and its jumps must be there (spec/policy.md "The document").
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/problems.hpp"
#include "session/policy_set.hpp"

namespace jumpgate::config {

[[nodiscard]] std::expected<session::PolicySet, Problems> load_policy(const std::string& path);
/// The same from text; `name` stands in the problems' places.
[[nodiscard]] std::expected<session::PolicySet, Problems> parse_policy(std::string_view text,
                                                                       const std::string& name);

/// The first field of the policy that a problem is about, "session.max_lifetime" or
/// "profiles.NAME.session.max_lifetime"; empty: none is.
[[nodiscard]] std::string policy_field_at_fault(const Problems& problems);

}  // namespace jumpgate::config
