#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "tools/jumpctl/jumpctl.hpp"

int main(int argc, char** argv) {
  try {
    return jumpgate::jumpctl::run(std::vector<std::string>(argv + 1, argv + argc), std::cout,
                                  std::cerr);
  } catch (const std::exception& fault) {
    std::cerr << "jumpctl: " << fault.what() << '\n';
    return jumpgate::jumpctl::kRefused;
  }
}
