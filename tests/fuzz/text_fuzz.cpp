// The parsers of src/base/text on arbitrary text. What parses has one canonical form, which parses
// to the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.hpp"

namespace {

using namespace jumpgate::base;

template <class Parse, class Format>
void stable(const std::string& text, Parse parse, Format format) {
  const auto value = parse(text);
  if (!value) {
    if (value.error().empty()) std::abort();
    return;
  }
  const auto again = parse(format(*value));
  if (!again || *again != *value) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  stable(text, parse_ip, format_ip);
  stable(text, [](const std::string& t) { return parse_prefix(t); }, format_prefix);
  stable(
      text, [](const std::string& t) { return parse_prefix(t, HostBits::kKeep); }, format_prefix);
  stable(text, parse_endpoint, format_endpoint);
  stable(text, parse_mac, format_mac);
  stable(
      text,
      [](const std::string& t) -> Parsed<std::array<std::uint8_t, 32>> {
        const auto key = parse_key(t);
        if (!key) return std::unexpected(key.error());
        return key->get();
      },
      [](const auto& key) { return format_key(key); });
  stable(text, parse_session_id, format_session_id);
  return 0;
}
