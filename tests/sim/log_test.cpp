// The gateway's log of any run, as `jumpctl events verify` and `jumpctl timeline` read it: no fault in it, whatever the
// wall clock does, and every life rebuilt from it as it was.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "audit/json_line.hpp"
#include "audit/timeline.hpp"
#include "audit/verifier.hpp"
#include "options.hpp"
#include "script.hpp"

namespace jumpgate::sim {
namespace {

/// A world's log, checked line by line as it is written.
class Log {
 public:
  explicit Log(World& world)
      : verifier_([this](const audit::Finding& finding) {
          if (finding.kind == audit::Finding::Kind::kFault && faults_.size() < 2'000)
            faults_ += finding.what + "\n";
        }) {
    world.on_gateway_event = [this, &world](const audit::Event& event) {
      const std::string line = audit::to_json_line(event, "5", world.wall_ms());
      const audit::LogLine text{.text = std::string_view(line).substr(0, line.size() - 1),
                                .at = {.file = 0, .line = ++lines_}};
      if (lines_ == leave_out) return;
      verifier_.on_line(text);
      if (timeline_ == nullptr && event.session != SessionId{})
        timeline_ = std::make_unique<audit::Timeline>("c0");
      if (timeline_) timeline_->on_line(text);
    };
  }
  const std::string& faults() {
    verifier_.finish();
    return faults_;
  }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  [[nodiscard]] const audit::Timeline& of_first_client() const { return *timeline_; }
  std::uint64_t leave_out{0};  // this line is not written

 private:
  std::string faults_;
  std::uint64_t lines_{0};
  audit::Verifier verifier_;
  std::unique_ptr<audit::Timeline> timeline_;
};

World make_world(std::uint64_t seed) {
  return World({.seed = seed,
                .clients = 4,
                .policy = policy_variant(static_cast<std::uint8_t>(seed % kPolicyVariants))});
}

TEST(Log, OfAnyRunIsWithoutFaultAndTellsEveryLife) {
  constexpr std::uint64_t kWorlds = 4;
  for (std::uint64_t i = 0; i < kWorlds; ++i) {
    const std::uint64_t seed = options().seed * kWorlds + i;
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world = make_world(seed);
    Log log(world);
    play(world, make_script(seed, 40));
    ASSERT_TRUE(world.findings().clean()) << world.findings().text();
    EXPECT_EQ(log.faults(), "");
    EXPECT_GT(log.lines(), 200U);
    for (const audit::SessionTimeline& told : log.of_first_client().sessions()) {
      EXPECT_EQ(told.faults, 0U);
      EXPECT_EQ(told.left_out, 0U);
      const Life* life = world.timeline().find(told.id);
      ASSERT_NE(life, nullptr);
      EXPECT_EQ(told.state, life->state);
    }
    EXPECT_FALSE(log.of_first_client().sessions().empty());
  }
}

TEST(Log, WithOneLineLessHasAFault) {
  World world = make_world(1);
  Log log(world);
  log.leave_out = 100;
  world.run(seconds(30));
  ASSERT_GT(log.lines(), log.leave_out);
  EXPECT_NE(log.faults(), "");
}

}  // namespace
}  // namespace jumpgate::sim
