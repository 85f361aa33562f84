#include "link_faulty/control.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jumpgate::link_faulty {
namespace {

class Control : public testing::Test {
 protected:
  bool ok(std::string_view request) {
    return nlohmann::json::parse(handle_request(request, ab_, ba_)).at("ok").get<bool>();
  }

  Direction ab_{{}, 1, 4, 64};
  Direction ba_{{}, 2, 4, 64};
};

TEST_F(Control, ChangesOneDirectionOrBoth) {
  ASSERT_TRUE(ok(R"({"direction":"ab","loss":0.5,"delay_ms":1.5})"));
  EXPECT_EQ(ab_.model().settings().loss, 0.5);
  EXPECT_EQ(ab_.model().settings().delay, microseconds(1500));
  EXPECT_EQ(ba_.model().settings().loss, 0.0);

  ASSERT_TRUE(ok(R"({"direction":"both","rate_mbit":10})"));
  EXPECT_EQ(ab_.model().settings().rate_bps, 10'000'000U);
  EXPECT_EQ(ba_.model().settings().rate_bps, 10'000'000U);
  EXPECT_EQ(ab_.model().settings().loss, 0.5) << "what is not named stays";
}

TEST_F(Control, EmptyRequestAnswersCounters) {
  ab_.arrive(MonoNs{}, std::array<std::byte, 10>{}, false);
  const auto answer = nlohmann::json::parse(handle_request("{}", ab_, ba_));
  EXPECT_EQ(answer["ab"]["received"], 1);
  EXPECT_EQ(answer["ab"]["in_flight"], 1);
  EXPECT_EQ(answer["ba"]["received"], 0);
}

TEST_F(Control, BadRequestsChangeNothing) {
  for (const char* request :
       {"", "x", "[]", "1", R"({"direction":"up","loss":1})", R"({"direction":1})",
        R"({"loss":"1"})", R"({"loss":2})", R"({"delay_ms":1e300})", R"({"delay_ms":-1})",
        R"({"loss":1,"gain":1})", R"({"loss":0.5,"jitter_ms":6001})"}) {
    EXPECT_FALSE(ok(request)) << request;
  }
  EXPECT_EQ(ab_.model().settings().loss, 0.0);
  EXPECT_EQ(ba_.model().settings().loss, 0.0);
}

TEST_F(Control, AnswersFitADatagram) {
  EXPECT_LT(counters_json(ab_, ba_).size(), kMaxControlBytes / 2);
}

}  // namespace
}  // namespace jumpgate::link_faulty
