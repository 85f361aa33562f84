#include "net/published.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace jumpgate::net {
namespace {

struct Image {
  explicit Image(int* count) : alive{count} { ++*alive; }
  ~Image() { --*alive; }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  int* alive;
};

TEST(Published, AnImageLivesUntilEveryWorkerWasQuiescent) {
  int alive = 0;
  Quiescence quiescence{2};
  quiescence.online(0);
  quiescence.online(1);
  Published<Image> published{quiescence, std::make_unique<Image>(&alive)};
  const Image* held = published.get();
  ASSERT_TRUE(published.publish(std::make_unique<Image>(&alive)));
  EXPECT_NE(published.get(), held);
  quiescence.quiescent(0);
  EXPECT_EQ(published.reclaim(), 1U);
  EXPECT_EQ(alive, 2) << "worker 1 may still read the first";
  quiescence.quiescent(1);
  EXPECT_EQ(published.reclaim(), 0U);
  EXPECT_EQ(alive, 1);
}

TEST(Published, AWorkerThatIsOfflineHoldsNothing) {
  int alive = 0;
  Quiescence quiescence{2};
  quiescence.online(0);
  Published<Image> published{quiescence, std::make_unique<Image>(&alive)};
  ASSERT_TRUE(published.publish(std::make_unique<Image>(&alive)));
  quiescence.offline(0);
  EXPECT_EQ(published.reclaim(), 0U);
  EXPECT_EQ(alive, 1);
}

TEST(Published, AStuckWorkerCostsARefusalAndNoMemory) {
  int alive = 0;
  Quiescence quiescence{1};
  quiescence.online(0);
  Published<Image> published{quiescence, std::make_unique<Image>(&alive)};
  for (std::size_t i = 0; i < kMaxRetired; ++i)
    EXPECT_TRUE(published.publish(std::make_unique<Image>(&alive)));
  const Image* current = published.get();
  EXPECT_FALSE(published.publish(std::make_unique<Image>(&alive)));
  EXPECT_EQ(published.get(), current);
  EXPECT_EQ(alive, static_cast<int>(kMaxRetired) + 1);
  quiescence.quiescent(0);
  EXPECT_TRUE(published.publish(std::make_unique<Image>(&alive)));
}

}  // namespace
}  // namespace jumpgate::net
