#include "audit/json_line.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace jumpgate::audit {
namespace {

using Json = nlohmann::json;

Event session_event(EventType type, EventDetail detail) {
  Event event;
  event.seq = 12;
  event.mono = MonoNs{987'654'321};
  event.type = type;
  event.reason = Reason::kHeartbeatTimeout;
  event.session.bytes = {0xab, 1};
  event.state_version = 4;
  event.policy_version = 2;
  event.peer = ShortName("alice");
  event.detail = detail;
  return event;
}

Json line_of(const Event& event) {
  const std::string line = to_json_line(event, "gw-1", 1'700'000'000'123);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line, and only one";
  EXPECT_LE(line.size(), kMaxLine);
  return Json::parse(line);
}

Endpoint endpoint(const char* text) {
  return base::parse_endpoint(text).value();
}

TEST(JsonLine, HasTheFieldsOfEveryEvent) {
  Json line = line_of(
      session_event(EventType::kSessionStateChange,
                    StateChangeDetail{State::kAttached, State::kVolatile, Trigger::kInstability}));
  const Json expected{{"schema", 1},
                      {"seq", 12},
                      {"ts_ms", 1'700'000'000'123},
                      {"mono_ns", 987'654'321},
                      {"node_id", "gw-1"},
                      {"event_type", "SessionStateChange"},
                      {"session_id", "ab010000000000000000000000000000"},
                      {"peer", "alice"},
                      {"state_version", 4},
                      {"policy_version", 2},
                      {"reason_code", "heartbeat_timeout"},
                      {"security", false},
                      {"previous", "ATTACHED"},
                      {"new", "VOLATILE"},
                      {"trigger", "instability"}};
  EXPECT_EQ(line["check"].get<std::string>().size(), 16U);
  line.erase("check");
  EXPECT_EQ(line, expected);
}

TEST(JsonLine, EndsWithTheCheckOfAllBeforeIt) {
  const std::string line = to_json_line(session_event(EventType::kKeyInstalled, {}), "gw-1", 1);
  const std::size_t check = line.find(",\"check\":\"");
  ASSERT_NE(check, std::string::npos);
  const std::string body = line.substr(0, check) + "}";
  EXPECT_EQ(line.substr(check), ",\"check\":\"" + line_check(body) + "\"}\n");
  // SipHash-2-4 under a key of zeros, of the empty text: the same on every machine.
  EXPECT_EQ(line_check(""), "d70077739d4b921e");
}

TEST(JsonLine, AnEventOfTheNodeNamesNoSession) {
  Event event;
  event.type = EventType::kPolicyApplied;
  event.detail = PolicyDetail{1, {}};
  const Json line = line_of(event);
  EXPECT_TRUE(line["session_id"].is_null());
  EXPECT_TRUE(line["peer"].is_null());
  EXPECT_EQ(line["previous_version"], 1);
  EXPECT_FALSE(line.contains("field"));
}

TEST(JsonLine, SecurityEventsAreMarked) {
  for (const EventType type : kAllEventTypes) {
    const bool named_security = to_string(type).starts_with("Security");
    EXPECT_EQ(line_of(session_event(type, {}))["security"], named_security) << to_string(type);
  }
}

TEST(JsonLine, ASwitchTellsBothPathsAndItsMeasures) {
  const Json line =
      line_of(session_event(EventType::kTransportSwitch,
                            SwitchDetail{endpoint("192.0.2.1:5000"), endpoint("[2001:db8::1]:6000"),
                                         3, 2, 5, 1, 250, milliseconds(21)}));
  EXPECT_EQ(line["from"], "192.0.2.1:5000");
  EXPECT_EQ(line["to"], "[2001:db8::1]:6000");
  EXPECT_EQ(line["jump_seq"], 3);
  EXPECT_EQ(line["binding_version"], 2);
  EXPECT_EQ(line["epoch"], 5);
  EXPECT_EQ(line["candidates"], 1);
  EXPECT_EQ(line["loss_permille"], 250);
  EXPECT_EQ(line["latency_us"], 21'000);
}

TEST(JsonLine, EachDetailHasItsFields) {
  struct Case {
    EventType type;
    EventDetail detail;
    std::vector<const char*> fields;
  };
  const std::vector<Case> cases{
      {EventType::kTransportAttached,
       AttachDetail{},
       {"remote", "local", "binding_version", "epoch", "suite"}},
      {EventType::kReattachAttempt, ReattachDetail{}, {"remote", "jump_seq", "binding_version"}},
      {EventType::kReattachResult,
       ReattachDetail{},
       {"remote", "jump_seq", "binding_version", "elapsed_us"}},
      {EventType::kSessionTerminated,
       TerminatedDetail{},
       {"age_ms", "transportless_ms", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes",
        "peer_reason"}},
      {EventType::kTransitionRejected, RejectedDetail{}, {"state", "trigger", "count"}},
      {EventType::kKeyInstalled, KeyDetail{}, {"epoch", "generation"}},
      {EventType::kSecurityReplayDetected, SecurityDetail{}, {"remote", "count"}},
      {EventType::kPolicyRejected,
       PolicyDetail{1, ShortName("keys.rekey_after")},
       {"previous_version", "field"}},
      {EventType::kOwnershipChanged,
       OwnershipDetail{},
       {"previous_node", "new_node", "owner_epoch"}},
      {EventType::kEventsLost, LostDetail{}, {"count", "first_seq", "last_seq"}},
  };
  constexpr std::size_t kCommonFields = 13;
  for (const Case& c : cases) {
    const Json line = line_of(session_event(c.type, c.detail));
    for (const char* field : c.fields)
      EXPECT_TRUE(line.contains(field)) << field;
    EXPECT_EQ(line.size(), kCommonFields + c.fields.size()) << line;
  }
}

TEST(JsonLine, AnUnknownEndpointIsEmpty) {
  EXPECT_EQ(line_of(session_event(EventType::kTransportAttached, AttachDetail{}))["remote"], "");
}

TEST(JsonLine, ANameThatIsNoUtf8CostsNothingButItself) {
  Event event = session_event(EventType::kSessionCreated, {});
  event.peer = ShortName("a\xff\n\"");
  const Json line = line_of(event);
  EXPECT_EQ(line["peer"], "a\xef\xbf\xbd\n\"");
}

TEST(ShortName, IsCutAtItsBound) {
  const std::string longer(200, 'x');
  EXPECT_EQ(ShortName(longer).view(), std::string(limits::kMaxNameBytes, 'x'));
}

}  // namespace
}  // namespace jumpgate::audit
