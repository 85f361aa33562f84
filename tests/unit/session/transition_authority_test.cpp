// Nobody but the owners that the type names can make, copy or take over the right to change a session's record.
#include <type_traits>

#include <gtest/gtest.h>

#include "session/session_record.hpp"

namespace jumpgate::session {
namespace {

template <class T>
concept MadeByBraces = requires { T{}; };
template <class Record>
concept ChangedByAnybody = requires(Record record, MonoNs now) {
  record.apply(Trigger::kTerminate, Reason::kOperatorTerminated, now);
} || requires(Record record, MonoNs now) {
  record.apply({}, Trigger::kTerminate, Reason::kOperatorTerminated, now);
} || requires(Record record) { record.commit_binding({}, 0); };
template <class Record>
concept ChangedByItsOwner =
    requires(Record record, const TransitionAuthority& authority, MonoNs now) {
      record.apply(authority, Trigger::kTerminate, Reason::kOperatorTerminated, now);
      record.commit_binding(authority, 0);
    };

TEST(TransitionAuthority, NobodyElseCanMakeOneNorChangeARecordWithoutIt) {
  EXPECT_FALSE(std::is_default_constructible_v<TransitionAuthority>);
  EXPECT_FALSE(std::is_aggregate_v<TransitionAuthority>);
  EXPECT_FALSE(std::is_copy_constructible_v<TransitionAuthority>);
  EXPECT_FALSE(std::is_move_constructible_v<TransitionAuthority>);
  EXPECT_FALSE(MadeByBraces<TransitionAuthority>);
  EXPECT_FALSE(ChangedByAnybody<SessionRecord>);
  EXPECT_TRUE(ChangedByItsOwner<SessionRecord>);
}

TEST(TransitionAuthority, NoRecordIsWrittenOverAnother) {
  EXPECT_FALSE(std::is_copy_assignable_v<SessionRecord>);
  EXPECT_FALSE(std::is_move_assignable_v<SessionRecord>);
  EXPECT_FALSE(std::is_copy_constructible_v<SessionRecord>);
  EXPECT_FALSE(std::is_move_constructible_v<SessionRecord>);
}

}  // namespace
}  // namespace jumpgate::session
