/// Private keys in files of their own, in WireGuard's base64 form.
///
/// Owner thread: the one that loads. A file that others than its owner may read is refused (mode &
/// 077). Texts of failures never hold key material; buffers are wiped.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>

#include "base/secret.hpp"

namespace jumpgate::config {

/// 32 bytes of key material, wiped when they go.
using SecretKey = base::SecretArray<32>;

/// A file with one line as `wg genkey` prints it; else the reason why it can not be used.
std::expected<SecretKey, std::string> read_key_file(const std::string& path);

}  // namespace jumpgate::config
