// Every file in config/ is valid, apart from the keys and their places, which are the reader's own.
#include <algorithm>
#include <ranges>
#include <set>

#include <gtest/gtest.h>

#include "commented_files.hpp"
#include "config/client_config.hpp"
#include "config/config_diff.hpp"
#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

using test::known;
using test::read;
using test::shown;
using test::without_folder;

TEST(ConfigFiles, EachIsValid) {
  const test::Scratch scratch;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(JG_CONFIG_FOLDER)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const std::string text = without_folder(read(entry.path()));
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

/// Every default uncommented. What stands in an example is none: a peer's and a key's.
std::string uncommented(std::string all) {
  for (std::size_t at = 0; (at = all.find("\n# ", at)) != std::string::npos;) {
    const std::string_view line{all.data() + at + 3, all.find('\n', at + 1) - at - 3};
    const std::size_t equals = line.find(" = ");
    const bool key = equals != std::string_view::npos &&
                     line.substr(0, equals).find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
    const bool example = line.starts_with("preshared_key_file") ||
                         line.starts_with("allowed_ips") || line.starts_with("profile") ||
                         line.starts_with("name") || line.starts_with("mtu = 1400") ||
                         line.starts_with("control_socket = \"/run/jumpgate/jump-NAME");
    if (key && !example)
      all.erase(at + 1, 2);
    else
      ++at;
  }
  return all;
}

// What the commented file calls a default is the default: uncommented, it gives the same configuration.
TEST(ConfigFiles, TheGatewaysCommentedDefaultsAreTheDefaults) {
  const test::Scratch scratch;
  const std::string file = read(std::filesystem::path(JG_CONFIG_FOLDER) / "jumpgated.toml");
  const std::string all = uncommented(file);
  ASSERT_GT(file.size(), all.size() + 2 * 60UL) << "the defaults are uncommented";
  const auto a = parse_gateway(without_folder(file), scratch.path("a.toml"));
  const auto b = parse_gateway(without_folder(all), scratch.path("b.toml"));
  ASSERT_TRUE(a) << a.error().text();
  ASSERT_TRUE(b) << b.error().text();
  EXPECT_EQ(describe(diff(*a, *b), *a, *b, 100), "nothing changed\n");
}

TEST(ConfigFiles, TheClientsCommentedDefaultsAreTheDefaults) {
  const test::Scratch scratch;
  const std::string file = read(std::filesystem::path(JG_CONFIG_FOLDER) / "jump.toml");
  const std::string all = uncommented(file);
  ASSERT_GE(file.size(), all.size() + 2 * 9UL) << "the defaults are uncommented";
  const auto a = parse_client(without_folder(file), scratch.path("a.toml"));
  auto b = parse_client(without_folder(all), scratch.path("a.toml"));
  ASSERT_TRUE(a) << a.error().text();
  ASSERT_TRUE(b) << b.error().text();
  EXPECT_EQ(a->tun, b->tun);
  EXPECT_EQ(a->probe_path_mtu, b->probe_path_mtu);
  EXPECT_EQ(a->outer_class, b->outer_class);
  EXPECT_EQ(a->suites, b->suites);
  EXPECT_EQ(a->state_dir, b->state_dir);
  EXPECT_EQ(a->control_socket, b->control_socket);
  EXPECT_EQ(a->connect_timeout, b->connect_timeout);
  EXPECT_EQ(a->events_file, b->events_file);
  ASSERT_EQ(a->uplinks.size(), b->uplinks.size());
  for (std::size_t i = 0; i < a->uplinks.size(); ++i)
    EXPECT_EQ(a->uplinks[i].preference, b->uplinks[i].preference);
}

// Every key that may be set stands in the commented file, and every one that stands there may be set.
TEST(ConfigFiles, TheCommentedFilesHaveEveryKey) {
  for (const std::string name : {"jumpgated.toml", "jump.toml"}) {
    const auto file = shown(read(std::filesystem::path(JG_CONFIG_FOLDER) / name));
    for (const auto& [heading, lines] : file) {
      if (heading.empty()) continue;
      const auto names = std::views::keys(lines);
      const std::set<std::string> keys(names.begin(), names.end());
      std::set<std::string> may = known(heading, name == "jump.toml");
      ASSERT_FALSE(may.empty()) << heading;
      // Tables within it have headings of their own.
      std::erase_if(may, [&](const std::string& key) {
        const std::string inside = heading.substr(0, heading.find(']')) + "." + key + "]";
        const bool profile =
            heading.starts_with("[profiles.") && file.contains("[policy." + key + "]");
        return profile || file.contains(inside) || file.contains(inside + "]");
      });
      // Of a profile's policy the file shows an example.
      if (heading.starts_with("[profiles.mobile.")) may = keys;
      EXPECT_EQ(keys, may) << name << ": " << heading;
    }
    for (const std::string& table : known("", name == "jump.toml"))
      EXPECT_TRUE(std::ranges::any_of(
          file,
          [&](const auto& part) { return part.first.find("[" + table) != std::string::npos; }))
          << name << ": " << table;
  }
}

}  // namespace
}  // namespace jumpgate::config
