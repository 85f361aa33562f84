/// The right to change a session's record, as a type.
///
/// Every mutation of SessionRecord takes a TransitionAuthority. Only the owners named as friends
/// can make one: the gateway's controller, the client's engine, and the tests' stand-in for them.
/// Everyone else can hold and read a record, and can not even write the call that would change it.
#pragma once

namespace jumpgate::ctl {
class Controller;
}
namespace jumpgate::client {
class Engine;
}
namespace jumpgate::testing {
class SessionOwner;  // defined under tests/ only
}

namespace jumpgate::session {

class TransitionAuthority {
 public:
  TransitionAuthority(const TransitionAuthority&) = delete;
  TransitionAuthority& operator=(const TransitionAuthority&) = delete;
  TransitionAuthority(TransitionAuthority&&) = delete;
  TransitionAuthority& operator=(TransitionAuthority&&) = delete;
  ~TransitionAuthority() = default;

 private:
  // Not `= default` on declaration: an aggregate could be made by anyone with braces.
  TransitionAuthority() {}  // NOLINT(modernize-use-equals-default)

  friend class ctl::Controller;
  friend class client::Engine;
  friend class jumpgate::testing::SessionOwner;
};

}  // namespace jumpgate::session
