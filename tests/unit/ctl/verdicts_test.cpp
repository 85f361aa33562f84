// The verdicts over a REATTACH in their order (spec/jump.md "Order of verdicts"): each by itself,
// and each before all that follow it.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class VerdictOrder;

/// What makes a verdict fail, and where it can be seen.
struct Fault {
  const char* name;
  void (*prepare)(VerdictOrder&);             // the session, the policy or the time
  void (*spoil)(wire::Reattach&, Endpoint&);  // the message
  std::optional<DropReason> drop{};           // silent
  Reason end{Reason::kNone};                  // the session's own timer went first
  Reason refusal{Reason::kNone};              // answered
};

class VerdictOrder : public GatewayTest,
                     public ::testing::WithParamInterface<std::pair<std::size_t, std::size_t>> {
 public:
  void end_session() { (void)gateway_->terminate(alice_.welcome.session_id, now_); }
  void forget_session() {
    end_session();
    run();
  }
  void at_the_lifetimes_end() { now_ = find(alice_)->record.lifetime_deadline(); }
  void at_the_transportless_end() {
    edge(alice_, bus::ReportKind::kSilence);
    now_ = find(alice_)->record.transport_deadline();
  }
  void use_up_attempts() {
    for (unsigned i = 0; i < limits::kMaxReattachAttemptsPerMin; ++i) {
      send_reattach(alice_, reattach(alice_));
      run();
    }
  }
  void with_policy(void (*change)(session::Policy&)) {
    change(policy_);
    ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  }

 protected:
  /// Two jumps, so that there are a jump_seq to fall behind and switches to count.
  void SetUp() override {
    ASSERT_TRUE(attach(alice_));
    for (const Endpoint& to : {kCell, kWifi}) {
      advance(seconds(2));
      ASSERT_TRUE(jump(alice_, to));
    }
    advance(seconds(2));
  }
};

const std::array kFaults{
    Fault{.name = "unknown_session",
          .prepare = [](VerdictOrder& t) { t.forget_session(); },
          .spoil = [](wire::Reattach&, Endpoint&) {}},
    Fault{.name = "invalid_state_for_reattach",
          .prepare = [](VerdictOrder& t) { t.end_session(); },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .drop = DropReason::kSessionStateForbids},
    Fault{.name = "session_expired",
          .prepare = [](VerdictOrder& t) { t.at_the_lifetimes_end(); },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .drop = DropReason::kSessionStateForbids,
          .end = Reason::kSessionLifetimeExceeded},
    Fault{.name = "transport_ttl_exceeded",
          .prepare = [](VerdictOrder& t) { t.at_the_transportless_end(); },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .drop = DropReason::kSessionStateForbids,
          .end = Reason::kTransportTtlExceeded},
    Fault{.name = "bad_proof",
          .prepare = [](VerdictOrder&) {},
          .spoil = [](wire::Reattach& m, Endpoint&) { ++m.root_generation; },
          .drop = DropReason::kControlWrongGeneration},
    Fault{.name = "replay_detected",
          .prepare = [](VerdictOrder&) {},
          .spoil = [](wire::Reattach& m, Endpoint&) { m.jump_seq = 1; },
          .drop = DropReason::kControlStale},
    Fault{.name = "stale_binding_version",
          .prepare = [](VerdictOrder&) {},
          .spoil = [](wire::Reattach& m, Endpoint&) { --m.binding_version; },
          .refusal = Reason::kStaleBindingVersion},
    Fault{.name = "attempts_exhausted",
          .prepare = [](VerdictOrder& t) { t.use_up_attempts(); },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .refusal = Reason::kAttemptsExhausted},
    Fault{.name = "switch_rate_limited",
          .prepare =
              [](VerdictOrder& t) {
                t.with_policy([](session::Policy& p) { p.switching.max_switches_per_min = 2; });
              },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .refusal = Reason::kSwitchRateLimited},
    Fault{.name = "cooldown_active",
          .prepare =
              [](VerdictOrder& t) {
                t.with_policy(
                    [](session::Policy& p) { p.switching.switch_cooldown = seconds(60); });
              },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .refusal = Reason::kCooldownActive},
    Fault{.name = "policy_denied",
          .prepare =
              [](VerdictOrder& t) {
                t.with_policy([](session::Policy& p) { p.transport.allow_udp4 = false; });
              },
          .spoil = [](wire::Reattach&, Endpoint&) {},
          .refusal = Reason::kPolicyDenied},
    Fault{.name = "invalid_transport_candidate",
          .prepare = [](VerdictOrder&) {},
          .spoil = [](wire::Reattach&, Endpoint& from) { from.address.bytes[0] = 224; },
          .refusal = Reason::kInvalidTransportCandidate},
};

/// All pairs (first, later), and each by itself as (first, first).
std::vector<std::pair<std::size_t, std::size_t>> pairs() {
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t first = 0; first < kFaults.size(); ++first) {
    for (std::size_t later = first; later < kFaults.size(); ++later)
      all.emplace_back(first, later);
  }
  return all;
}

TEST_P(VerdictOrder, TheFirstFaultDecidesAndIsSeenWhereItIsStated) {
  const Fault& first = kFaults.at(GetParam().first);
  const Fault& later = kFaults.at(GetParam().second);
  const SessionId id = alice_.welcome.session_id;
  bus::Report named = report(alice_, bus::ReportKind::kControl, kCell);
  if (&later != &first) later.prepare(*this);
  first.prepare(*this);
  wire::Reattach message = reattach(alice_);
  if (&later != &first) later.spoil(message, named.from);
  first.spoil(message, named.from);

  out_.sent.clear();
  const std::uint64_t version = find(alice_) ? find(alice_)->record.binding_version() : 0;
  const auto stale = counter(ControllerCounter::kReportsStale);
  const auto drops = first.drop ? dropped(*first.drop) : 0;
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_reattach(message, payload);
  named.type = wire::Type::kReattach;
  gateway_->on_control(named, payload, now_);
  collect();

  EXPECT_EQ(counter(ControllerCounter::kReportsStale), stale + (GetParam().first == 0 ? 1 : 0));
  if (first.drop) {
    EXPECT_EQ(dropped(*first.drop), drops + 1);
  }
  if (first.end != Reason::kNone) {
    EXPECT_EQ(events_of(EventType::kSessionTerminated, first.end), 1U);
    EXPECT_EQ(gateway_->find(id)->record.state(), State::kTerminated);
  }
  if (first.refusal == Reason::kNone) {
    for (const Sent& sent : out_.sent)
      EXPECT_EQ(sent.type(), wire::Type::kControlClose) << "a silent verdict answers nothing";
  } else {
    const auto refusal = last_refusal(alice_);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->reason, first.refusal);
    EXPECT_GE(events_of(EventType::kReattachResult, first.refusal), 1U);
    EXPECT_EQ(find(alice_)->record.binding_version(), version);
  }
}

std::string order_name(const ::testing::TestParamInfo<std::pair<std::size_t, std::size_t>>& pair) {
  const std::string first = kFaults.at(pair.param.first).name;
  const std::string later = kFaults.at(pair.param.second).name;
  return first == later ? first : first + "_before_" + later;
}

INSTANTIATE_TEST_SUITE_P(Contract, VerdictOrder, ::testing::ValuesIn(pairs()), order_name);

}  // namespace
}  // namespace jumpgate::ctl::testing
