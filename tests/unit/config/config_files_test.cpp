// Every file in config/ is valid, apart from the keys and their places, which are the reader's own.
#include <iterator>

#include <gtest/gtest.h>

#include "config/client_config.hpp"
#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ConfigFiles, EachIsValid) {
  const test::Scratch scratch;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(JG_CONFIG_FOLDER)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    std::string text = read(entry.path());
    for (std::size_t at; (at = text.find("/etc/jumpgate/")) != std::string::npos;)
      text.erase(at, 14);
    const bool client = text.find("[client]") != std::string::npos;
    const std::string place = scratch.path(entry.path().filename().string());
    if (client) {
      const auto config = parse_client(text, place);
      EXPECT_TRUE(config) << config.error().text();
    } else {
      const auto config = parse_gateway(text, place);
      EXPECT_TRUE(config) << config.error().text();
    }
  }
  EXPECT_GE(files, 3U);
}

// What the commented file calls a default is the default: uncommented, it gives the same configuration.
TEST(ConfigFiles, TheCommentedDefaultsAreTheDefaults) {
  const test::Scratch scratch;
  scratch.write("laptop.psk", test::key_text(1));
  const std::string commented = read(std::filesystem::path(JG_CONFIG_FOLDER) / "jumpgated.toml");
  std::string all = commented;
  for (std::size_t at = 0; (at = all.find("\n# ", at)) != std::string::npos;) {
    const std::string_view line{all.data() + at + 3, all.find('\n', at + 1) - at - 3};
    const std::size_t equals = line.find(" = ");
    const bool key = equals != std::string_view::npos &&
                     line.substr(0, equals).find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
    // The peer's are examples, not defaults; an empty lcores and empty suites stand for "absent".
    const bool example = line.starts_with("preshared_key_file") ||
                         line.starts_with("allowed_ips") || line.starts_with("profile");
    if (key && !example)
      all.erase(at + 1, 2);
    else
      ++at;
  }
  ASSERT_NE(all, commented);
  const auto strip = [](std::string text) {
    for (std::size_t at; (at = text.find("/etc/jumpgate/")) != std::string::npos;)
      text.erase(at, 14);
    return text;
  };
  const auto a = parse_gateway(strip(commented), scratch.path("a.toml"));
  const auto b = parse_gateway(strip(all), scratch.path("b.toml"));
  ASSERT_TRUE(a) << a.error().text();
  ASSERT_TRUE(b) << b.error().text();
  EXPECT_EQ(a->policies, b->policies);
  EXPECT_EQ(a->record, b->record);
  EXPECT_EQ(a->suites, b->suites);
  EXPECT_EQ(a->limits.max_sessions, b->limits.max_sessions);
  EXPECT_EQ(a->limits.rx_descriptors, b->limits.rx_descriptors);
  EXPECT_EQ(a->events.file, b->events.file);
  EXPECT_EQ(a->events.max_bytes, b->events.max_bytes);
  EXPECT_EQ(a->control.socket, b->control.socket);
  EXPECT_EQ(a->inner_mtu, b->inner_mtu);
  EXPECT_EQ(a->outer_reassembly, b->outer_reassembly);
  EXPECT_EQ(a->eal.memory_mib, b->eal.memory_mib);
  EXPECT_EQ(a->peers, b->peers);
}

}  // namespace
}  // namespace jumpgate::config
