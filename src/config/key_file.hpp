/// Keys as people keep them: WireGuard's base64 form, private ones in files of their own.
///
/// Owner thread: the one that loads. A file that others than its owner may read is refused (mode &
/// 077). Texts of failures never hold key material; buffers are wiped.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jumpgate/types.hpp>

namespace jumpgate::config {

using Key32 = std::array<std::uint8_t, 32>;

/// 44 characters of base64 for 32 bytes, as `wg genkey` prints them.
std::optional<Key32> parse_key(std::string_view base64);
std::string encode_key(std::span<const std::uint8_t, 32> key);
/// A file with one such line; the reason when it can not be used.
std::expected<Key32, std::string> read_key_file(const std::string& path);

}  // namespace jumpgate::config
