/// Every session of the node: an array of slots for each worker, and an index by SessionId.
///
/// Purpose: a SessionRef leads to its session in one step; a stale one (another life of the slot)
/// to nothing. Also the generations of each slot's connection ids: a slot whose generations are
/// used up is retired. Owner thread: the controller. Bound: all memory is taken at construction,
/// for `slots_per_worker` x workers; nothing grows. Failure: create() and next_generation() return
/// nothing when a limit is reached.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/types.hpp>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "ctl/session.hpp"

namespace jumpgate::ctl {

/// A slot over all workers: worker x slots_per_worker + slot; also the handle of the slot's timer.
using SlotHandle = std::uint32_t;

class SessionStore {
 public:
  SessionStore(unsigned workers, std::uint32_t slots_per_worker, std::uint32_t max_sessions,
               base::RandomSource& random);

  /// Bytes taken, for the footprint table.
  static std::size_t footprint(unsigned workers, std::uint32_t slots_per_worker);

  /// A new session in BIRTH, on `preferred` if it has a free slot, else on the worker with most of
  /// them.
  [[nodiscard]] Session* create(const session::TransitionAuthority& authority, SessionId id,
                                std::uint32_t peer, std::uint8_t preferred,
                                const session::Policy& policy, MonoNs now);
  /// Ends the object; its slot lives another life from now on, or is retired.
  void destroy(Session& session);

  [[nodiscard]] Session* find(const bus::SessionRef& ref);
  [[nodiscard]] Session* find(const SessionId& id);
  [[nodiscard]] Session* at(SlotHandle handle);
  [[nodiscard]] SlotHandle handle_of(const Session& session) const {
    return session.ref.worker * slots_per_worker_ + session.ref.slot;
  }

  /// The number for the slot's next connection id; nothing when they are used up.
  [[nodiscard]] std::optional<std::uint32_t> next_generation(const Session& session);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t capacity() const { return max_sessions_; }
  [[nodiscard]] std::uint32_t slots() const { return static_cast<std::uint32_t>(slots_.size()); }
  [[nodiscard]] std::uint32_t retired() const { return retired_; }
  /// Slots looked at so far, by whatever way: the measure of the controller's work, of which each
  /// tick does a bounded part (tests/perf/engine).
  [[nodiscard]] std::uint64_t looks() const { return looks_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  /// A session needs this many ids at once: its first and one set of jump ids.
  static constexpr std::uint32_t kIdsPerBirth = 1 + limits::kMaxJumpIds;
  static constexpr std::uint32_t kGenerations = 1U << limits::kCidGenerationBits;

  struct Slot {
    std::uint32_t life{1};
    std::uint32_t generation{0};  // of the next id
    std::uint32_t next{kNone};    // in its bucket of the index
    std::optional<Session> session;
  };

  [[nodiscard]] std::size_t bucket_of(const SessionId& id) const { return hash_(id) & mask_; }

  std::uint32_t slots_per_worker_;
  std::uint32_t max_sessions_;
  std::uint32_t size_{0};
  std::uint32_t retired_{0};
  std::uint64_t looks_{0};
  std::vector<Slot> slots_;
  std::vector<std::vector<std::uint32_t>> free_;  // of each worker
  std::vector<SlotHandle> buckets_;
  std::size_t mask_;
  base::KeyedHash hash_;
};

}  // namespace jumpgate::ctl
