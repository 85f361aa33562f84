#include "session/path_set.hpp"

#include <algorithm>
#include <tuple>

namespace jumpgate::session {

namespace {

bool ranks_before(const CandidatePath& a, const CandidatePath& b, MonoNs now) {
  const auto key = [now](const CandidatePath& path) {
    return std::tuple(path.preference, path.known_loss(now), path.known_latency(now),
                      path.stable_since, path.id);
  };
  return key(a) < key(b);
}

}  // namespace

std::optional<PathId> choose_candidate(std::span<const CandidatePath> paths,
                                       std::optional<PathId> incumbent,
                                       std::uint16_t max_loss_permille, MonoNs now) {
  const CandidatePath* best = nullptr;
  for (const CandidatePath& path : paths) {
    if (!path.allowed || !path.up || path.id == incumbent || now < path.cooling_until ||
        path.known_loss(now) > max_loss_permille)
      continue;
    if (best == nullptr || ranks_before(path, *best, now)) best = &path;
  }
  if (best == nullptr) return std::nullopt;
  return best->id;
}

bool beats(const CandidatePath& challenger, const CandidatePath& incumbent,
           std::uint16_t improvement_permille, MonoNs now) {
  const auto clearly_less = [improvement_permille](std::int64_t mine, std::int64_t theirs) {
    return mine * improvement_permille < theirs * 1000;
  };
  const std::uint16_t loss = challenger.known_loss(now);
  const std::uint16_t incumbent_loss = incumbent.known_loss(now);
  if (loss != incumbent_loss) return clearly_less(loss, incumbent_loss);
  return clearly_less(challenger.known_latency(now).us(), incumbent.known_latency(now).us());
}

bool PathSet::add(const CandidatePath& path) {
  if (size_ == paths_.size() || find(path.id) != nullptr) return false;
  paths_[size_++] = path;
  return true;
}

bool PathSet::remove(PathId id) {
  CandidatePath* path = find(id);
  if (path == nullptr) return false;
  *path = paths_[--size_];
  return true;
}

CandidatePath* PathSet::find(PathId id) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (paths_[i].id == id) return &paths_[i];
  }
  return nullptr;
}

const CandidatePath* PathSet::find(PathId id) const {
  for (std::size_t i = 0; i < size_; ++i) {
    if (paths_[i].id == id) return &paths_[i];
  }
  return nullptr;
}

void PathSet::set_up(PathId id, bool up, MonoNs now) {
  CandidatePath* path = find(id);
  if (path == nullptr || path->up == up) return;
  path->up = up;
  path->stable_since = now;
  // What failed or was measured before says nothing about the link that came back.
  if (up) path->cooling_until = now;
  path->measured_at.reset();
}

void PathSet::mark_validated(PathId id, MonoNs now) {
  CandidatePath* path = find(id);
  if (path == nullptr) return;
  path->last_validated = now;
  path->cooling_until = now;
}

void PathSet::note_figures(PathId id, std::uint16_t loss_permille, Duration latency, MonoNs now) {
  CandidatePath* path = find(id);
  if (path == nullptr) return;
  path->measured_at = now;
  path->loss_permille = loss_permille;
  path->latency = latency;
}

void PathSet::note_trouble(PathId id, MonoNs now) {
  if (CandidatePath* path = find(id); path != nullptr) path->stable_since = now;
}

void PathSet::cool_down(PathId id, MonoNs now, MonoNs until) {
  CandidatePath* path = find(id);
  if (path == nullptr) return;
  path->cooling_until = until;
  path->stable_since = now;
}

MonoNs PathSet::next_change(MonoNs now) const {
  MonoNs earliest = kNever;
  for (const CandidatePath& path : paths()) {
    if (path.cooling_until > now) earliest = std::min(earliest, path.cooling_until);
  }
  return earliest;
}

}  // namespace jumpgate::session
