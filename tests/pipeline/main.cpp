#include <sodium/core.h>

#include "../support/test_eal.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (sodium_init() < 0) return 1;
  return jumpgate::testing::run_tests_in_eal("pipeline", 256);
}
