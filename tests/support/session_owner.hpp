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

}  // namespace jumpgate::testing
