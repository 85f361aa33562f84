#include "api/server.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include "api/client.hpp"
#include "api/gateway_calls.hpp"
#include "tests/support/fake_gateway.hpp"
#include "tests/support/temp_folder.hpp"

namespace jumpgate::api {
namespace {

using Json = nlohmann::json;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    auto opened = Server::open({path_, {}}, calls_, &feed_);
    if (opened) server_ = std::move(*opened);
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }

  // Rounds until nothing is left to do.
  void serve() {
    for (int i = 0; i < 20; ++i)
      server_->poll_once(Duration{});
  }
  Client connect() {
    auto client = Client::connect(path_);
    EXPECT_TRUE(client);
    serve();
    return std::move(*client);
  }
  // One raw exchange, answered on this thread.
  std::string exchange(const Socket& socket, std::string_view request) {
    EXPECT_EQ(send_message(socket.fd(), request), SendResult::kSent);
    serve();
    std::string message;
    static_cast<void>(receive_message(socket.fd(), message));
    return message;
  }
  Client follower() {
    auto socket = connect_to(path_);
    EXPECT_TRUE(socket);
    EXPECT_EQ(exchange(*socket, R"({"command":"follow"})"), R"({"id":null,"reply":{}})");
    return Client::adopt(std::move(*socket));
  }

  jumpgate::testing::TempFolder folder_;
  std::string path_{folder_.path("control.sock")};
  jumpgate::testing::FakeGateway gateway_;
  GatewayCalls calls_{gateway_};
  EventFeed feed_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersATypedRequestOverItsOwnThread) {
  server_->start();
  auto client = Client::connect(path_);
  ASSERT_TRUE(client);
  const Response status = client->request(StatusRequest{});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(std::get<Status>(*status).node_id, "gw-1");
  const Response session = client->request(SessionRequest{"peer-1"});
  ASSERT_TRUE(session);
  EXPECT_EQ(std::get<SessionInfo>(*session).rx_packets, UINT64_MAX);
  const Response missing = client->request(SessionRequest{"nobody"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{ErrorCode::kNotFound, "no session or peer 'nobody'"}));
  server_->stop();
}

TEST_F(ServerTest, WhatIsNotUnderstoodNeverReachesTheGateway) {
  const auto socket = connect_to(path_);
  ASSERT_TRUE(socket);
  for (const char* request :
       {"x", "[]", "{}", R"({"command":5})", R"({"command":"status","arguments":[]})",
        R"({"command":"status","id":"x"})", R"({"command":"no"})", "{\"command\":\"status\"",
        "\xff\xfe"}) {
    const Json answer = Json::parse(exchange(*socket, request), nullptr, false);
    ASSERT_TRUE(answer.is_object()) << request;
    EXPECT_EQ(answer["error"]["code"], "bad_request") << request;
  }
  EXPECT_EQ(gateway_.calls, 0U);
  EXPECT_EQ(server_->clients(), 1U);
}

