#include "tools/jumpctl/jumpctl.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/gateway_calls.hpp"
#include "api/server.hpp"
#include "tests/support/fake_gateway.hpp"
#include "tests/support/log_text.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/jumpctl/render.hpp"
#include "tools/jumpctl/text_table.hpp"

namespace jumpgate::jumpctl {
namespace {

using Json = nlohmann::json;

class JumpctlTest : public ::testing::Test {
 protected:
  JumpctlTest() {
    auto opened = api::Server::open({path_, {}}, calls_, &feed_);
    if (opened) server_ = std::move(*opened);
  }
  void SetUp() override {
    ASSERT_NE(server_, nullptr);
    server_->start();
  }
  int ctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--socket", path_});
    out_.str("");
    err_.str("");
    return run(arguments, out_, err_);
  }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path(name)) << text;
    return folder_.path(name);
  }
  [[nodiscard]] bool shows(const std::string& text) const {
    return out_.str().find(text) != std::string::npos;
  }

  jumpgate::testing::TempFolder folder_;
  std::string path_{folder_.path("control.sock")};
  jumpgate::testing::FakeGateway gateway_;
  api::GatewayCalls calls_{gateway_};
  api::EventFeed feed_;
  std::unique_ptr<api::Server> server_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::atomic<bool> done_{false};
};

TEST_F(JumpctlTest, AWordThatIsNoCommandIsNamed) {
  EXPECT_EQ(ctl({"frobnicate"}), kUsage);
  EXPECT_NE(err_.str().find("not understood: frobnicate"), std::string::npos) << err_.str();
  EXPECT_EQ(ctl({"policy", "forget"}), kUsage);
  EXPECT_NE(err_.str().find("not understood: forget"), std::string::npos) << err_.str();
}

