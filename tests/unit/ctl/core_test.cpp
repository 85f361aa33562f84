// The few operations through which everything goes: what they refuse, and what they can not even be
// asked for.
#include <type_traits>

#include "../../support/session_owner.hpp"
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

template <class Body>
concept Sendable = requires(Core& core, Session& session, bus::Command* command, const Body& body) {
  core.send(session, command, Ack::kInstall, 0, body);
};
static_assert(!Sendable<bus::InstallSession> && !Sendable<bus::ProposeEpoch> &&
                  !Sendable<bus::InstallGeneration>,
              "a body with keys is built in the command's locked memory, never passed as a value");
static_assert(Sendable<bus::Attach> && Sendable<bus::Commit> && Sendable<bus::CancelEpoch> &&
              Sendable<bus::ConfirmGeneration> && Sendable<bus::CancelGeneration> &&
              Sendable<bus::SetLiveness> && Sendable<bus::RemoveSession>);

class CoreTest : public GatewayTest {
 protected:
  CoreTest() {
    core_.emplace(settings_, ports(), session::PolicySet{policy_},
                  crypto::ResetKey(random_.array<32>()), now_);
    EXPECT_TRUE(core_->peers.seat(config_with(true, false)));
    session_ = core_->create(SessionId{.bytes = {1}}, 0, 0, now_);
  }
  [[nodiscard]] std::vector<audit::RejectedDetail> rejections() {
    collect();
    std::vector<audit::RejectedDetail> found;
    for (const audit::Event& e : events_) {
      if (e.type == EventType::kTransitionRejected)
        found.push_back(std::get<audit::RejectedDetail>(e.detail));
    }
    return found;
  }

  std::optional<Core> core_;
  Session* session_{nullptr};
};

TEST(CoreAuthority, ARecordIsWrittenThroughTheCoreAlone) {
  EXPECT_FALSE(std::is_default_constructible_v<session::TransitionAuthority>);
  EXPECT_FALSE(jumpgate::testing::LendsItsAuthority<Core>);
  EXPECT_FALSE(jumpgate::testing::LendsItsAuthority<Controller>);
}

TEST_F(CoreTest, AForbiddenTransitionChangesNothingAndIsCountedAndTold) {
  EXPECT_FALSE(core_->transition(*session_, Trigger::kReattachOk, Reason::kReattachSuccess, now_));
  EXPECT_EQ(session_->record.state(), State::kBirth);
  EXPECT_EQ(session_->record.state_version(), 1U);
  EXPECT_EQ(core_->counters.get(ControllerCounter::kTransitionsRejected), 1U);
  const auto told = rejections();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].state, State::kBirth);
  EXPECT_EQ(told[0].trigger, Trigger::kReattachOk);
  EXPECT_EQ(told[0].count, 1U);
}

TEST_F(CoreTest, AnEndForAReasonThatIsNoneIsAnEndAllTheSame) {
  core_->peers[session_->peer].sessions = 1;
  core_->emit(*session_, EventType::kSessionCreated, Reason::kNone, {}, now_);
  Closing closing(*core_);
  closing.terminate(*session_, Reason::kReattachSuccess, now_);
  EXPECT_EQ(core_->sessions.size(), 0U);
  EXPECT_EQ(rejections().size(), 1U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kInternalInconsistency), 1U);
}

TEST_F(CoreTest, ManyForbiddenTransitionsAreToldByTheirCount) {
  for (int i = 0; i < 9; ++i)
    EXPECT_FALSE(core_->transition(*session_, Trigger::kDegrade, Reason::kVolatilePersisted, now_));
  EXPECT_EQ(rejections().size(), 5U);
  now_ = now_ + seconds(1);
  EXPECT_FALSE(core_->transition(*session_, Trigger::kDegrade, Reason::kVolatilePersisted, now_));
  EXPECT_EQ(core_->counters.get(ControllerCounter::kTransitionsRejected), 10U);
  std::uint64_t told = 0;
  for (const auto& rejection : rejections())
    told += rejection.count;
  EXPECT_EQ(told, 10U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
