#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/standard_streams.hpp"
#include "tools/jumpctl/jumpctl.hpp"

int main(int argc, char** argv) {
  jumpgate::app::hold_standard_streams();
  try {
    const int status = jumpgate::jumpctl::run(std::vector<std::string>(argv + 1, argv + argc),
                                              std::cout, std::cerr);
    if (std::cout.flush()) return status;
    jumpgate::app::complain("jumpctl", "standard output does not take the answer");
    return jumpgate::jumpctl::kRefused;
  } catch (const std::exception& fault) {
    std::cerr << "jumpctl: " << fault.what() << '\n';
    return jumpgate::jumpctl::kRefused;
  }
}
