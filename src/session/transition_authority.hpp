/// The right to change a session's record, as a type.
///
/// Every mutation of SessionRecord takes a TransitionAuthority. Only the owners named as friends
/// can make one: the gateway's core, the client's session core, and the tests' stand-in for them.
/// Both cores keep theirs private, so that their transition() is the one way to another state, and
/// its event and its count go with it. Everyone else can hold and read a record, and can not even
/// write the call that would change it.
#pragma once

namespace jumpgate::ctl {
class Core;
}
namespace jumpgate::client {
class SessionCore;
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

  friend class ctl::Core;
  friend class client::SessionCore;
  friend class jumpgate::testing::SessionOwner;
};

}  // namespace jumpgate::session
