#include "audit/audit_thread.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jumpgate::audit {
namespace {

using Json = nlohmann::json;

struct Recorded {
  std::vector<Json> lines;
  bool fails{false};
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(Recorded& recorded) : recorded_(recorded) {}
  bool write(const Event& /*event*/, std::string_view line) override {
    if (recorded_.fails) return false;
    recorded_.lines.push_back(Json::parse(line));
    return true;
  }
  [[nodiscard]] std::string_view name() const override { return "fake"; }

 private:
  Recorded& recorded_;
};

class AuditThreadTest : public ::testing::Test {
 protected:
  AuditThreadTest() {
    audit_.add_sink(std::make_unique<FakeSink>(first_));
    audit_.add_sink(std::make_unique<FakeSink>(second_));
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i)
      log_.publish(Event{});
  }
  // Numbers of a sink's lines and of the ranges its EventsLost lines name, in order.
  static void expect_complete(const Recorded& recorded, std::uint64_t last) {
    std::uint64_t next = 1;
    for (const Json& line : recorded.lines) {
      if (line["event_type"] == "EventsLost") {
        EXPECT_EQ(line["first_seq"], next);
        next = line["last_seq"].get<std::uint64_t>() + 1;
        EXPECT_EQ(line["count"], next - line["first_seq"].get<std::uint64_t>());
        if (line["seq"] == next) ++next;  // a number of its own
        continue;
      }
      EXPECT_EQ(line["seq"], next++);
    }
    EXPECT_EQ(next, last + 1);
  }

  EventLog log_{16};
  Recorded first_;
  Recorded second_;
  AuditThread audit_{log_, "node", [] { return std::uint64_t{1234}; }};
};

TEST_F(AuditThreadTest, EverySinkGetsEveryEvent) {
  publish(3);
  EXPECT_EQ(audit_.drain(), 3U);
  EXPECT_EQ(audit_.drain(), 0U);
  EXPECT_EQ(first_.lines.size(), 3U);
  EXPECT_EQ(first_.lines, second_.lines);
  EXPECT_EQ(first_.lines[0]["ts_ms"], 1234);
  EXPECT_EQ(first_.lines[0]["node_id"], "node");
}

TEST_F(AuditThreadTest, ADeadSinkHarmsNoOtherAndIsToldWhatItMissed) {
  publish(2);
  audit_.drain();
  second_.fails = true;
  publish(5);
  audit_.drain();
  second_.fails = false;
  publish(1);
  audit_.drain();
  EXPECT_EQ(first_.lines.size(), 8U);
  EXPECT_EQ(audit_.lost_at_sinks(), 5U);
  ASSERT_EQ(second_.lines.size(), 4U);
  EXPECT_EQ(second_.lines[2]["event_type"], "EventsLost");
  EXPECT_EQ(second_.lines[2]["count"], 5);
  expect_complete(first_, 8);
  expect_complete(second_, 8);
}

TEST_F(AuditThreadTest, ALossAtTheRingWithinALossAtTheSinkIsCountedOnce) {
  second_.fails = true;
  publish(1);
  audit_.drain();
  publish(20);  // 16 fit
  EXPECT_EQ(log_.lost(), 4U);
  audit_.drain();
  publish(1);  // the announcement goes with it, both lost at the sink
  audit_.drain();
  second_.fails = false;
  publish(1);
  audit_.drain();
  expect_complete(first_, log_.next_seq() - 1);
  expect_complete(second_, log_.next_seq() - 1);
  EXPECT_EQ(second_.lines.size(), 2U);
}

TEST_F(AuditThreadTest, ASinkThatFailsAtTheAnnouncedLossNamesItToo) {
  publish(20);
  audit_.drain();
  second_.fails = true;
  publish(1);  // EventsLost 17..20, and one more
  audit_.drain();
  second_.fails = false;
  publish(1);
  audit_.drain();
  expect_complete(second_, log_.next_seq() - 1);
}

TEST_F(AuditThreadTest, ItsThreadDrainsEverythingBeforeItStops) {
  audit_.start();
  std::uint64_t published = 0;
  for (int i = 0; i < 2'000; ++i)
    published += log_.publish(Event{}) ? 1U : 0U;
  audit_.stop();
  log_.flush_loss(MonoNs{}, 1);
  audit_.drain();
  expect_complete(first_, log_.next_seq() - 1);
  EXPECT_EQ(published + log_.lost(), 2'000U);
}

}  // namespace
}  // namespace jumpgate::audit
