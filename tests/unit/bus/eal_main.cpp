#include "../../support/test_eal.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return jumpgate::testing::run_tests_in_eal("unit_bus", 64);
}
