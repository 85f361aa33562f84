#include "config/common_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include <jumpgate/limits.hpp>

#include "base/text.hpp"
#include "net/address.hpp"

namespace jumpgate::config {
namespace {

constexpr std::array<Suite, 2> kSuites{Suite::kAes256Gcm, Suite::kChaCha20Poly1305};
constexpr std::array<std::string_view, 2> kSuiteNames{to_string(kSuites[0]), to_string(kSuites[1])};
constexpr std::array<std::string_view, 4> kLevelNames{"error", "warning", "info", "debug"};

void read_prefixes(TableReader& table, std::string_view key, std::vector<IpPrefix>& out,
                   std::size_t max_count, base::HostBits bits) {
  std::vector<IpPrefix> read;
  table.each_string(
      key, max_count, [&](const std::string& text) -> std::expected<void, std::string> {
        const auto prefix = base::parse_prefix(text, bits);
        if (!prefix) return std::unexpected(prefix.error());
        if (bits == base::HostBits::kKeep && !net::is_answerable(prefix->address))
          return std::unexpected(fmt::format("'{}' is no address that a host can have", text));
        if (std::ranges::find(read, *prefix) != read.end())
          return std::unexpected(fmt::format("'{}' stands there twice", text));
        read.push_back(*prefix);
        return {};
      });
  if (!read.empty()) out = std::move(read);
}

}  // namespace

std::expected<void, std::string> check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (!name.empty() && name.size() <= limits::kMaxNameBytes && std::ranges::all_of(name, allowed))
    return {};
  return std::unexpected(
      fmt::format("expected 1 to {} letters, digits, '.', '_' or '-'", limits::kMaxNameBytes));
}

void read_name(TableReader& table, std::string_view key, std::string& out) {
  table.text(key, [&](const std::string& value) {
    auto checked = check_name(value);
    if (checked) out = value;
    return checked;
  });
}

void read_interface(TableReader& table, std::string_view key, std::string& out) {
  table.text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const bool named = !value.empty() && value.size() <= kMaxInterfaceName && value != "." &&
                       value != ".." && std::ranges::none_of(value, [](char c) {
                         return c <= ' ' || c == '\x7f' || c == '/' || c == ':' || c == ',';
                       });
    if (!named)
      return std::unexpected(
          fmt::format("'{}' is no interface's name, expected 1 to {} characters without blanks, "
                      "'/', ':' or ','",
                      value, kMaxInterfaceName));
    out = value;
    return {};
  });
}

void read_secret(TableReader& table, std::string_view key, const std::string& config_path,
                 SecretKey& out) {
  table.text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const std::filesystem::path path = std::filesystem::path(config_path).parent_path() / value;
    auto secret = read_key_file(path.string());
    if (!secret) return std::unexpected(std::move(secret.error()));
    out = std::move(*secret);
    return {};
  });
}

void read_public_key(TableReader& table, std::string_view key, PublicKey& out) {
  table.text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const auto parsed = base::parse_key(value);
    if (!parsed) return std::unexpected(parsed.error());
    if (parsed->get() == PublicKey{})
      return std::unexpected(std::string("the key of zeros is nobody's"));
    out = parsed->get();
    return {};
  });
}

void read_suites(TableReader& table, std::string_view key, std::vector<Suite>& out) {
  std::vector<Suite> read;
  table.each_string(
      key, kSuites.size(), [&](const std::string& text) -> std::expected<void, std::string> {
        const auto found = std::ranges::find(kSuiteNames, text);
        if (found == kSuiteNames.end())
          return std::unexpected(
              fmt::format("'{}' found, expected {} or {}", text, kSuiteNames[0], kSuiteNames[1]));
        const Suite suite = kSuites[static_cast<std::size_t>(found - kSuiteNames.begin())];
        if (std::ranges::find(read, suite) != read.end())
          return std::unexpected(fmt::format("'{}' stands there twice", text));
        read.push_back(suite);
        return {};
      });
  if (!read.empty()) out = std::move(read);
}

void read_log_level(TableReader& table, std::string_view key, LogLevel& out) {
  if (const auto level = table.choice(key, kLevelNames)) out = static_cast<LogLevel>(*level);
}

void read_networks(TableReader& table, std::string_view key, std::vector<IpPrefix>& out,
                   std::size_t max_count) {
  read_prefixes(table, key, out, max_count, base::HostBits::kRefuse);
}

void read_addresses(TableReader& table, std::string_view key, std::vector<IpPrefix>& out,
                    std::size_t max_count) {
  if (table.is_empty_list(key))
    table.problem(key, fmt::format("'{}' is empty", key), "expected at least one address");
  read_prefixes(table, key, out, max_count, base::HostBits::kKeep);
}

void read_dscp(TableReader& table, std::string_view key, net::OuterClass& out) {
  table.text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    if (value == "copy") {
      out = {};
      return {};
    }
    unsigned dscp = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), dscp);
    if (error != std::errc{} || end != value.data() + value.size() || dscp > net::kMaxDscp)
      return std::unexpected(
          fmt::format(R"('{}' found, expected "copy", or a number from "0" to "63")", value));
    out = net::OuterClass::fixed(static_cast<std::uint8_t>(dscp));
    return {};
  });
}

void read_path_mtu(TableReader& table, std::string_view key, bool& probe) {
  constexpr std::array<std::string_view, 2> kNames{"probe", "port"};
  if (const auto choice = table.choice(key, kNames)) probe = *choice == 0;
}

void read_address(TableReader& table, std::string_view key, IpAddress& out) {
  table.text(key, [&](const std::string& value) -> std::expected<void, std::string> {
    const auto parsed = base::parse_ip(value);
    if (!parsed) return std::unexpected(parsed.error());
    out = *parsed;
    return {};
  });
}

}  // namespace jumpgate::config