TEST_F(JumpctlTest, ShowsTheStatus) {
  EXPECT_EQ(ctl({"status"}), kDone);
  EXPECT_TRUE(shows("gateway:         gw-1, jumpgated 0.1.0\n")) << out_.str();
  EXPECT_TRUE(shows("up:              2 h 05 min\n"));
  EXPECT_TRUE(shows("port outer0:     outer, 02:00:00:00:00:01, link up\n"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(JumpctlTest, EveryCommandSpeaksJson) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"sessions"},
                                                  {"session", "peer-1"},
                                                  {"terminate", "peer-1"},
                                                  {"rekey", "peer-1"},
                                                  {"counters"},
                                                  {"reload"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--json");
    ASSERT_EQ(ctl(arguments), kDone) << command[0] << err_.str();
    EXPECT_TRUE(Json::accept(out_.str())) << out_.str();
  }
}

TEST_F(JumpctlTest, ShowsEverySessionOverAllPages) {
  gateway_.sessions = 2 * api::kSessionsPerPage + 5;
  ASSERT_EQ(ctl({"sessions", "--json"}), kDone);
  const Json all = Json::parse(out_.str());
  EXPECT_EQ(all["sessions"].size(), gateway_.sessions);
  EXPECT_EQ(all["total"], gateway_.sessions);
  EXPECT_TRUE(all["next_offset"].is_null());
}

TEST_F(JumpctlTest, SessionsAreAnAlignedTable) {
  ASSERT_EQ(ctl({"sessions"}), kDone);
  std::istringstream lines(out_.str());
  std::string header;
  std::string row;
  std::getline(lines, header);
  std::getline(lines, row);
  for (const char* title : {"PEER", "STATE", "ENDPOINT", "INNER", "HEARD", "RX", "RX PKTS", "TX",
                            "TX PKTS", "SUITE", "JUMPS"}) {
    EXPECT_NE(header.find(title), std::string::npos) << title;
  }
  EXPECT_EQ(header.find("STATE"), row.find("ATTACHED"));
  EXPECT_EQ(header.find("SUITE"), row.find("chacha20-poly1305"));
  EXPECT_NE(row.find("1.5 KiB"), std::string::npos);
  EXPECT_NE(row.find("350 ms"), std::string::npos);
  gateway_.sessions = 0;
  ASSERT_EQ(ctl({"sessions"}), kDone);
  EXPECT_EQ(out_.str(), "no sessions\n");
}

TEST_F(JumpctlTest, ShowsAndEndsOneSession) {
  EXPECT_EQ(ctl({"session", "peer-1"}), kDone);
  EXPECT_TRUE(shows("ATTACHED (reattach_success), version 8"));
  EXPECT_TRUE(shows("40.2 ms"));
  EXPECT_TRUE(shows("drops"));
  EXPECT_EQ(ctl({"terminate", "peer-1"}), kDone);
  EXPECT_EQ(gateway_.terminated, "peer-1");
  EXPECT_TRUE(shows("is ending"));
}

TEST_F(JumpctlTest, AsksForNewKeysAndSaysWhatWillHappen) {
  EXPECT_EQ(ctl({"rekey", "peer-1"}), kDone) << err_.str();
  EXPECT_EQ(gateway_.rekeyed, "peer-1");
  EXPECT_TRUE(shows("of peer-1 is asked for new keys (policy_trigger); KeyRotated tells"))
      << out_.str();
  EXPECT_EQ(ctl({"rekey", "peer-1", "--json"}), kDone);
  EXPECT_EQ(Json::parse(out_.str())["reason"], "policy_trigger");
  EXPECT_EQ(ctl({"rekey", "nobody"}), kRefused);
  EXPECT_EQ(ctl({"rekey"}), kUsage);
}

TEST_F(JumpctlTest, ShowsCountersOfAllOrOfOneWorker) {
  EXPECT_EQ(ctl({"counters", "--json"}), kDone);
  EXPECT_EQ(Json::parse(out_.str())["counters"]["rx_packets"], 100);
  EXPECT_EQ(ctl({"counters", "--worker", "3", "--json"}), kDone);
  EXPECT_EQ(Json::parse(out_.str())["counters"]["rx_packets"], 13);
}

TEST_F(JumpctlTest, TracesAsManyPacketsAsWereAskedFor) {
  EXPECT_EQ(ctl({"trace", "peer-1", "-n", "4"}), kDone) << err_.str();
  EXPECT_EQ(gateway_.traced.count, 4U);
  EXPECT_EQ(gateway_.traced.seconds, 10U);
  EXPECT_TRUE(
      shows("   1       1.500 ms in  DATA from 198.51.100.7:40000 #5, 92 bytes; 10.8.0.2:7 -> "
            "10.0.0.9:7, protocol 17, 60 bytes: received opened forwarded dropped "
            "filter_denied\n"))
      << out_.str();
  EXPECT_TRUE(shows("   4  "));
  EXPECT_FALSE(shows("   5  "));
  ASSERT_EQ(ctl({"trace", "peer-1", "-n", "2", "--json"}), kDone);
  EXPECT_EQ(Json::parse(out_.str())["packets"].size(), 2U);
  ASSERT_EQ(ctl({"trace", "peer-1"}), kDone);
  EXPECT_EQ(gateway_.traced.count, 20U);
  EXPECT_EQ(ctl({"trace", "nobody"}), kRefused);
  EXPECT_EQ(ctl({"trace", "peer-1", "-n", "1001"}), kUsage);
  EXPECT_EQ(ctl({"trace", "peer-1", "--seconds", "0"}), kUsage);
}

TEST_F(JumpctlTest, AReloadTellsWhatChanged) {
  EXPECT_EQ(ctl({"reload"}), kDone);
  EXPECT_EQ(out_.str(), "peer alice: added\n");
  gateway_.changes.clear();
  EXPECT_EQ(ctl({"reload"}), kDone);
  EXPECT_EQ(out_.str(), "nothing changed\n");
}

constexpr const char* kPolicy = R"([policy.session]
max_lifetime = "4h"
transport_lost_ttl = "15s"
[policy.switching]
max_switches_per_min = 8
recovery_window = "8s"
[policy.volatility]
loss_volatile_threshold = 0.2
[policy.security]
reattach_proof_max_age = "5s"
)";

TEST_F(JumpctlTest, ChecksAPolicyWithoutAGateway) {
  server_.reset();
  const std::string file = write("tight.toml", kPolicy);
  EXPECT_EQ(ctl({"policy", "check", file}), kDone);
  EXPECT_EQ(out_.str(), file + ": valid\n");
  const std::string bad = write("bad.toml", "[policy.session]\nmax_lifetime = \"1s\"\n");
  EXPECT_EQ(ctl({"policy", "check", bad}), kUsage);
  EXPECT_NE(err_.str().find(bad + ":2:"), std::string::npos) << err_.str();
  EXPECT_EQ(ctl({"policy", "check", bad, "--json"}), kUsage);
  const Json told = Json::parse(out_.str());
  EXPECT_EQ(told["valid"], false);
  EXPECT_TRUE(std::ranges::any_of(told["problems"], [](const Json& problem) {
    return problem["key"] == "policy.session.max_lifetime" && problem["line"] == 2;
  })) << told;
}

TEST_F(JumpctlTest, ShowsThePolicyAndItsHistory) {
  EXPECT_EQ(ctl({"policy", "show"}), kDone);
  EXPECT_TRUE(shows("version 3\n")) << out_.str();
  EXPECT_TRUE(shows("session.max_lifetime"));
  EXPECT_EQ(ctl({"policy", "history"}), kDone);
  EXPECT_TRUE(shows("by tight.toml, grace\n  keys.rekey_after: 120000 ms -> 60000 ms\n"))
      << out_.str();
  EXPECT_EQ(ctl({"policy", "history", "--json"}), kDone);
  EXPECT_EQ(Json::parse(out_.str())["policies"][0]["version"], 2);
}

