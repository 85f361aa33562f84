#include "api/protocol.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jumpgate/limits.hpp>

#include "ctl/policy_history.hpp"
#include "session/policy_set.hpp"
#include "tests/support/fake_gateway.hpp"

namespace jumpgate::api {
namespace {

using Json = nlohmann::json;

const std::vector<Request>& requests() {
  static const std::vector<Request> all{StatusRequest{},
                                        SessionsRequest{48},
                                        SessionRequest{"alice"},
                                        TerminateRequest{"bob"},
                                        RekeyRequest{"bob"},
                                        CountersRequest{},
                                        CountersRequest{3},
                                        ReloadRequest{},
                                        EventLogRequest{},
                                        PolicyRequest{},
                                        PolicyApplyRequest{"[policy]", "p.toml", true},
                                        PolicyHistoryRequest{},
                                        TraceRequest{"alice", 20, 10},
                                        TraceReadRequest{1, 2}};
  return all;
}

TEST(Protocol, RequestsSurviveTheWire) {
  for (const Request& request : requests()) {
    const Call call = to_call(request);
    const auto read = request_from(call.command, Json::parse(call.arguments));
    ASSERT_TRUE(read) << call.command;
    EXPECT_EQ(read->index(), request.index()) << call.command;
    EXPECT_EQ(to_call(*read).arguments, call.arguments);
  }
}

TEST(Protocol, RepliesSurviveTheWire) {
  jumpgate::testing::FakeGateway gateway;
  for (const Request& request :
       {Request{StatusRequest{}}, Request{SessionsRequest{}}, Request{SessionRequest{"peer-1"}},
        Request{TerminateRequest{"peer-1"}}, Request{RekeyRequest{"peer-1"}},
        Request{CountersRequest{}}, Request{ReloadRequest{}}, Request{EventLogRequest{}},
        Request{PolicyRequest{}}, Request{PolicyApplyRequest{}}, Request{PolicyHistoryRequest{}},
        Request{TraceRequest{"peer-1", 20, 10}}, Request{TraceReadRequest{2, 7}}}) {
    const Response reply = gateway.handle(request);
    ASSERT_TRUE(reply);
    const Json json = to_json(*reply);
    const Response read = reply_from(request, json);
    ASSERT_TRUE(read) << json;
    EXPECT_EQ(to_json(*read), json);
  }
}

TEST(Protocol, WrongRequestsAreRefused) {
  struct Case {
    const char* command;
    const char* arguments;
  };
  for (const Case& c :
       std::vector<Case>{{"", "{}"},
                         {"stop", "{}"},
                         {"status", R"({"x":1})"},
                         {"sessions", R"({"offset":-1})"},
                         {"sessions", R"({"offset":"1"})"},
                         {"sessions", R"({"ofset":1})"},
                         {"session", "{}"},
                         {"session", R"({"target":""})"},
                         {"session", R"({"target":5})"},
                         {"terminate", R"({"target":"a","force":true})"},
                         {"rekey", "{}"},
                         {"counters", R"({"worker":4294967296})"},
                         {"policy", R"({"version":1})"},
                         {"policy_apply", R"({"document":"","name":"p"})"},
                         {"policy_apply", R"({"document":"","name":"","grace":true})"},
                         {"policy_apply", R"({"document":"","name":"a\nb","grace":true})"},
                         {"policy_apply", R"({"document":"","name":"p","grace":1})"},
                         {"trace", R"({"target":"a","count":20})"},
                         {"trace", R"({"target":"","count":20,"seconds":10})"},
                         {"trace", R"({"target":"a","count":0,"seconds":10})"},
                         {"trace", R"({"target":"a","count":1001,"seconds":10})"},
                         {"trace", R"({"target":"a","count":20,"seconds":61})"},
                         {"trace_read", R"({"worker":0})"},
                         {"status", "[]"}}) {
    const auto request = request_from(c.command, Json::parse(c.arguments));
    ASSERT_FALSE(request) << c.command << c.arguments;
    EXPECT_EQ(request.error().code, ErrorCode::kBadRequest);
  }
}

TEST(Protocol, WrongRepliesAreRefused) {
  for (const char* text : {"null", "[]", "{}", R"({"changes":[1]})", R"({"changes":{}})"}) {
    EXPECT_FALSE(reply_from(ReloadRequest{}, Json::parse(text))) << text;
  }
  EXPECT_FALSE(reply_from(CountersRequest{}, Json::parse(R"({"counters":{"a":-1}})")));
}

TEST(Protocol, AFullPageFitsAMessage) {
  SessionPage page;
  for (std::uint64_t i = 0; i < kSessionsPerPage; ++i) {
    page.sessions.push_back(jumpgate::testing::sample_session(i));
    page.sessions.back().peer = std::string(limits::kMaxNameBytes, 'x');
    for (std::uint64_t* field :
         {&page.sessions.back().last_heard_ms, &page.sessions.back().age_ms,
          &page.sessions.back().rtt_us, &page.sessions.back().path_mtu,
          &page.sessions.back().rx_bytes, &page.sessions.back().tx_packets,
          &page.sessions.back().tx_bytes, &page.sessions.back().drops, &page.sessions.back().jumps,
          &page.sessions.back().state_version, &page.sessions.back().binding_version,
          &page.sessions.back().epoch}) {
      *field = UINT64_MAX;
    }
  }
  constexpr std::size_t kEnvelope = 64;
  EXPECT_LE(to_json(page).dump().size() + kEnvelope, limits::kMaxApiMessage);
}

/// Every field of the base and of as many profiles as there may be, each with a long name.
std::vector<session::PolicyField> longest_policy() {
  std::vector<session::PolicyField> all = session::fields_of(session::Policy{});
  const std::vector<session::PolicyField> base = all;
  for (std::size_t i = 0; i < session::PolicySet::kMaxProfiles; ++i) {
    for (const session::PolicyField& field : base)
      all.push_back({"profiles." + std::string(limits::kMaxNameBytes - 1, 'x') + std::to_string(i) +
                         "." + field.name,
                     field.value});
  }
  return all;
}

std::vector<std::string> everything_changed() {
  std::vector<session::PolicyField> before = longest_policy();
  for (session::PolicyField& field : before)
    field.value = std::string(20, '9');
  return session::differences(before, longest_policy());
}

constexpr std::size_t kEnvelope = 64;

TEST(Protocol, AFullPageOfATraceFitsAMessage) {
  const std::string endpoint = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
  TracePage page;
  for (std::size_t i = 0; i < kTracedPerPage; ++i)
    page.packets.push_back({.number = kMaxTracedPackets,
                            .at_us = kMaxTraceSeconds * 1'000'000,
                            .way = "out",
                            .type = "PATH_RESPONSE",
                            .outer_from = endpoint,
                            .outer_to = endpoint,
                            .outer_length = UINT16_MAX,
                            .counter = UINT64_MAX,
                            .inner_from = endpoint,
                            .inner_to = endpoint,
                            .inner_length = UINT16_MAX,
                            .protocol = UINT8_MAX,
                            .stages = {"received", "opened", "forwarded", "sealed"},
                            .end = "to_controller",
                            .reason = "session_state_forbids",
                            .port = std::string(limits::kMaxNameBytes, 'x')});
  EXPECT_LE(to_json(page).dump().size() + kEnvelope, limits::kMaxApiMessage);
}

TEST(Protocol, AFullHistoryFitsAMessage) {
  ctl::PolicyHistory kept;
  for (std::size_t i = 0; i < ctl::PolicyHistory::kKept; ++i)
    kept.add({.version = UINT64_MAX, .how = "p.toml", .changes = everything_changed()});
  PolicyChanges history;
  for (const ctl::PolicyChange& change : kept.changes()) {
    history.policies.push_back({.version = change.version,
                                .ago_ms = UINT64_MAX,
                                .how = std::string(limits::kMaxNameBytes, 'x'),
                                .application = "strict",
                                .changes = change.changes});
    EXPECT_GT(change.changes.size(), session::fields_of(session::Policy{}).size())
        << "the base's are all told";
    EXPECT_TRUE(change.changes.back().ends_with(" more")) << change.changes.back();
  }
  EXPECT_LE(to_json(history).dump().size() + kEnvelope, limits::kMaxApiMessage);
}

TEST(Protocol, ALargestPolicyFitsAMessage) {
  PolicyInfo info;
  info.version = UINT64_MAX;
  for (const session::PolicyField& field : longest_policy())
    info.fields.push_back({field.name, field.value});
  EXPECT_LE(to_json(info).dump().size() + kEnvelope, limits::kMaxApiMessage);
  const PolicyApplied applied{.version = UINT64_MAX, .changes = everything_changed()};
  EXPECT_LE(to_json(applied).dump().size() + kEnvelope, limits::kMaxApiMessage);
}

TEST(ErrorCodes, HaveNamesBothWays) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kCannotConnect); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(error_code_from(to_string(code)), code);
  }
  EXPECT_EQ(error_code_from("nonsense"), std::nullopt);
}

}  // namespace
}  // namespace jumpgate::api
