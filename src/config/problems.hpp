/// What is wrong with a configuration: every fault found, each with its place and what was
/// expected.
///
/// Owner thread: the one that loads. Bound: kMaxProblems are kept, the rest are counted. Texts name
/// file, line and column, and never quote key material.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace jumpgate::config {

/// A screenful: beyond it the first ones are what a person mends.
inline constexpr std::size_t kMaxProblems = 64;

struct Place {
  std::string file;
  std::uint32_t line{0};    // from 1; 0: the file as a whole
  std::uint32_t column{0};  // from 1
  bool operator==(const Place&) const = default;
};

struct Problem {
  Place place;
  std::string what;      // e.g. "unknown key 'allowed_ip' in [[peer]]"
  std::string expected;  // e.g. "did you mean 'allowed_ips'?"; may be empty
  std::string key;       // with its tables: "policy.session.max_lifetime"; empty: about no one key
  bool operator==(const Problem&) const = default;
};

class Problems {
 public:
  /// The same one again (a key that was asked for twice) is not added.
  void add(Place place, std::string what, std::string expected = {}, std::string key = {});
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  [[nodiscard]] std::size_t total() const { return kept_.size() + left_off_; }
  [[nodiscard]] const std::vector<Problem>& list() const { return kept_; }
  /// One line each, "FILE:LINE:COLUMN: what; expected", and a last one when some were left off.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Problem> kept_;
  std::size_t left_off_{0};
};

}  // namespace jumpgate::config
