// What nothing that is received can do and only a fault of our own could: the session ends, by its
// name, and nothing goes on from there.
#include <gtest/gtest.h>

#include "harness.hpp"
#include "support/session_owner.hpp"

namespace jumpgate::client::testing {
namespace {

/// As if another than the engine could write it.
session::SessionRecord& record_of(Harness& h) {
  return const_cast<session::SessionRecord&>(h.engine->session()->core().record);
}

TEST(Inconsistency, ABindingThatIsNotTheProposalsIsNotReplaced) {
  const jumpgate::testing::SessionOwner owner;
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  ASSERT_EQ(record_of(h).commit_binding(owner.authority(), 1), 2U);
  h.run(milliseconds(100));  // the ACK arrives
  EXPECT_EQ(h.engine->last_end(), Reason::kInternalInconsistency);
  EXPECT_EQ(h.count(EventType::kTransportSwitch), 0U);
}

TEST(Inconsistency, AGenerationThatIsNotTheRekeysIsNotReplaced) {
  const jumpgate::testing::SessionOwner owner;
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->sent[wire::Type::kRekeyReply] == 1; }, seconds(3)));
  ASSERT_EQ(record_of(h).commit_generation(owner.authority(), 0, {}), 1U);
  h.run(milliseconds(50));  // the reply arrives
  EXPECT_EQ(h.engine->last_end(), Reason::kInternalInconsistency);
  EXPECT_EQ(h.count(EventType::kKeyRotated), 0U);
  EXPECT_EQ(h.count(EventType::kKeyInstalled), 1U);
}

}  // namespace
}  // namespace jumpgate::client::testing
