/// Shorthand of the tests of this folder: a scratch folder with key files, a valid gateway, and edits of it.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/gateway_config.hpp"

namespace jumpgate::config::test {

inline std::string key_text(std::uint32_t number) {
  std::array<std::uint8_t, 32> key{};
  for (unsigned i = 0; i < 4; ++i)
    key[i] = static_cast<std::uint8_t>(number >> (8 * i));
  key[31] = 1;
  return base::format_key(key);
}

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "jg-config-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    write("gateway.key", key_text(1000));
    write("client.key", key_text(1001));
    write("peer.psk", key_text(1002));
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
    std::ofstream(folder_ / name) << text << "\n";
    std::filesystem::permissions(folder_ / name, static_cast<std::filesystem::perms>(mode));
    return path(name);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  std::filesystem::path folder_;
};

inline std::string gateway_text() {
  return R"([gateway]
private_key_file = "gateway.key"

[[port]]
name = "wan"
driver = "af_xdp"
interface = "wan0"
role = "outer"
addresses = ["192.0.2.10/24"]

[[port]]
name = "lan"
driver = "af_xdp"
interface = "lan0"
role = "inner"
addresses = ["10.9.0.1/24"]

[[peer]]
name = "laptop"
public_key = ")" +
         key_text(1) + R"("
addresses = ["10.8.0.2/32"]
)";
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

inline std::string peer_text(const std::string& name, std::uint32_t key, const std::string& rest) {
  return fmt::format("[[peer]]\nname = \"{}\"\npublic_key = \"{}\"\n{}\n", name, key_text(key),
                     rest);
}

/// The problems of a text, or "" when it is valid.
inline std::string problems_of(const Scratch& scratch, const std::string& text) {
  const auto config = parse_gateway(text, scratch.path("gateway.toml"));
  return config ? std::string{} : config.error().text();
}

}  // namespace jumpgate::config::test
