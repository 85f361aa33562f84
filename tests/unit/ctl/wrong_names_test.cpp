// Authentic control messages that name, or are sealed for, another session, root generation, binding
// or epoch than the one they must: each says so in a counter or an answer of its own, and changes
// nothing (spec/wire.md "What a control message names").
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "rekeying_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

using Payload = std::array<std::uint8_t, wire::kControlPayloadSize>;

class WrongNames;

struct Row {
  const char* name;
  void (*say)(WrongNames&);
  std::optional<DropReason> drop{};  // silent
  Reason answer{Reason::kNone};      // else answered, with this reason
  EventType told{};                  // and told, by this event
};

class WrongNames : public Rekeying, public ::testing::WithParamInterface<Row> {
 public:
  [[nodiscard]] const ScriptedClient& subject() const { return bob_in_birth_ ? bob_ : alice_; }
  /// Bob has his WELCOME, and has not confirmed it.
  void let_bob_be_born() {
    say_hello(bob_);
    run();
    ASSERT_TRUE(bob_.read_welcome(out_.sent.back().bytes));
    bob_in_birth_ = true;
  }
  /// Alice's jump has been challenged; what she answers, with this change.
  void answer_wrongly(const std::function<void(wire::PathResponse&)>& spoil,
                      std::uint32_t generation = 0) {
    send_reattach(alice_, reattach(alice_));
    run();
    const auto challenge = challenge_to(alice_, kCell);
    ASSERT_TRUE(challenge);
    auto message = response_to(alice_, *challenge);
    spoil(message);
    Payload payload{};
    wire::encode_path_response(message, payload);
    say(wire::Type::kPathResponse, payload, kCell, generation);
  }
  void ask_wrongly(void (*spoil)(wire::Reattach&)) {
    auto message = reattach(alice_);
    spoil(message);
    Payload payload{};
    wire::encode_reattach(message, payload);
    say(wire::Type::kReattach, payload, kCell);
  }
  void rekey_wrongly(void (*spoil)(wire::Rekey&), std::uint32_t generation = 0) {
    auto message = request(1);
    spoil(message);
    Payload payload{};
    wire::encode_rekey(message, payload);
    say(wire::Type::kRekey, payload, kWifi, generation);
  }
  void confirm_wrongly(void (*spoil)(wire::Confirm&), std::uint32_t generation = 0) {
    let_bob_be_born();
    wire::Confirm message{.session_id = bob_.welcome.session_id, .hello_counter = bob_.counter};
    spoil(message);
    Payload payload{};
    wire::encode_confirm(message, payload);
    say(wire::Type::kConfirm, payload, kWifi, generation);
  }
  void close_wrongly() {
    SessionId other = alice_.welcome.session_id;
    other.bytes[5] ^= 1;
    Payload payload{};
    wire::encode_control_close(
        {.close_seq = 1, .reason = Reason::kOperatorTerminated, .session_id = other}, payload);
    say(wire::Type::kControlClose, payload, kWifi);
  }
  /// Bob has a jump pending too, and Alice answers with the token that he got.
  void answer_with_the_token_of_another() {
    ASSERT_TRUE(attach(bob_));
    advance(seconds(2));
    send_reattach(bob_, reattach(bob_));
    run();
    const PathToken token = challenge_to(bob_, kCell)->token;
    answer_wrongly([&token](wire::PathResponse& m) { m.token = token; });
  }

 protected:
  using Picture = std::map<std::string, std::uint64_t>;

  /// The one message of a row; what is known of its session just before and just after.
  void say(wire::Type type, const Payload& payload, const Endpoint& from,
           std::uint32_t generation = 0) {
    run();
    before_ = picture();
    drops_before_ = drops();
    events_before_ = events_.size();
    bus::Report made = report(subject(), bus::ReportKind::kControl, from);
    made.type = type;
    made.generation = generation;
    gateway_->on_control(made, payload, now_);
    run();
  }

  [[nodiscard]] Picture picture() {
    if (find(subject()) == nullptr) return {{"gone", 1}};
    const Session& session = *find(subject());
    const session::SessionRecord& record = session.record;
    Picture all{
        {"state", static_cast<std::uint64_t>(record.state())},
        {"state_version", record.state_version()},
        {"binding_version", record.binding_version()},
        {"root_generation", record.root_generation()},
        {"policy_version", record.policy_version()},
        {"lifetime's end", record.lifetime_deadline().ns},
        {"keys' end", record.next_deadline().ns},
        {"epoch", session.epochs.current()},
        {"next epoch", session.epochs.next().value_or(0)},
        {"root", base::load_le64(session.root.get().data())},
        {"rekey pending", session.rekey.has_value() ? 1U : 0U},
        {"jump_seq", session.last_jump_seq},
        {"challenge_seq", session.last_challenge_seq},
        {"close_seq", session.last_close_seq},
        {"attempts", session.budget.attempts(now_)},
        {"commits", session.budget.commits(now_)},
        {"commands", workers_.log.size()},
    };
    if (session.binding) all["gateway_cid"] = session.binding->gateway_cid.value;
    if (session.binding) all["client_cid"] = session.binding->client_cid.value;
    if (session.exchange) all["proposed"] = session.exchange->epoch;
    if (session.exchange) all["answered"] = session.exchange->addresses[0].answered ? 1U : 0U;
    return all;
  }
  [[nodiscard]] std::map<std::string_view, std::uint64_t> drops() const {
    std::map<std::string_view, std::uint64_t> all;
    for (const DropReason reason : kAllDropReasons)
      all[to_string(reason)] = dropped(reason);
    return all;
  }

