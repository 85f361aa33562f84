/// The tests' stand-in for the owner of a session's record: the only friend of TransitionAuthority
/// outside the product.
#pragma once

#include "session/transition_authority.hpp"

namespace jumpgate::testing {

class SessionOwner {
 public:
  [[nodiscard]] const session::TransitionAuthority& authority() const { return authority_; }

 private:
  session::TransitionAuthority authority_;
};

/// Whoever holds a T can change a record without it.
template <class T>
concept LendsItsAuthority = requires(T& holder) { holder.authority(); } || requires(T& holder) {
  holder.authority;
} || requires(T& holder) { holder.authority_; };
static_assert(LendsItsAuthority<SessionOwner>);

}  // namespace jumpgate::testing
