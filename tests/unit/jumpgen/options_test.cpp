#include "tools/jumpgen/options.hpp"

#include <sstream>

#include <gtest/gtest.h>

namespace jumpgate::jumpgen {
namespace {

const std::vector<std::string> kSides{
    "--count",         "4",
    "--gateway",       "192.0.2.10:51820",
    "--gateway-key",   "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=",
    "--outer-port",    "af_xdp:wan0",
    "--outer-address", "192.0.2.1",
    "--inner-port",    "pci:0000:01:00.0,mprq_en=1",
    "--inner-address", "10.9.0.2",
    "--inner-gateway", "10.9.0.1"};

struct Parsed {
  std::expected<Options, int> options;
  std::string err;
};

Parsed parsed(std::vector<std::string> words, const std::vector<std::string>& more = {}) {
  words.insert(words.end(), more.begin(), more.end());
  std::ostringstream out, err;
  auto options = parse(words, out, err);
  return {std::move(options), err.str()};
}

Parsed with_sides(std::vector<std::string> words, const std::vector<std::string>& more = {}) {
  words.insert(words.end(), kSides.begin(), kSides.end());
  return parsed(std::move(words), more);
}

TEST(Options, SidesAreRead) {
  const auto [options, err] = with_sides({"run"}, {"--rate", "1000", "--direction", "up"});
  ASSERT_TRUE(options) << err;
  EXPECT_EQ(options->command, Command::kRun);
  EXPECT_EQ(options->plan.count, 4U);
  EXPECT_EQ(options->gateway.port, 51820);
  EXPECT_EQ(options->outer_port.driver, ethdev::Driver::kAfXdp);
  EXPECT_EQ(options->outer_port.interface, "wan0");
  EXPECT_EQ(options->inner_port.interface, "0000:01:00.0");
  EXPECT_EQ(options->inner_port.devargs, "mprq_en=1");
  EXPECT_EQ(options->load.rate, 1000U);
  EXPECT_TRUE(options->load.up);
  EXPECT_FALSE(options->load.down);
  EXPECT_TRUE(options->eal.huge);
}

TEST(Options, MemifTakesAFilePrefix) {
  const auto [options, err] =
      with_sides({"run"}, {"--outer-port", "memif:role=client,id=0", "--no-huge"});
  EXPECT_FALSE(options) << "an option given twice is a slip";
  const auto port = parse_port("outer", "memif:role=client,id=0");
  ASSERT_TRUE(port);
  EXPECT_EQ(port->driver, ethdev::Driver::kMemif);
  EXPECT_EQ(port->devargs, "role=client,id=0");
}

TEST(Options, ASearchStopsWithinOnePercentUnlessTold) {
  const auto [options, err] = with_sides({"search"}, {"--highest", "200000"});
  ASSERT_TRUE(options) << err;
  EXPECT_EQ(options->step, 2000U);
  EXPECT_EQ(with_sides({"search"}, {"--highest", "200000", "--step", "50"}).options->step, 50U);
  EXPECT_EQ(with_sides({"search"}).options.error(), kUsage);
}

TEST(Options, RefusalsNameTheOption) {
  struct Case {
    std::vector<std::string> words;
    const char* named;
  };
  for (const auto& [words, named] : std::vector<Case>{
           {{"--size", "55"}, "--size"},
           {{"--duration", "0"}, "--duration"},
           {{"--train", "33"}, "--train"},
           {{"--suite", "rot13"}, "--suite"},
           {{"--outer-net", "198.18.0.0/31"}, "outer network"},
           {{"--direction", "left"}, "--direction"},
           {{"--rate", "-1"}, "--rate"},
       }) {
    const auto [options, err] = with_sides({"run"}, words);
    ASSERT_FALSE(options) << named;
    EXPECT_EQ(options.error(), kUsage);
    EXPECT_NE(err.find(named), std::string::npos) << err;
  }
}

TEST(Options, APortNeedsADriverAndWhatItOpens) {
  for (const char* text : {"", "wan0", "dpdk:wan0", "af_xdp", "af_xdp:", "pci:,x=1"})
    EXPECT_FALSE(parse_port("p", text)) << text;
}

TEST(Options, HelpIsNoFault) {
  std::ostringstream out, err;
  EXPECT_EQ(parse({"--help"}, out, err).error(), kDone);
  EXPECT_NE(out.str().find("peers"), std::string::npos);
}

}  // namespace
}  // namespace jumpgate::jumpgen
