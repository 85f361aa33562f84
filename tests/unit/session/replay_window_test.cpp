#include "session/replay_window.hpp"

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr std::uint64_t kLastCounter = (std::uint64_t{1} << 48) - 1;

class ReplayWindowTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  std::vector<std::uint64_t> memory_ =
      std::vector<std::uint64_t>(ReplayWindow::words_for(GetParam()), ~std::uint64_t{0});
  ReplayWindow window_{memory_};
};

// What the window must equal: a set of everything accepted.
class Model {
 public:
  explicit Model(std::uint64_t packets) : packets_(packets) {}
  [[nodiscard]] ReplayVerdict check(std::uint64_t counter) const {
    if (seen_.empty()) return ReplayVerdict::kOk;
    const std::uint64_t highest = *seen_.rbegin();
    if (counter <= highest && highest - counter >= packets_) return ReplayVerdict::kOld;
    return seen_.contains(counter) ? ReplayVerdict::kDuplicate : ReplayVerdict::kOk;
  }
  void commit(std::uint64_t counter) { seen_.insert(counter); }
  [[nodiscard]] const std::set<std::uint64_t>& seen() const { return seen_; }

 private:
  std::uint64_t packets_;
  std::set<std::uint64_t> seen_;
};

TEST_P(ReplayWindowTest, CounterZeroIsValidOnce) {
  EXPECT_FALSE(window_.any());
  EXPECT_EQ(window_.check(0), ReplayVerdict::kOk);
  window_.commit(0);
  EXPECT_TRUE(window_.any());
  EXPECT_EQ(window_.highest(), 0U);
  EXPECT_EQ(window_.check(0), ReplayVerdict::kDuplicate);
  EXPECT_EQ(window_.check(1), ReplayVerdict::kOk);
}

TEST_P(ReplayWindowTest, CheckChangesNothing) {
  window_.commit(10);
  EXPECT_EQ(window_.check(11), ReplayVerdict::kOk);
  EXPECT_EQ(window_.check(11), ReplayVerdict::kOk);
  EXPECT_EQ(window_.highest(), 10U);
  EXPECT_EQ(window_.count(), 1U);
}

TEST_P(ReplayWindowTest, HoldsExactlyItsSize) {
  const std::uint64_t size = GetParam();
  const std::uint64_t highest = 5 * size + 13;
  window_.commit(highest);
  EXPECT_EQ(window_.check(highest - size + 1), ReplayVerdict::kOk);
  EXPECT_EQ(window_.check(highest - size), ReplayVerdict::kOld);
  EXPECT_EQ(window_.check(0), ReplayVerdict::kOld);
}

TEST_P(ReplayWindowTest, ReachesTheLastCounterOf48Bits) {
  window_.commit(0);
  EXPECT_EQ(window_.check(kLastCounter), ReplayVerdict::kOk);
  window_.commit(kLastCounter);
  EXPECT_EQ(window_.check(kLastCounter), ReplayVerdict::kDuplicate);
  EXPECT_EQ(window_.check(kLastCounter - 1), ReplayVerdict::kOk);
  EXPECT_EQ(window_.check(0), ReplayVerdict::kOld);
}

TEST_P(ReplayWindowTest, AJumpOfExactlyOneWindowForgetsEverything) {
  const std::uint64_t size = GetParam();
  for (std::uint64_t c = 0; c < size; ++c)
    window_.commit(c);
  window_.commit(size - 1 + size);
  for (std::uint64_t c = size; c < 2 * size - 1; ++c) {
    ASSERT_EQ(window_.check(c), ReplayVerdict::kOk) << c;
  }
  EXPECT_EQ(window_.check(size - 1), ReplayVerdict::kOld);
}

TEST_P(ReplayWindowTest, EqualsASetUnderRandomOrderJumpsAndReplays) {
  const std::uint64_t size = GetParam();
  std::mt19937_64 random(size);
  Model model(size);
  for (int step = 0; step < 30'000; ++step) {
    const std::uint64_t highest = model.seen().empty() ? 0 : *model.seen().rbegin();
    std::uint64_t counter = 0;
    switch (random() % 8) {
      case 0:  // far ahead
        counter = highest + random() % (4 * size);
        break;
      case 1:  // around the window's edge, below and above
        counter = highest + 2 > size ? highest + 2 - size + random() % 4 : 0;
        break;
      case 2:  // huge, seldom
        counter = random() % 256 == 0 ? highest + (random() % (kLastCounter / 1024)) : highest + 1;
        break;
      case 3:
      case 4:  // next
        counter = highest + 1;
        break;
      default:  // late
        counter = highest - std::min(highest, random() % (size + size / 2));
    }
    counter = std::min(counter, kLastCounter);
    ASSERT_EQ(window_.check(counter), model.check(counter)) << "step " << step << " " << counter;
    if (model.check(counter) != ReplayVerdict::kOk) continue;
    window_.commit(counter);
    model.commit(counter);
    ASSERT_EQ(window_.highest(), *model.seen().rbegin());
    ASSERT_EQ(window_.count(), model.seen().size());
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReplayWindowTest, ::testing::Values(64, 128, 1024, 8192));

TEST(ReplayWindow, WithoutMemoryAcceptsNothing) {
  const ReplayWindow window;
  EXPECT_EQ(window.check(0), ReplayVerdict::kOld);
  EXPECT_EQ(window.check(kLastCounter), ReplayVerdict::kOld);
}

TEST(ReplayWindow, NeverLeavesItsMemory) {
  // Words on both sides as guards; every step of a jump near the window's size.
  std::vector<std::uint64_t> memory(4, 0xdeadbeef);
  ReplayWindow window{std::span<std::uint64_t>(memory).subspan(1, 2)};
  std::uint64_t counter = 0;
  for (std::uint64_t step = 1; step < 200; ++step) {
    window.commit(counter);
    counter += step;
  }
  EXPECT_EQ(memory.front(), 0xdeadbeefU);
  EXPECT_EQ(memory.back(), 0xdeadbeefU);
}

}  // namespace
}  // namespace jumpgate::session
