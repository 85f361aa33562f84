// The loop against a real kernel: real pipes, real signals, the real CLOCK_BOOTTIME. Deadlines are in
// the past or a few milliseconds ahead; nothing is judged by how long it took.
#include "client/event_loop.hpp"

#include <array>
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace jumpgate::client {
namespace {

MonoNs never() {
  return kNever;
}
void no_tick(MonoNs) {}

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int out() const { return ends_[0]; }
  void put() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  void take() const {
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST(EventLoop, AReadableDescriptorIsHandledUntilItIsEmpty) {
  EventLoop loop;
  const Pipe pipe;
  int calls = 0;
  ASSERT_TRUE(loop.add(pipe.out(), [&](std::uint32_t) {
    pipe.take();
    if (++calls == 3) loop.stop();
  }));
  for (int i = 0; i < 3; ++i)
    pipe.put();
  loop.run(never, no_tick);
  EXPECT_EQ(calls, 3) << "level-triggered: what was left is told again";
}

TEST(EventLoop, ADescriptorTheKernelRefusesIsSaid) {
  EventLoop loop;
  EXPECT_FALSE(loop.add(-1, [](std::uint32_t) {}));
  const Pipe pipe;
  ASSERT_TRUE(loop.add(pipe.out(), [](std::uint32_t) {}));
  EXPECT_FALSE(loop.add(pipe.out(), [](std::uint32_t) {})) << "twice the same";
}

TEST(EventLoop, AHandlerMayRemoveAnotherOfTheSameRoundAndItself) {
  EventLoop loop;
  const Pipe first;
  const Pipe second;
  std::string called;
  const auto both = [&](const char* name) {
    return [&, name](std::uint32_t) {
      called += name;
      loop.remove(first.out());
      loop.remove(second.out());
    };
  };
  ASSERT_TRUE(loop.add(first.out(), both("first")));
  ASSERT_TRUE(loop.add(second.out(), both("second")));
  first.put();
  second.put();
  // Nothing is left to wake the loop but the deadline.
  const MonoNs due = EventLoop::now() + milliseconds(5);
  loop.run([&] { return due; }, [&](MonoNs) { loop.stop(); });
  EXPECT_TRUE(called == "first" || called == "second") << called;
}

TEST(EventLoop, ARemovedDescriptorIsSilent) {
  EventLoop loop;
  const Pipe pipe;
  ASSERT_TRUE(loop.add(pipe.out(), [](std::uint32_t) { FAIL() << "removed"; }));
  loop.remove(pipe.out());
  pipe.put();
  const MonoNs due = EventLoop::now() + milliseconds(5);
  loop.run([&] { return due; }, [&](MonoNs) { loop.stop(); });
}

TEST(EventLoop, ATickComesAtTheDeadlineAndNotBefore) {
  EventLoop loop;
  const MonoNs due = EventLoop::now() + milliseconds(20);
  MonoNs ticked{};
  loop.run([&] { return due; },
           [&](MonoNs now) {
             ticked = now;
             loop.stop();
           });
  EXPECT_GE(ticked, due);
}

TEST(EventLoop, ADeadlineInThePastTicksAtOnce) {
  EventLoop loop;
  int ticks = 0;
  loop.run([] { return MonoNs{}; },
           [&](MonoNs) {
             if (++ticks == 2) loop.stop();
           });
  EXPECT_EQ(ticks, 2);
}

TEST(EventLoop, ANewDeadlineIsArmedAfterTheOldOneFired) {
  EventLoop loop;
  MonoNs due = EventLoop::now() + milliseconds(2);
  int ticks = 0;
  loop.run([&] { return due; },
           [&](MonoNs now) {
             due = now + milliseconds(2);
             if (++ticks == 3) loop.stop();
           });
  EXPECT_EQ(ticks, 3);
}

TEST(EventLoop, AHandlerMovesTheDeadlineEarlier) {
  EventLoop loop;
  const Pipe pipe;
  MonoNs due = EventLoop::now() + seconds(3600);
  bool ticked = false;
  ASSERT_TRUE(loop.add(pipe.out(), [&](std::uint32_t) {
    pipe.take();
    due = EventLoop::now() + milliseconds(2);
  }));
  pipe.put();
  loop.run([&] { return due; },
           [&](MonoNs) {
             ticked = true;
             loop.stop();
           });
  EXPECT_TRUE(ticked);
}

TEST(EventLoop, SignalsArriveAsCallsInsteadOfTheEnd) {
  for (const int number : {SIGTERM, SIGINT}) {
    sigset_t before;
    ::sigprocmask(SIG_SETMASK, nullptr, &before);
    {
      EventLoop loop;
      int calls = 0;
      ASSERT_TRUE(loop.catch_signals([&] {
        ++calls;
        loop.stop();
      }));
      ASSERT_EQ(::kill(::getpid(), number), 0);
      loop.run(never, no_tick);
      EXPECT_EQ(calls, 1) << number;
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
  }
}

}  // namespace
}  // namespace jumpgate::client
