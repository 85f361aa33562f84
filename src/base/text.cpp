#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <sodium/utils.h>

#include "base/bytes.hpp"

namespace jumpgate::base {
namespace {

constexpr std::size_t kMaxQuoted = 80;
constexpr std::size_t kKeyChars = 44;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::unexpected<std::string> bad(std::string_view text, std::string_view problem) {
  std::string message = "'";
  message += text.substr(0, kMaxQuoted);
  if (text.size() > kMaxQuoted) message += "...";
  message += "' ";
  message += problem;
  return std::unexpected(std::move(message));
}

/// Digits only, no sign, no leading zero, at most max.
bool parse_number(std::string_view text, unsigned max, unsigned& value) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= max;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Parsed<IpAddress> parse_ip(std::string_view text) {
  constexpr std::string_view kProblem =
      "is not an IP address; expected one like 192.0.2.1 or 2001:db8::1";
  // inet_pton reads up to a zero byte, so one inside the text would hide what follows.
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) {
    return bad(text, kProblem);
  }
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  std::ranges::copy(text, terminated.begin());
  IpAddress address;
  const bool v6 = text.contains(':');
  address.family = v6 ? IpFamily::kV6 : IpFamily::kV4;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, terminated.data(), address.bytes.data()) != 1) {
    return bad(text, kProblem);
  }
  return address;
}

Parsed<IpPrefix> parse_prefix(std::string_view text, HostBits host_bits) {
  const std::size_t slash = text.find('/');
  Parsed<IpAddress> address = parse_ip(text.substr(0, slash));
  if (!address)
    return bad(text, "is not a prefix; expected one like 192.0.2.0/24 or 2001:db8::/32");
  unsigned length = address_bits(address->family);
  if (slash != std::string_view::npos &&
      !parse_number(text.substr(slash + 1), address_bits(address->family), length)) {
    return bad(text, address->family == IpFamily::kV4
                         ? "has no valid prefix length; expected /0 to /32"
                         : "has no valid prefix length; expected /0 to /128");
  }
  const IpAddress network = masked(*address, length);
  if (host_bits == HostBits::kRefuse && network != *address) {
    const IpPrefix meant{network, static_cast<std::uint8_t>(length)};
    return bad(text, "has bits set behind the prefix length; expected " + format_prefix(meant));
  }
  return IpPrefix{*address, static_cast<std::uint8_t>(length)};
}

Parsed<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kProblem =
      "is not an endpoint; expected one like 192.0.2.1:51820 or [2001:db8::1]:51820";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad(text, kProblem);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const Parsed<IpAddress> address = parse_ip(host);
  if (!address || bracketed != (address->family == IpFamily::kV6)) return bad(text, kProblem);
  unsigned port = 0;
  if (!parse_number(text.substr(colon + 1), 65535, port) || port == 0) {
    return bad(text, "has no valid port; expected 1 to 65535 behind the last colon");
  }
  return Endpoint{*address, static_cast<std::uint16_t>(port)};
}

Parsed<MacAddress> parse_mac(std::string_view text) {
  constexpr std::string_view kProblem = "is not a MAC address; expected one like 02:00:5e:10:00:01";
  MacAddress mac;
  if (text.size() != 3 * mac.bytes.size() - 1) return bad(text, kProblem);
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const std::string_view part = text.substr(3 * i, 3);
    if (!parse_hex(part.substr(0, 2), std::span(&mac.bytes[i], 1)) ||
        (part.size() == 3 && part[2] != ':')) {
      return bad(text, kProblem);
    }
  }
  return mac;
}

Parsed<SecretArray<32>> parse_key(std::string_view text) {
  // The text may be a private key: no message repeats it.
  if (text.size() != kKeyChars) {
    return std::unexpected("a key has " + std::to_string(text.size()) +
                           " characters; expected 44 in base64");
  }
  SecretArray<32> key;
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(key.get().data(), key.get().size(), text.data(), text.size(), nullptr,
                        &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size != key.get().size() || end != text.data() + text.size()) {
    return std::unexpected(
        std::string("a key is not valid base64; expected 32 bytes in 44 "
                    "characters that end in '='"));
  }
  return key;
}

Parsed<void> parse_hex(std::string_view text, std::span<std::uint8_t> out) {
  const std::string expected =
      "is not hexadecimal; expected " + std::to_string(2 * out.size()) + " digits";
  if (text.size() != 2 * out.size()) return bad(text, expected);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return bad(text, expected);
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return {};
}

Parsed<SessionId> parse_session_id(std::string_view text) {
  SessionId id;
  if (!parse_hex(text, id.bytes)) {
    return bad(text, "is not a session id; expected 32 hexadecimal digits");
  }
  return id;
}

std::string format_ip(const IpAddress& address) {
  if (address.family == IpFamily::kNone) return "none";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family == IpFamily::kV6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(),
            text.size());
  return text.data();
}

std::string format_prefix(const IpPrefix& prefix) {
  return format_ip(prefix.address) + "/" + std::to_string(prefix.length);
}

std::string format_endpoint(const Endpoint& endpoint) {
  const std::string ip = format_ip(endpoint.address);
  const std::string port = ":" + std::to_string(endpoint.port);
  return endpoint.address.family == IpFamily::kV6 ? "[" + ip + "]" + port : ip + port;
}

std::string format_mac(const MacAddress& mac) {
  std::string text;
  for (const std::uint8_t byte : mac.bytes) {
    if (!text.empty()) text += ':';
    text += format_hex(std::span(&byte, 1));
  }
  return text;
}

std::string format_key(std::span<const std::uint8_t, 32> key) {
  std::array<char, kKeyChars + 1> text{};
  sodium_bin2base64(text.data(), text.size(), key.data(), key.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  return text.data();
}

std::string format_hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0xf];
  }
  return text;
}

std::string format_session_id(const SessionId& id) {
  return format_hex(id.bytes);
}

IpAddress masked(const IpAddress& address, unsigned length) {
  IpAddress out = address;
  for (unsigned i = 0; i < out.bytes.size(); ++i) {
    const unsigned kept = length > 8 * i ? std::min(length - 8 * i, 8U) : 0;
    out.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return out;
}

bool contains(const IpPrefix& prefix, const IpAddress& address) {
  return address.family != IpFamily::kNone && address.family == prefix.address.family &&
         masked(address, prefix.length) == masked(prefix.address, prefix.length);
}

}  // namespace jumpgate::base
