/// When the keys of one root generation are to be renewed, and when they end (spec/keys.md
/// "Limits").
///
/// Owner thread: the owner of the session's record. Bound: three times. Failure: none. A new policy
/// moves both ends by rebase(), so that a reload never ends a session at once.
#pragma once

#include <jumpgate/time.hpp>

#include "session/policy.hpp"

namespace jumpgate::session {

class KeyDeadlines {
 public:
  /// Before any keys are made: neither end ever comes.
  KeyDeadlines() = default;
  KeyDeadlines(const Policy::Keys& policy, MonoNs made)
      : made_(made), rekey_(made + policy.rekey_after), reject_(made + policy.reject_after) {}

  void adopt(const Policy::Keys& policy, MonoNs now) {
    if (reject_ == kNever) return;
    rekey_ = rebase(rekey_, made_, policy.rekey_after, now);
    reject_ = rebase(reject_, made_, policy.reject_after, now);
  }

  /// From then on a rekey is wanted.
  [[nodiscard]] MonoNs rekey() const { return rekey_; }
  /// At that time the session ends.
  [[nodiscard]] MonoNs reject() const { return reject_; }

 private:
  MonoNs made_{};
  MonoNs rekey_{kNever};
  MonoNs reject_{kNever};
};

}  // namespace jumpgate::session