  Picture before_;
  std::map<std::string_view, std::uint64_t> drops_before_;
  std::size_t events_before_{0};
  bool bob_in_birth_{false};
};

const std::array kRows{
    Row{.name = "confirm_session",
        .say =
            [](WrongNames& t) {
              t.confirm_wrongly([](wire::Confirm& m) { m.session_id.bytes[0] ^= 1; });
            },
        .drop = DropReason::kControlWrongSession},
    Row{.name = "confirm_generation",
        .say = [](WrongNames& t) { t.confirm_wrongly([](wire::Confirm&) {}, 1); },
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "reattach_session",
        .say =
            [](WrongNames& t) {
              t.ask_wrongly([](wire::Reattach& m) { m.session_id.bytes[0] ^= 1; });
            },
        .drop = DropReason::kControlWrongSession},
    Row{.name = "reattach_generation",
        .say = [](WrongNames& t) { t.ask_wrongly([](wire::Reattach& m) { ++m.root_generation; }); },
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "reattach_binding",
        .say = [](WrongNames& t) { t.ask_wrongly([](wire::Reattach& m) { ++m.binding_version; }); },
        .answer = Reason::kStaleBindingVersion,
        .told = EventType::kReattachResult},
    Row{.name = "path_response_session",
        .say = [](WrongNames& t) { t.answer_with_the_token_of_another(); },
        .drop = DropReason::kControlStale},
    Row{.name = "path_response_generation",
        .say = [](WrongNames& t) { t.answer_wrongly([](wire::PathResponse&) {}, 1); },
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "path_response_binding",
        .say =
            [](WrongNames& t) {
              t.answer_wrongly([](wire::PathResponse& m) { --m.binding_version; });
            },
        .drop = DropReason::kControlWrongBinding},
    Row{.name = "path_response_epoch",
        .say = [](WrongNames& t) { t.answer_wrongly([](wire::PathResponse& m) { --m.epoch; }); },
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "rekey_sealed_generation",
        .say = [](WrongNames& t) { t.rekey_wrongly([](wire::Rekey&) {}, 1); },
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "rekey_wanted_generation",
        .say = [](WrongNames& t) { t.rekey_wrongly([](wire::Rekey& m) { ++m.generation; }); },
        .answer = Reason::kWrongGeneration,
        .told = EventType::kRekeyDenied},
    Row{.name = "rekey_binding",
        .say = [](WrongNames& t) { t.rekey_wrongly([](wire::Rekey& m) { ++m.binding_version; }); },
        .answer = Reason::kStaleBindingVersion,
        .told = EventType::kRekeyDenied},
    Row{.name = "control_close_session",
        .say = [](WrongNames& t) { t.close_wrongly(); },
        .drop = DropReason::kControlWrongSession},
};

TEST_P(WrongNames, AreNamedAndChangeNothing) {
  const Row& row = GetParam();
  ASSERT_NO_FATAL_FAILURE(row.say(*this));
  EXPECT_EQ(picture(), before_);
  if (row.drop) ++drops_before_[to_string(*row.drop)];
  EXPECT_EQ(drops(), drops_before_);
  if (row.drop) {
    EXPECT_EQ(events_.size(), events_before_) << "a drop is a counter and nothing else";
    return;
  }
  EXPECT_EQ(events_of(row.told, row.answer), 1U);
  for (std::size_t i = events_before_; i < events_.size(); ++i)
    EXPECT_NE(events_[i].type, EventType::kSessionStateChange);
  const auto refusal = last_refusal(alice_);
  const auto reply = last_reply();
  ASSERT_NE(refusal.has_value(), reply.has_value());
  EXPECT_EQ(refusal ? refusal->reason : reply->reason, row.answer);
  EXPECT_EQ(refusal ? refusal->binding_version : reply->binding_version, 1U) << "the one in force";
}

INSTANTIATE_TEST_SUITE_P(Each, WrongNames, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace jumpgate::ctl::testing
