/// The root generations of one session and what is derived from them.
///
/// Purpose: the newest generation, and the one before while its last epoch drains (spec/keys.md).
/// Owner thread: the client's loop. Bound: two generations. Failure: a phase that names neither has
/// no keys. Everything is wiped when it leaves.
#pragma once

#include <cstdint>
#include <optional>

#include <jumpgate/types.hpp>

#include "crypto/key_schedule.hpp"

namespace jumpgate::client {

struct Generation {
  std::uint32_t number{0};
  crypto::RootSecret root;
  crypto::ControlSecret send;
  crypto::ControlSecret receive;
};

/// What each traffic key is bound to beside generation and direction.
struct EpochBinding {
  std::uint64_t epoch{0};
  std::uint64_t binding_version{0};
  std::uint64_t owner_epoch{0};
};

class Keyring {
 public:
  Keyring(const SessionId& session_id, Suite suite, crypto::RootSecret root);

  [[nodiscard]] const Generation& newest() const { return newest_; }
  /// The generation whose number has these low two bits.
  [[nodiscard]] const Generation* by_phase(std::uint8_t phase) const;
  /// A rekey's root becomes the newest. Of the one before only its control keys are kept: nothing
  /// is derived from its root any more. An older one is wiped.
  void rotate(crypto::RootSecret root);
  /// The drain of the previous generation's last epoch is over.
  void retire_previous() { previous_.reset(); }

  struct TrafficPair {
    crypto::TrafficSecret send;
    crypto::TrafficSecret receive;
  };
  [[nodiscard]] TrafficPair traffic_keys(const Generation& generation,
                                         const EpochBinding& binding) const;

 private:
  [[nodiscard]] Generation make(std::uint32_t number, crypto::RootSecret root) const;

  SessionId session_id_;
  Suite suite_;
  Generation newest_;
  std::optional<Generation> previous_;
};

}  // namespace jumpgate::client
