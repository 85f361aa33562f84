#include "api/framing.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <expected>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <jumpgate/limits.hpp>

#include "tests/support/temp_folder.hpp"

namespace jumpgate::api {
namespace {

class FramingTest : public ::testing::Test {
 protected:
  FramingTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_ = Socket(ends[0]);
    far_ = Socket(ends[1]);
  }
  testing::TempFolder folder_;
  std::string path_{folder_.path("control.sock")};
  Socket near_;
  Socket far_;
};

TEST_F(FramingTest, AMessageArrivesWhole) {
  EXPECT_EQ(send_message(near_.fd(), "one"), SendResult::kSent);
  EXPECT_EQ(send_message(near_.fd(), "two"), SendResult::kSent);
  std::string message;
  EXPECT_EQ(receive_message(far_.fd(), message), ReceiveResult::kMessage);
  EXPECT_EQ(message, "one");
  EXPECT_EQ(receive_message(far_.fd(), message), ReceiveResult::kMessage);
  EXPECT_EQ(message, "two");
  EXPECT_EQ(receive_message(far_.fd(), message), ReceiveResult::kNothing);
}

TEST_F(FramingTest, TheLargestMessagePassesAndOneByteMoreDoesNot) {
  const std::string largest(limits::kMaxApiMessage, 'x');
  EXPECT_EQ(send_message(near_.fd(), largest), SendResult::kSent);
  std::string message;
  EXPECT_EQ(receive_message(far_.fd(), message), ReceiveResult::kMessage);
  EXPECT_EQ(message, largest);
  EXPECT_EQ(send_message(near_.fd(), largest + "x"), SendResult::kTooLarge);
}

TEST_F(FramingTest, ATooLargeMessageOfAStrangerIsNotTakenForWhole) {
  const std::string larger(limits::kMaxApiMessage + 1, 'x');
  ASSERT_GT(::send(near_.fd(), larger.data(), larger.size(), 0), 0);
  std::string message;
  EXPECT_EQ(receive_message(far_.fd(), message), ReceiveResult::kTooLarge);
  EXPECT_TRUE(message.empty());
}

TEST_F(FramingTest, SendingNeverWaitsForAReader) {
  const std::string message(limits::kMaxApiMessage, 'x');
  SendResult result = SendResult::kSent;
  for (int i = 0; i < 1000 && result == SendResult::kSent; ++i) {
    result = send_message(near_.fd(), message);
  }
  EXPECT_EQ(result, SendResult::kFull);
}

TEST_F(FramingTest, WhatWasSaidBeforeARequestWentUnreadIsHeard) {
  EXPECT_EQ(send_message(near_.fd(), "request"), SendResult::kSent);
  EXPECT_EQ(send_message(far_.fd(), "no"), SendResult::kSent);
  far_ = Socket();
  std::string message;
  EXPECT_EQ(receive_message(near_.fd(), message), ReceiveResult::kMessage);
  EXPECT_EQ(message, "no");
  EXPECT_EQ(receive_message(near_.fd(), message), ReceiveResult::kClosed);
}

TEST_F(FramingTest, TheEndOfTheConnectionIsSeenOnBothSides) {
  far_ = Socket();
  std::string message;
  EXPECT_EQ(receive_message(near_.fd(), message), ReceiveResult::kClosed);
  EXPECT_EQ(send_message(near_.fd(), "x"), SendResult::kClosed);
}

TEST_F(FramingTest, TheSocketFileIsForRootAndTheGroupAlone) {
  const auto alone = listen_at(path_, {});
  ASSERT_TRUE(alone) << alone.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const std::string shared = folder_.path("shared.sock");
  const auto with_group = listen_at(shared, {"daemon"});
  ASSERT_TRUE(with_group) << with_group.error().message;
  ASSERT_EQ(::stat(shared.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  EXPECT_EQ(status.st_gid, 1U);  // Debian's daemon
}

TEST_F(FramingTest, AnUnknownGroupIsAnErrorThatSaysWhatToDo) {
  const auto listener = listen_at(path_, {"no-such-group"});
  ASSERT_FALSE(listener);
  EXPECT_NE(listener.error().message.find("groupadd"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(FramingTest, AStaleFileIsReplacedALiveOneIsNot) {
  {
    const auto dead = listen_at(path_, {});
  }
  ASSERT_TRUE(std::filesystem::exists(path_));
  const auto listener = listen_at(path_, {});
  ASSERT_TRUE(listener) << listener.error().message;
  const auto second = listen_at(path_, {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another instance"), std::string::npos);
}

// The file of a dead one lies there, and nobody listens yet at what the first of them makes.
TEST_F(FramingTest, OfProgramsThatStartAtOnceOneGetsTheFile) {
  constexpr std::size_t kStarters = 3;
  for (int round = 0; round < 300; ++round) {
    ASSERT_TRUE(listen_at(path_, {})) << round;  // and gone again, but for its file
    std::barrier begin(kStarters);
    std::array<std::expected<Socket, Error>, kStarters> got;
    std::vector<std::jthread> starters;
    for (auto& mine : got)
      starters.emplace_back([&] {
        begin.arrive_and_wait();
        mine = listen_at(path_, {});
      });
    starters.clear();
    ASSERT_EQ(std::ranges::count_if(got, [](const auto& g) { return g.has_value(); }), 1) << round;
    ASSERT_TRUE(connect_to(path_)) << "the one that has it is found";
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
}

/// Whether somebody waits for a lock on the file (proc(5), /proc/locks).
bool is_waited_for(const Socket& file) {
  struct stat status{};
  if (::fstat(file.fd(), &status) != 0) return false;
  const std::string inode = ":" + std::to_string(status.st_ino) + " ";
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);)
    if (line.contains("-> FLOCK") && line.contains(inode)) return true;
  return false;
}

// Whoever holds the first has removed it: it keeps nobody away any more.
TEST_F(FramingTest, WhoWaitedForALockThatHasGoneWaitsForTheNext) {
  const std::string path = path_ + ".lock";
  const auto take = [&path] {
    Socket file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(::flock(file.fd(), LOCK_EX | LOCK_NB), 0);
    return file;
  };
  std::optional<Socket> first = take();
  auto starter =
      std::async(std::launch::async, [this] { return listen_at(path_, {}).has_value(); });
  while (!is_waited_for(*first))
    std::this_thread::yield();
  ASSERT_EQ(::unlink(path.c_str()), 0);
  std::optional<Socket> next = take();
  first.reset();
  while (!is_waited_for(*next))
    ASSERT_NE(starter.wait_for(std::chrono::milliseconds(1)), std::future_status::ready);
  next.reset();
  EXPECT_TRUE(starter.get());
}

TEST_F(FramingTest, AFileThatIsNoSocketStays) {
  std::ofstream(path_) << "precious";
  EXPECT_FALSE(listen_at(path_, {}));
  EXPECT_EQ(std::filesystem::file_size(path_), 8U);
}

TEST_F(FramingTest, ConnectingToNothingSaysSo) {
  const auto socket = connect_to(path_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ErrorCode::kCannotConnect);
  EXPECT_NE(socket.error().message.find("is it running"), std::string::npos);
  EXPECT_FALSE(connect_to(std::string(300, 'x')));
  EXPECT_FALSE(connect_to(""));
}

TEST_F(FramingTest, RootAndOurOwnUserAreAllowed) {
  EXPECT_TRUE(peer_is_allowed(far_.fd(), {}));
}

}  // namespace
}  // namespace jumpgate::api
