// All simulations in one EAL, with options of their own behind GoogleTest's.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sodium/core.h>

#include "../support/test_eal.hpp"
#include "options.hpp"

namespace {

/// Where the file behind `name` is noted; null: it takes none.
std::string* file_of(const std::string& name) {
  jumpgate::sim::Options& asked = jumpgate::sim::options();
  if (name == "--report") return &asked.report;
  if (name == "--details") return &asked.details;
  if (name == "--case") return &asked.replay;
  return nullptr;
}

/// What GoogleTest has left of the command line. False: something else stands there.
bool read_options(int argc, char** argv) {
  jumpgate::sim::Options& asked = jumpgate::sim::options();
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) return false;
    if (std::string* file = file_of(name)) {
      *file = argv[i + 1];
      continue;
    }
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--seed") {
      asked.seed = value;
    } else if (name == "--jumps") {
      asked.jumps = value;
    } else if (name == "--hostile") {
      asked.hostile = value;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!read_options(argc, argv)) {
    std::fputs(
        "usage: sim [--seed N] [--jumps N] [--hostile N] [--report FILE] [--details FILE] "
        "[--case FILE] [GoogleTest's own]\n",
        stderr);
    return 2;
  }
  if (!jumpgate::sim::options().replay.empty()) GTEST_FLAG_SET(filter, "Jumps.WhateverHappens*");
  if (sodium_init() < 0) return 1;
  int result = jumpgate::testing::run_tests_in_eal("sim", 256);
  const jumpgate::sim::Options& asked = jumpgate::sim::options();
  const bool written = (asked.report.empty() || jumpgate::sim::write_report(asked.report)) &&
                       (asked.details.empty() || jumpgate::sim::write_details(asked.details));
  if (!written) {
    std::fputs("sim: the report can not be written\n", stderr);
    result = 1;
  }
  return result;
}
