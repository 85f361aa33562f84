/// The client's candidate paths, one for each uplink, and the choice among them.
///
/// Purpose: what is known of each path, and a deterministic answer to "which one next".
/// Owner thread: the client's engine. Bound: limits::kMaxUplinks paths. Failure: a full set refuses
/// a path, no usable candidate is an empty answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

namespace jumpgate::session {

using PathId = std::uint8_t;

struct CandidatePath {
  PathId id{0};
  std::uint8_t preference{0};            // configured order, the lowest first
  bool allowed{true};                    // policy permits its protocol
  bool up{false};                        // its interface has carrier and an address
  MonoNs cooling_until{};                // not tried before: it failed or was left lately
  std::optional<MonoNs> last_validated;  // answered a challenge, or carried authentic traffic
  MonoNs stable_since{};                 // up, and without trouble, since
  std::uint16_t loss_permille{0};
  Duration smoothed_rtt{limits::kInitialRtt};
};

/// The path to try: allowed, up, not cooling down, and not `incumbent`; the most preferred of them,
/// ties by the lowest id. Pure; ranking by loss, latency and stability has its place here.
[[nodiscard]] std::optional<PathId> choose_candidate(std::span<const CandidatePath> paths,
                                                     std::optional<PathId> incumbent, MonoNs now);

class PathSet {
 public:
  /// False when the set is full or has this id already.
  [[nodiscard]] bool add(const CandidatePath& path);
  /// False when there is no such path.
  bool remove(PathId id);
  [[nodiscard]] CandidatePath* find(PathId id);
  [[nodiscard]] const CandidatePath* find(PathId id) const;
  [[nodiscard]] std::span<const CandidatePath> paths() const { return {paths_.data(), size_}; }

  void set_up(PathId id, bool up, MonoNs now);
  void mark_validated(PathId id, MonoNs now);
  /// The path failed: no candidate until `until`.
  void cool_down(PathId id, MonoNs now, MonoNs until);

  [[nodiscard]] std::optional<PathId> choose(std::optional<PathId> incumbent, MonoNs now) const {
    return choose_candidate(paths(), incumbent, now);
  }
  /// The earliest end of a cooldown after `now`; kNever when nothing cools down.
  [[nodiscard]] MonoNs next_change(MonoNs now) const;

 private:
  std::array<CandidatePath, limits::kMaxUplinks> paths_{};
  std::size_t size_{0};
};

}  // namespace jumpgate::session