TEST_F(JumpctlTest, APolicysDifferenceIsAnAnswerOfItsOwn) {
  EXPECT_EQ(ctl({"policy", "diff", write("tight.toml", kPolicy)}), kRefused);
  EXPECT_EQ(out_.str(), "session.max_lifetime: 28800000 ms -> 14400000 ms\n");
  std::string same = kPolicy;
  same.replace(same.find("4h"), 2, "8h");
  EXPECT_EQ(ctl({"policy", "diff", write("same.toml", same), "--json"}), kDone);
  EXPECT_TRUE(Json::parse(out_.str())["changes"].empty());
}

TEST_F(JumpctlTest, APolicyIsAppliedAsTheFileHoldsIt) {
  const std::string file = write("tight.toml", kPolicy);
  EXPECT_EQ(ctl({"policy", "apply", file, "--grace"}), kDone) << err_.str();
  ASSERT_TRUE(gateway_.applied);
  EXPECT_EQ(gateway_.applied->document, kPolicy);
  EXPECT_EQ(gateway_.applied->name, "tight.toml");
  EXPECT_TRUE(gateway_.applied->grace);
  EXPECT_TRUE(shows("version 4 is in force"));
  EXPECT_EQ(ctl({"policy", "apply", file, "--json"}), kDone);
  EXPECT_FALSE(gateway_.applied->grace);
  EXPECT_EQ(Json::parse(out_.str())["version"], 4);
  EXPECT_EQ(ctl({"policy", "apply", folder_.path("none.toml")}), kUsage);
  EXPECT_EQ(ctl({"policy", "apply", write("huge.toml", std::string(70'000, '#'))}), kRefused);
}

TEST_F(JumpctlTest, ARefusalIsOneAndSaysWhy) {
  EXPECT_EQ(ctl({"terminate", "nobody"}), kRefused);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "jumpctl: no session or peer 'nobody'\n") << "in the gateway's words";
  gateway_.failure = api::Error{api::ErrorCode::kRefused, "jumpgated.toml:7: unknown key 'pers'"};
  EXPECT_EQ(ctl({"reload"}), kRefused);
  EXPECT_NE(err_.str().find("jumpgated.toml:7"), std::string::npos);
}

TEST_F(JumpctlTest, WrongUsageAndNoConnectionAreTwo) {
  EXPECT_EQ(ctl({}), kUsage);
  EXPECT_EQ(ctl({"nonsense"}), kUsage);
  EXPECT_EQ(ctl({"session"}), kUsage);
  EXPECT_EQ(ctl({"events"}), kUsage);  // without --follow
  EXPECT_NE(err_.str(), "");
  server_.reset();
  EXPECT_EQ(ctl({"status"}), kUsage);
  EXPECT_NE(err_.str().find("is it running"), std::string::npos) << err_.str();
}

TEST_F(JumpctlTest, AFileThatIsNoRecordingIsNamedAndTwo) {
  const std::string log = write("log.jsonl", "{}\n");
  EXPECT_EQ(ctl({"replay", log}), 2);
  EXPECT_NE(err_.str().find(log + ": is no recording"), std::string::npos) << err_.str();
  EXPECT_EQ(ctl({"replay"}), 2);
}

TEST_F(JumpctlTest, HelpIsNoFault) {
  EXPECT_EQ(ctl({"--help"}), kDone);
  EXPECT_TRUE(shows("sessions"));
}

TEST_F(JumpctlTest, FollowsEventsUntilTheCount) {
  // The feed drops lines while nobody follows, so they are offered until the command has its two.
  std::thread following([this] {
    EXPECT_EQ(ctl({"events", "--follow", "--count", "2"}), kDone);
    done_ = true;
  });
  while (!done_) {
    feed_.publish(R"({"seq":5,"event_type":"SessionStateChange","peer":"alice",)"
                  R"("reason_code":"heartbeat_timeout","previous":"ATTACHED","new":"VOLATILE",)"
                  R"("state_version":3})"
                  "\n");
    std::this_thread::yield();
  }
  following.join();
  const std::string line = "5 SessionStateChange alice heartbeat_timeout ATTACHED->VOLATILE v3\n";
  EXPECT_EQ(out_.str(), line + line);
}

TEST(RenderEvent, ShowsWhatTheTypeBrings) {
  EXPECT_EQ(render_event(R"({"seq":1,"event_type":"TransportSwitch","peer":null,)"
                         R"("reason_code":"transport_dead","from":"192.0.2.1:1","to":""})"),
            "1 TransportSwitch - transport_dead 192.0.2.1:1->-\n");
  EXPECT_EQ(render_event("garbage"), "garbage\n");
}

TEST(TextTable, CountsCharactersNotBytes) {
  TextTable table({{"NAME"}, {"N", Align::kRight}});
  table.add({"zo\xc3\xab", "1"});
  table.add({"ab", "22"});
  EXPECT_EQ(table.render(), "NAME   N\nzo\xc3\xab    1\nab    22\n");
}

TEST(HumanNumbers, ReadWell) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "16.0 EiB");
  EXPECT_EQ(human_time(0), "0 ms");
  EXPECT_EQ(human_time(59'999), "59.9 s");
  EXPECT_EQ(human_time(200'000), "3 min 20 s");
  EXPECT_EQ(human_time(7'500'000), "2 h 05 min");
  EXPECT_EQ(human_time(273'600'000), "3 d 4 h");
}

class EventLogVerbs : public JumpctlTest {
 protected:
  // A log of one session: created, attached, jumped, ended.
  void SetUp() override {
    JumpctlTest::SetUp();
    log_.attach(1);
    log_.jump(1, 2, 1);
    log_.end(1, 5);
    gateway_.event_log = folder_.path("events.jsonl");
    write(gateway_.event_log);
  }
  void write(const std::string& path) const {
    std::ofstream file(path);
    for (const std::string& line : log_.lines)
      file << line << '\n';
  }
  audit::LogText log_;
};

TEST_F(EventLogVerbs, ATimelineComesFromTheGatewaysLog) {
  EXPECT_EQ(ctl({"timeline", "alice"}), kDone) << err_.str();
  EXPECT_TRUE(shows("session ab010000000000000000000000000000 of alice, node 7\n")) << out_.str();
  EXPECT_TRUE(shows("+0.006000  RECOVERING v4   SessionStateChange policy_forced_recovery\n"))
      << out_.str();
  EXPECT_TRUE(shows("ended: peer_closed;"));
  EXPECT_TRUE(shows("switches: 1 made, 0 denied, 0 failed"));
  EXPECT_EQ(ctl({"timeline", "bob"}), kRefused);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(EventLogVerbs, ATimelineOfAFileNeedsNoGateway) {
  server_.reset();
  ASSERT_EQ(ctl({"timeline", "alice", "--json", "--file", gateway_.event_log}), kDone)
      << err_.str();
  const Json session = Json::parse(out_.str())["sessions"][0];
  EXPECT_EQ(session["state"], "TERMINATED");
  EXPECT_EQ(session["events"].size(), 14U);
  EXPECT_EQ(session["events"][6]["state"], "RECOVERING");
  EXPECT_EQ(session["events"][6]["event"]["state_version"], 4);
  EXPECT_EQ(ctl({"timeline", "alice"}), kUsage);
}

TEST_F(EventLogVerbs, VerifyHasThreeEnds) {
  EXPECT_EQ(ctl({"events", "verify"}), kDone) << out_.str();
  EXPECT_TRUE(shows("14 lines, 1 sessions, 0 events lost and told, 0 faults\n")) << out_.str();
  log_.lines.erase(log_.lines.begin() + 5);
  const std::string edited = folder_.path("edited.jsonl");
  write(edited);
  EXPECT_EQ(ctl({"events", "verify", edited}), kRefused);
  EXPECT_TRUE(shows(edited + ":6: session ab010000000000000000000000000000: number 6 is missing"))
      << out_.str();
  EXPECT_EQ(ctl({"events", "verify", edited, "--json"}), kRefused);
  const Json report = Json::parse(out_.str());
  EXPECT_EQ(report["faults"], 1);
  EXPECT_EQ(report["findings"][0]["line"], 6);
  EXPECT_EQ(ctl({"events", "verify", folder_.path("none")}), kUsage);
}

TEST_F(EventLogVerbs, VerifyTakesARotatedLogInOrder) {
  const auto whole = log_.lines;
  log_.lines.assign(whole.begin(), whole.begin() + 8);
  write(gateway_.event_log + ".1");
  log_.lines.assign(whole.begin() + 8, whole.end());
  write(gateway_.event_log);
  EXPECT_EQ(ctl({"events", "verify"}), kDone) << out_.str();
  EXPECT_EQ(ctl({"events", "verify", gateway_.event_log + ".1", gateway_.event_log}), kDone);
  EXPECT_EQ(ctl({"events", "verify", gateway_.event_log, gateway_.event_log + ".1"}), kRefused);
}

TEST_F(EventLogVerbs, EventsAloneIsWrongUsage) {
  EXPECT_EQ(ctl({"events"}), kUsage);
  EXPECT_NE(err_.str().find("--follow"), std::string::npos);
}

}  // namespace
}  // namespace jumpgate::jumpctl