TEST_F(ServerTest, ATooLargeRequestEndsTheConnection) {
  const auto socket = connect_to(path_);
  ASSERT_TRUE(socket);
  const std::string larger(limits::kMaxApiMessage + 1, ' ');
  ASSERT_GT(::send(socket->fd(), larger.data(), larger.size(), MSG_NOSIGNAL), 0);
  serve();
  std::string message;
  ASSERT_EQ(receive_message(socket->fd(), message), ReceiveResult::kMessage);
  EXPECT_EQ(Json::parse(message)["error"]["code"], "too_large");
  EXPECT_EQ(receive_message(socket->fd(), message), ReceiveResult::kClosed);
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(ServerTest, AnAnswerThatDoesNotFitIsAnError) {
  gateway_.changes.assign(1, std::string(limits::kMaxApiMessage, 'x'));
  const auto socket = connect_to(path_);
  ASSERT_TRUE(socket);
  const Json answer = Json::parse(exchange(*socket, R"({"id":3,"command":"reload"})"));
  EXPECT_EQ(answer["id"], 3);
  EXPECT_EQ(answer["error"]["code"], "too_large");
}

TEST_F(ServerTest, ClientsAreBounded) {
  std::vector<Client> clients;
  for (std::size_t i = 0; i < limits::kMaxApiClients; ++i)
    clients.push_back(connect());
  EXPECT_EQ(server_->clients(), limits::kMaxApiClients);
  auto one_more = connect_to(path_);
  ASSERT_TRUE(one_more);
  serve();
  std::string message;
  ASSERT_EQ(receive_message(one_more->fd(), message), ReceiveResult::kMessage);
  EXPECT_EQ(Json::parse(message)["error"]["code"], "busy");
  EXPECT_EQ(receive_message(one_more->fd(), message), ReceiveResult::kClosed);
  EXPECT_EQ(server_->refused(), 1U);
  clients.pop_back();
  serve();
  EXPECT_EQ(server_->clients(), limits::kMaxApiClients - 1);
}

TEST_F(ServerTest, WhoAsksWithoutReadingIsClosed) {
  gateway_.sessions = kSessionsPerPage;
  const auto socket = connect_to(path_);
  ASSERT_TRUE(socket);
  for (int i = 0; i < 200; ++i) {
    static_cast<void>(send_message(socket->fd(), R"({"command":"sessions"})"));
    server_->poll_once(Duration{});
  }
  EXPECT_EQ(server_->clients(), 0U);
  EXPECT_EQ(server_->refused(), 1U);
}

TEST_F(ServerTest, FollowersGetEveryLine) {
  feed_.publish("{\"seq\":1}\n");  // before anybody follows
  Client first = follower();
  Client second = follower();
  feed_.publish("{\"seq\":2}\n");
  serve();
  EXPECT_EQ(first.next_event(Duration{})->line, "{\"seq\":2}");
  EXPECT_EQ(second.next_event(Duration{})->line, "{\"seq\":2}");
  EXPECT_EQ(first.next_event(Duration{}).error().code, ErrorCode::kBusy);
}

TEST_F(ServerTest, ASlowFollowerIsToldExactlyWhatItMissed) {
  Client slow = follower();
  Client quick = follower();
  constexpr std::uint64_t kLines = 2'000;
  const std::string filler(2000, 'x');
  std::uint64_t quick_lines = 0;
  for (std::uint64_t seq = 1; seq <= kLines; ++seq) {
    feed_.publish(Json{{"seq", seq}, {"filler", filler}}.dump() + '\n');
    server_->poll_once(Duration{});
    while (const auto event = quick.next_event(Duration{}))
      ++quick_lines;
  }
  EXPECT_EQ(quick_lines, kLines);
  std::uint64_t seen = 0;
  std::uint64_t missed = 0;
  for (;;) {
    const auto event = slow.next_event(Duration{});
    if (!event) {
      server_->poll_once(Duration{});  // tells of the loss as soon as there is room
      if (missed > 0) break;
      continue;
    }
    missed += event->lost;
    if (event->line.empty()) continue;
    ++seen;
    EXPECT_EQ(Json::parse(event->line)["seq"], seen);
  }
  EXPECT_GT(missed, 0U);
  EXPECT_EQ(seen + missed, kLines);
}

TEST_F(ServerTest, AFullFeedCountsForEveryFollower) {
  Client client = follower();
  for (std::size_t i = 0; i < kFeedLines + 7; ++i)
    feed_.publish("{\"a\":1}\n");
  std::uint64_t lines = 0;
  std::uint64_t lost = 0;
  for (int round = 0; round < 50; ++round) {
    server_->poll_once(Duration{});
    while (const auto event = client.next_event(Duration{})) {
      lost += event->lost;
      lines += event->line.empty() ? 0U : 1U;
    }
  }
  EXPECT_EQ(lines + lost, kFeedLines + 7);
  EXPECT_GE(lost, 7U);
}

TEST_F(ServerTest, WithoutAFeedThereIsNothingToFollow) {
  const std::string path = folder_.path("other.sock");
  auto server = Server::open({path, {}}, calls_, nullptr);
  ASSERT_TRUE(server);
  (*server)->start();
  auto client = Client::connect(path);
  ASSERT_TRUE(client);
  const auto followed = client->follow();
  ASSERT_FALSE(followed);
  EXPECT_EQ(followed.error().code, ErrorCode::kRefused);
}

TEST_F(ServerTest, ItsEndRemovesTheFileAndClosesItsClients) {
  Client client = connect();
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(client.request(StatusRequest{}).error().code, ErrorCode::kCannotConnect);
}

TEST_F(ServerTest, ACallWithoutAnAnswerEndsInTime) {
  Client client = connect();  // nobody serves
  EXPECT_EQ(client.request(StatusRequest{}, milliseconds(1)).error().code, ErrorCode::kBusy);
}

}  // namespace
}  // namespace jumpgate::api
