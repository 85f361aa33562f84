#include "ctl/session_store.hpp"

#include <algorithm>
#include <bit>

#include "base/invariant.hpp"

namespace jumpgate::ctl {

SessionStore::SessionStore(unsigned workers, std::uint32_t slots_per_worker,
                           std::uint32_t max_sessions, base::RandomSource& random)
    : slots_per_worker_(slots_per_worker),
      max_sessions_(max_sessions),
      slots_(std::size_t{workers} * slots_per_worker),
      free_(workers),
      buckets_(std::bit_ceil(slots_.size() + 1), kNone),
      mask_(buckets_.size() - 1),
      hash_(random) {
  JG_INVARIANT(workers > 0 && workers <= limits::kMaxWorkers);
  JG_INVARIANT(slots_per_worker > 0 && slots_per_worker <= limits::kMaxSlotsPerWorker);
  for (auto& list : free_) {
    list.reserve(slots_per_worker);
    for (std::uint32_t slot = slots_per_worker; slot > 0; --slot)
      list.push_back(slot - 1);
  }
}

std::size_t SessionStore::footprint(unsigned workers, std::uint32_t slots_per_worker) {
  const std::size_t slots = std::size_t{workers} * slots_per_worker;
  return slots * (sizeof(Slot) + sizeof(std::uint32_t)) +
         std::bit_ceil(slots + 1) * sizeof(SlotHandle);
}

Session* SessionStore::create(const session::TransitionAuthority& authority, SessionId id,
                              std::uint32_t peer, std::uint8_t preferred,
                              const session::Policy& policy, MonoNs now) {
  if (size_ >= max_sessions_ || find(id) != nullptr) return nullptr;
  std::size_t worker = preferred;
  if (worker >= free_.size() || free_[worker].empty()) {
    const auto most = std::ranges::max_element(free_, {}, [](const auto& l) { return l.size(); });
    if (most->empty()) return nullptr;
    worker = static_cast<std::size_t>(most - free_.begin());
  }
  const std::uint32_t index = free_[worker].back();
  free_[worker].pop_back();
  const auto handle = static_cast<SlotHandle>(worker * slots_per_worker_ + index);
  Slot& slot = slots_[handle];
  const bus::SessionRef ref{
      .worker = static_cast<std::uint8_t>(worker), .slot = index, .life = slot.life};
  slot.session.emplace(authority, ref, id, peer, policy, now);
  SlotHandle& head = buckets_[bucket_of(id)];
  slot.next = head;
  head = handle;
  ++size_;
  return &*slot.session;
}

void SessionStore::destroy(Session& session) {
  const SlotHandle handle = handle_of(session);
  const std::size_t worker = session.ref.worker;
  const std::uint32_t index = session.ref.slot;
  Slot& slot = slots_[handle];
  JG_INVARIANT(slot.session.has_value() && &*slot.session == &session);
  SlotHandle* link = &buckets_[bucket_of(session.record.id())];
  while (*link != handle)
    link = &slots_[*link].next;
  *link = slot.next;
  slot.next = kNone;
  slot.session.reset();
  --size_;
  ++slot.life;
  if (slot.life == 0 || slot.generation + kIdsPerBirth > kGenerations) {
    ++retired_;  // never used again: an id must not name two sessions under one cipher key
    return;
  }
  free_[worker].push_back(index);
}

Session* SessionStore::find(const bus::SessionRef& ref) {
  if (ref.worker >= free_.size() || ref.slot >= slots_per_worker_) return nullptr;
  ++looks_;
  Slot& slot = slots_[ref.worker * slots_per_worker_ + ref.slot];
  if (slot.life != ref.life || !slot.session) return nullptr;
  return &*slot.session;
}

Session* SessionStore::find(const SessionId& id) {
  for (SlotHandle h = buckets_[bucket_of(id)]; h != kNone; h = slots_[h].next) {
    ++looks_;
    if (slots_[h].session->record.id() == id) return &*slots_[h].session;
  }
  return nullptr;
}

Session* SessionStore::at(SlotHandle handle) {
  ++looks_;
  if (handle >= slots_.size() || !slots_[handle].session) return nullptr;
  return &*slots_[handle].session;
}

std::optional<std::uint32_t> SessionStore::next_generation(const Session& session) {
  Slot& slot = slots_[handle_of(session)];
  if (slot.generation >= kGenerations) return std::nullopt;
  return slot.generation++;
}

}  // namespace jumpgate::ctl
