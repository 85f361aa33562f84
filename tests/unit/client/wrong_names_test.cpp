// Authentic control messages of the gateway that name, or are sealed for, another session, root
// generation, binding or epoch than the one they must: each is counted by what is wrong with it, and
// changes nothing (spec/wire.md "What a control message names").
#include <array>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

using Picture = std::map<std::string, std::uint64_t>;

/// What is known of the session, and when it wants to be called next.
Picture picture_of(const Harness& h) {
  Picture all{{"events", h.events.size()},        {"sent", h.sent_over[kWifi] + h.sent_over[kCell]},
              {"delivered", h.delivered.size()},  {"next_deadline", h.engine->next_deadline().ns},
              {"sessions", h.engine->sessions()}, {"attached", h.engine->attached() ? 1U : 0U}};
  if (!h.engine->attached()) return all;
  const ClientSession& session = *h.engine->session();
  const SessionCore& core = session.core();
  all.insert({{"state", static_cast<std::uint64_t>(core.record.state())},
              {"state_version", core.record.state_version()},
              {"binding_version", core.record.binding_version()},
              {"root_generation", core.record.root_generation()},
              {"newest generation", core.keys.newest().number},
              {"root", base::load_le64(core.keys.newest().root.get().data())},
              {"epoch", core.current_epoch},
              {"next epoch", core.next_epoch.value_or(0)},
              {"highest epoch", core.highest_epoch},
              {"sends in next", core.send_in_next ? 1U : 0U},
              {"lost", core.lost ? 1U : 0U},
              {"last heard", session.last_heard().ns},
              {"attempts", core.budget.attempts(h.now)},
              {"commits", core.budget.commits(h.now)},
              {"rekeys", session.rekeyer().completed()}});
  return all;
}

std::map<std::string_view, std::uint64_t> drops_of(const Harness& h) {
  std::map<std::string_view, std::uint64_t> all;
  for (const DropReason reason : kAllDropReasons)
    all[to_string(reason)] = h.dropped(reason);
  return all;
}

/// Until the client has said something of this type.
void until_client_says(Harness& h, wire::Type wanted) {
  bool said = false;
  h.lose_outgoing = [&said, wanted](wire::Type type) {
    said = said || type == wanted;
    return false;
  };
  ASSERT_TRUE(h.run_until([&said] { return said; }, seconds(3)));
  h.lose_outgoing = {};
}
/// Until the gateway has, and nobody has heard it.
void until_gateway_says(Harness& h, wire::Type wanted) {
  const unsigned before = h.gateway->sent[wanted];
  h.dead = {true, true, true};
  ASSERT_TRUE(h.run_until([&] { return h.gateway->sent[wanted] > before; }, seconds(1)));
}

void attach_quietly(Harness& h) {
  h.attach();
  h.run(seconds(2));
}
/// New keys are in force, and those before them still drain.
void rekey(Harness& h) {
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kKeyRotated) == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
}
void until_acknowledged_in_birth(Harness& h) {
  h.start();
  until_client_says(h, wire::Type::kConfirm);
  until_gateway_says(h, wire::Type::kAck);
}
void until_challenged(Harness& h) {
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  until_gateway_says(h, wire::Type::kPathChallenge);
}
void until_refused(Harness& h) {
  h.gateway->refuse_jump = refusal_of(Reason::kPolicyDenied);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  until_gateway_says(h, wire::Type::kRefusal);
}
void until_acknowledged(Harness& h) {
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  until_client_says(h, wire::Type::kPathResponse);
  until_gateway_says(h, wire::Type::kAck);
}
void until_replied(Harness& h) {
  h.gateway->rekey_wanted = true;
  until_client_says(h, wire::Type::kRekey);
  until_gateway_says(h, wire::Type::kRekeyReply);
}

struct Row {
  const char* name;
  void (*lead)(Harness&);  // to the spoiled message, which is the gateway's last of its type
  wire::Type type;
  DropReason drop;
};

