#include "session/path_set.hpp"

#include <algorithm>

namespace jumpgate::session {

std::optional<PathId> choose_candidate(std::span<const CandidatePath> paths,
                                       std::optional<PathId> incumbent, MonoNs now) {
  const CandidatePath* best = nullptr;
  for (const CandidatePath& path : paths) {
    if (!path.allowed || !path.up || path.id == incumbent || now < path.cooling_until) continue;
    if (best == nullptr || path.preference < best->preference ||
        (path.preference == best->preference && path.id < best->id)) {
      best = &path;
    }
  }
  if (best == nullptr) return std::nullopt;
  return best->id;
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
  // What failed while it was down says nothing about the link that came back.
  if (up) path->cooling_until = now;
}

void PathSet::mark_validated(PathId id, MonoNs now) {
  CandidatePath* path = find(id);
  if (path == nullptr) return;
  path->last_validated = now;
  path->cooling_until = now;
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
