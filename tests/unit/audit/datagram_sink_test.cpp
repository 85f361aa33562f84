#include "audit/datagram_sink.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/temp_folder.hpp"

namespace jumpgate::audit {
namespace {

// The other end: a datagram socket under a path.
class Listener {
 public:
  explicit Listener(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Listener(Listener&&) = delete;
  Listener& operator=(Listener&&) = delete;
  ~Listener() { ::close(fd_); }

  [[nodiscard]] bool bound() const { return bound_; }
  std::string receive() {
    std::array<char, 8192> buffer{};
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  bool bound_{false};
};

class DatagramSinkTest : public ::testing::Test {
 protected:
  testing::TempFolder folder_;
  std::string path_{folder_.path("events.sock")};
};

TEST_F(DatagramSinkTest, ALineIsADatagram) {
  Listener listener(path_);
  ASSERT_TRUE(listener.bound());
  DatagramSink sink(path_, DatagramSink::Form::kLine);
  EXPECT_TRUE(sink.write({}, "one\n"));
  EXPECT_TRUE(sink.write({}, "two\n"));
  EXPECT_EQ(listener.receive(), "one\n");
  EXPECT_EQ(listener.receive(), "two\n");
}

TEST_F(DatagramSinkTest, TheJournalGetsAnEntryWithFields) {
  Listener listener(path_);
  DatagramSink sink(path_, DatagramSink::Form::kJournal);
  Event event;
  event.type = EventType::kSecurityReplayDetected;
  event.reason = Reason::kReplayDetected;
  event.session.bytes = {0xab};
  EXPECT_TRUE(sink.write(event, "{}\n"));
  EXPECT_EQ(listener.receive(),
            "PRIORITY=5\nSYSLOG_IDENTIFIER=jumpgate\nJUMPGATE_EVENT=SecurityReplayDetected\n"
            "JUMPGATE_REASON=replay_detected\nJUMPGATE_SESSION=ab000000000000000000000000000000\n"
            "MESSAGE={}\n");
}

TEST_F(DatagramSinkTest, NobodyListensThenSomebodyDoes) {
  DatagramSink sink(path_, DatagramSink::Form::kLine);
  EXPECT_FALSE(sink.write({}, "lost\n"));
  {
    Listener first(path_);
    EXPECT_TRUE(sink.write({}, "one\n"));
  }
  ::unlink(path_.c_str());
  EXPECT_FALSE(sink.write({}, "lost\n"));
  Listener second(path_);
  EXPECT_TRUE(sink.write({}, "two\n"));
  EXPECT_EQ(second.receive(), "two\n");
}

TEST_F(DatagramSinkTest, AListenerThatDoesNotReadCostsLinesAndNoTime) {
  Listener listener(path_);
  DatagramSink sink(path_, DatagramSink::Form::kLine);
  unsigned taken = 0;
  while (taken < 100'000 && sink.write({}, "line\n"))
    ++taken;
  ASSERT_GT(taken, 0U);
  ASSERT_LT(taken, 100'000U) << "the queue has an end, and the sink has come back from it";
  EXPECT_EQ(listener.receive(), "line\n");
  EXPECT_TRUE(sink.write({}, "again\n"));
}

TEST_F(DatagramSinkTest, APathTooLongIsLostAndNoOverrun) {
  DatagramSink sink(std::string(200, 'x'), DatagramSink::Form::kLine);
  EXPECT_FALSE(sink.write({}, "lost\n"));
}

}  // namespace
}  // namespace jumpgate::audit
