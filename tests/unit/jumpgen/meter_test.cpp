#include "tools/jumpgen/meter.hpp"

#include <gtest/gtest.h>

namespace jumpgate::jumpgen {
namespace {

constexpr MonoNs kStart{1'000'000};

ReceivedProbe received(const Probe& probe, std::size_t size = 100) {
  return {.source = {}, .destination = {}, .size = size, .probe = probe};
}

class MeterTest : public testing::Test {
 protected:
  MeterTest() { meter.begin(7); }
  Meter meter{3};
};

TEST_F(MeterTest, WhatDoesNotArriveIsLost) {
  const Probe first = meter.stamp(1, 100, kStart);
  (void)meter.stamp(1, 100, kStart);
  meter.arrived(received(first), 1, kStart + microseconds(40));
  EXPECT_EQ(meter.counts().sent, 2U);
  EXPECT_EQ(meter.counts().sent_bytes, 200U);
  EXPECT_EQ(meter.counts().received, 1U);
  EXPECT_EQ(meter.counts().received_bytes, 100U);
  EXPECT_EQ(meter.counts().lost(), 1U);
  EXPECT_EQ(meter.latency().largest(), microseconds(40));
}

TEST_F(MeterTest, OrderIsKeptForEachClient) {
  const Probe a0 = meter.stamp(0, 100, kStart);
  const Probe b0 = meter.stamp(2, 100, kStart);
  const Probe a1 = meter.stamp(0, 100, kStart);
  const Probe a2 = meter.stamp(0, 100, kStart);
  meter.arrived(received(a2), 0, kStart);
  meter.arrived(received(b0), 2, kStart);
  EXPECT_EQ(meter.counts().reordered, 0U) << "gaps are no reordering, nor are other clients";
  meter.arrived(received(a0), 0, kStart);
  meter.arrived(received(a1), 0, kStart);
  EXPECT_EQ(meter.counts().reordered, 2U) << "both came after a higher number";
  EXPECT_EQ(meter.counts().lost(), 0U);
}

TEST_F(MeterTest, WhatIsNotOursIsCountedApart) {
  const Probe probe = meter.stamp(1, 100, kStart);
  meter.arrived(std::nullopt, 1, kStart);
  meter.arrived(received(probe), 2, kStart);
  meter.arrived(received(probe), std::nullopt, kStart);
  Probe late = probe;
  late.trial = 6;
  meter.arrived(received(late), 1, kStart);
  EXPECT_EQ(meter.counts().foreign, 1U);
  EXPECT_EQ(meter.counts().stray, 2U);
  EXPECT_EQ(meter.counts().late, 1U);
  EXPECT_EQ(meter.counts().received, 0U);
  EXPECT_EQ(meter.latency().count(), 0U);
}

TEST_F(MeterTest, EachTrialBeginsAnew) {
  meter.arrived(received(meter.stamp(1, 100, kStart)), 1, kStart);
  meter.begin(8);
  EXPECT_EQ(meter.counts().sent, 0U);
  EXPECT_EQ(meter.latency().count(), 0U);
  const Probe probe = meter.stamp(1, 100, kStart);
  EXPECT_EQ(probe.sequence, 0U);
  EXPECT_EQ(probe.trial, 8U);
  meter.arrived(received(probe), 1, kStart);
  EXPECT_EQ(meter.counts().reordered, 0U);
}

}  // namespace
}  // namespace jumpgate::jumpgen