const std::array kRows{
    Row{.name = "ack_of_confirm_binding",
        .lead =
            [](Harness& h) {
              h.gateway->alter_ack = [](wire::Ack& m) { ++m.binding_version; };
              until_acknowledged_in_birth(h);
            },
        .type = wire::Type::kAck,
        .drop = DropReason::kControlWrongBinding},
    Row{.name = "ack_of_confirm_epoch",
        .lead =
            [](Harness& h) {
              h.gateway->alter_ack = [](wire::Ack& m) { ++m.epoch; };
              until_acknowledged_in_birth(h);
            },
        .type = wire::Type::kAck,
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "path_challenge_generation",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              rekey(h);
              h.gateway->seal_under = 0;
              until_challenged(h);
            },
        .type = wire::Type::kPathChallenge,
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "path_challenge_binding",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_challenge = [](wire::PathChallenge& m) { ++m.binding_version; };
              until_challenged(h);
            },
        .type = wire::Type::kPathChallenge,
        .drop = DropReason::kControlWrongBinding},
    Row{.name = "path_challenge_epoch",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_challenge = [](wire::PathChallenge& m) { m.epoch = 1; };
              until_challenged(h);
            },
        .type = wire::Type::kPathChallenge,
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "path_challenge_epoch_of_a_phase_in_use",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_challenge = [](wire::PathChallenge& m) { m.epoch = 5; };
              until_challenged(h);
            },
        .type = wire::Type::kPathChallenge,
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "ack_generation",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              rekey(h);
              h.gateway->alter_ack = [&h](wire::Ack&) { h.gateway->seal_under = 0; };
              until_acknowledged(h);
            },
        .type = wire::Type::kAck,
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "ack_binding",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_ack = [](wire::Ack& m) { ++m.binding_version; };
              until_acknowledged(h);
            },
        .type = wire::Type::kAck,
        .drop = DropReason::kControlWrongBinding},
    Row{.name = "ack_epoch",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_ack = [](wire::Ack& m) { ++m.epoch; };
              until_acknowledged(h);
            },
        .type = wire::Type::kAck,
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "refusal_generation",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_refusal = [](wire::Refusal& m) { ++m.root_generation; };
              until_refused(h);
            },
        .type = wire::Type::kRefusal,
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "refusal_binding",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_refusal = [](wire::Refusal& m) { ++m.binding_version; };
              until_refused(h);
            },
        .type = wire::Type::kRefusal,
        .drop = DropReason::kControlWrongBinding},
    Row{.name = "refusal_epoch",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_refusal = [](wire::Refusal& m) { ++m.epoch; };
              until_refused(h);
            },
        .type = wire::Type::kRefusal,
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "rekey_reply_generation",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_reply = [](wire::RekeyReply& m) { ++m.generation; };
              until_replied(h);
            },
        .type = wire::Type::kRekeyReply,
        .drop = DropReason::kControlWrongGeneration},
    Row{.name = "rekey_reply_binding",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_reply = [](wire::RekeyReply& m) { ++m.binding_version; };
              until_replied(h);
            },
        .type = wire::Type::kRekeyReply,
        .drop = DropReason::kControlWrongBinding},
    Row{.name = "rekey_reply_epoch",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              h.gateway->alter_reply = [](wire::RekeyReply& m) { m.epoch = 1; };
              until_replied(h);
            },
        .type = wire::Type::kRekeyReply,
        .drop = DropReason::kControlWrongEpoch},
    Row{.name = "control_close_session",
        .lead =
            [](Harness& h) {
              attach_quietly(h);
              SessionId other = h.gateway->session_id();
              other.bytes[5] ^= 1;
              h.gateway->send_control_close(1, other);
            },
        .type = wire::Type::kControlClose,
        .drop = DropReason::kControlWrongSession},
};

class WrongNames : public ::testing::TestWithParam<Row> {};

TEST_P(WrongNames, AreNamedAndChangeNothing) {
  const Row& row = GetParam();
  Harness h;
  ASSERT_NO_FATAL_FAILURE(row.lead(h));
  const Picture before = picture_of(h);
  auto drops = drops_of(h);
  ++drops[to_string(row.drop)];
  h.replay(row.type, row.type == wire::Type::kControlClose ? kWifi : kCell, h.gateway_at);
  EXPECT_EQ(picture_of(h), before);
  EXPECT_EQ(drops_of(h), drops);
}

INSTANTIATE_TEST_SUITE_P(Each, WrongNames, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace jumpgate::client::testing
