/// What the commented files of config/ show, and what their reader knows.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "config/client_config.hpp"
#include "config_test_helpers.hpp"

namespace jumpgate::config::test {

inline std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string without_folder(std::string text) {
  for (std::size_t at; (at = text.find("/etc/jumpgate/")) != std::string::npos;)
    text.erase(at, 14);
  return text;
}

/// What is wrong with a text.
inline Problems faults_of(const Scratch& scratch, const std::string& text, bool client) {
  const std::string place = scratch.path("a.toml");
  if (client) {
    auto config = parse_client(text, place);
    return config ? Problems{} : std::move(config.error());
  }
  auto config = parse_gateway(text, place);
  return config ? Problems{} : std::move(config.error());
}

/// A table of a list's entry has its entry before it.
inline std::string headed(const std::string& heading) {
  const std::string entry = heading.starts_with("[[") && heading.contains('.')
                                ? heading.substr(0, heading.find('.')) + "]]\n"
                                : "";
  return entry + heading + "\n";
}

/// The lines that a file shows, commented or not, under each of its headings, by their keys.
inline std::map<std::string, std::map<std::string, std::string>> shown(const std::string& text) {
  std::map<std::string, std::map<std::string, std::string>> keys;
  std::string heading;
  std::istringstream lines(text);
  for (std::string whole; std::getline(lines, whole);) {
    const std::string line = whole.substr(std::min(whole.find_first_not_of("# "), whole.size()));
    if (line.starts_with('[')) {
      heading = line.substr(0, line.find_last_of(']') + 1);
      keys[heading];
    }
    const std::string key = line.substr(0, line.find(" = "));
    if (key.size() < line.size()) keys[heading][key] = whole;
  }
  return keys;
}

/// The keys that the reader knows under the heading: what it says to one that it does not.
inline std::set<std::string> known(const std::string& heading, bool client) {
  const Scratch scratch;
  const Problems problems =
      faults_of(scratch, headed(heading) + "no_such_key_as_this = 1\n", client);
  constexpr std::string_view kSaid = "expected one of: ";
  std::set<std::string> keys;
  for (const Problem& problem : problems.list()) {
    if (!problem.what.starts_with("unknown key 'no_such_key_as_this'")) continue;
    std::istringstream words(
        problem.expected.substr(std::min(kSaid.size(), problem.expected.size())));
    for (std::string word; words >> word;)
      keys.insert(word.substr(0, word.find(',')));
  }
  return keys;
}

}  // namespace jumpgate::config::test
