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

/// So long what was measured on a path is a ground for choosing or leaving out.
inline constexpr Duration kFiguresLast = seconds(60);

struct CandidatePath {
  PathId id{0};
  std::uint8_t preference{0};            // the operator's order, the lowest first
  bool allowed{true};                    // policy permits its protocol
  bool up{false};                        // its interface has carrier and an address
  MonoNs cooling_until{};                // not tried before: it failed or was left lately
  std::optional<MonoNs> last_validated;  // answered a challenge, or carried authentic traffic
  MonoNs stable_since{};                 // up, and without trouble, since
  std::optional<MonoNs> measured_at;     // of the two figures
  std::uint16_t loss_permille{0};
  Duration latency{};

  /// The figures that count at `now`: those of a path not measured lately are the defaults.
  [[nodiscard]] std::uint16_t known_loss(MonoNs now) const {
    return is_measured(now) ? loss_permille : std::uint16_t{0};
  }
  [[nodiscard]] Duration known_latency(MonoNs now) const {
    return is_measured(now) ? latency : limits::kInitialRtt;
  }

 private:
  [[nodiscard]] bool is_measured(MonoNs now) const {
    return measured_at && now - *measured_at <= kFiguresLast;
  }
};

/// The path to try: allowed, up, not cooling down, of a loss not above `max_loss_permille`, and not
/// `incumbent`. The most preferred of them by the operator; then by loss, latency, how long stable,
/// and the lowest id. Pure.
[[nodiscard]] std::optional<PathId> choose_candidate(std::span<const CandidatePath> paths,
                                                     std::optional<PathId> incumbent,
                                                     std::uint16_t max_loss_permille, MonoNs now);

/// Hysteresis: true when the challenger is better than a path that still carries the session by
/// more than the factor (1100: 10 %): in loss, or at equal loss in latency. Pure.
[[nodiscard]] bool beats(const CandidatePath& challenger, const CandidatePath& incumbent,
                         std::uint16_t improvement_permille, MonoNs now);

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
  /// What was measured on the path.
  void note_figures(PathId id, std::uint16_t loss_permille, Duration latency, MonoNs now);
  /// A signal stands against the path: it is not stable.
  void note_trouble(PathId id, MonoNs now);
  /// The path failed: no candidate until `until`.
  void cool_down(PathId id, MonoNs now, MonoNs until);

  [[nodiscard]] std::optional<PathId> choose(std::optional<PathId> incumbent,
                                             std::uint16_t max_loss_permille, MonoNs now) const {
    return choose_candidate(paths(), incumbent, max_loss_permille, now);
  }
  /// The earliest end of a cooldown after `now`; kNever when nothing cools down.
  [[nodiscard]] MonoNs next_change(MonoNs now) const;

 private:
  std::array<CandidatePath, limits::kMaxUplinks> paths_{};
  std::size_t size_{0};
};

}  // namespace jumpgate::session
