#include "session/invariants.hpp"

#include <gtest/gtest.h>

#include "tests/support/session_owner.hpp"

namespace jumpgate::session {
namespace {

#ifdef JG_DEBUG_INVARIANTS

class InvariantsDeathTest : public ::testing::Test {
 protected:
  void attach() {
    ASSERT_TRUE(record_.commit_binding(owner_.authority(), 0));
    ASSERT_TRUE(
        record_.apply(owner_.authority(), Trigger::kAttachOk, Reason::kAttachedToTransport, kNow));
  }

  static constexpr MonoNs kNow{1'000'000'000'000};
  testing::SessionOwner owner_;
  SessionRecord record_{owner_.authority(), SessionId{{7}}, Policy{}, kNow};
};

TEST_F(InvariantsDeathTest, BirthHasNoBinding) {
  check(record_, false, 1);
  EXPECT_DEATH(check(record_, true, 1), "may_have_binding");
}

TEST_F(InvariantsDeathTest, AttachedHasABinding) {
  attach();
  check(record_, true, 2);
  EXPECT_DEATH(check(record_, false, 2), "kAttached");
}

TEST_F(InvariantsDeathTest, TerminatedHasNoBinding) {
  attach();
  ASSERT_TRUE(record_.apply(owner_.authority(), Trigger::kTerminate, Reason::kPeerClosed, kNow));
  check(record_, false, 3);
  EXPECT_DEATH(check(record_, true, 3), "may_have_binding");
}

TEST_F(InvariantsDeathTest, EachTransitionIsToldOnce) {
  attach();
  EXPECT_DEATH(check(record_, true, 1), "told_version");
  EXPECT_DEATH(check(record_, true, 3), "told_version");
}

#endif

}  // namespace
}  // namespace jumpgate::session
