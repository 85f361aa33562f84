#include "data/admission.hpp"

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"

namespace jumpgate::data {
namespace {

IpAddress v6(std::uint8_t network, std::uint8_t host) {
  IpAddress address{IpFamily::kV6, {}};
  address.bytes[0] = 0x20;
  address.bytes[7] = network;
  address.bytes[15] = host;
  return address;
}

TEST(Admission, OneIpv6NetworkIsOneSource) {
  test::SeededRandom random;
  WorkerLimits limits;
  limits.control_per_source = {1, seconds(1), 3};
  Admission admission(limits, random, MonoNs{1});
  for (std::uint8_t host = 0; host < 3; ++host)
    EXPECT_TRUE(admission.control(v6(1, host), MonoNs{1}));
  EXPECT_FALSE(admission.control(v6(1, 77), MonoNs{1}));
  EXPECT_TRUE(admission.control(v6(2, 0), MonoNs{1}));
}

TEST(Admission, TheTotalBoundsAllSources) {
  test::SeededRandom random;
  WorkerLimits limits;
  limits.control_total = {1, seconds(1), 10};
  Admission admission(limits, random, MonoNs{1});
  int admitted = 0;
  for (std::uint8_t network = 0; network < 100; ++network)
    admitted += admission.control(v6(network, 0), MonoNs{1}) ? 1 : 0;
  EXPECT_EQ(admitted, 10);
  EXPECT_TRUE(admission.control(v6(200, 0), MonoNs{1} + seconds(1)));
}

}  // namespace
}  // namespace jumpgate::data
