#include "record/tape.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <sodium/crypto_shorthash.h>

#include "base/bytes.hpp"
#include "record/record_file.hpp"

namespace jumpgate::record {
namespace {

using Length = std::array<std::uint8_t, 4>;
using Check = std::array<std::uint8_t, 8>;
static_assert(std::tuple_size_v<Check> == crypto_shorthash_BYTES);
static_assert(sizeof(Length) + kMaxRecord + sizeof(Check) == RecordFile::kRing);

/// SipHash-2-4 over the body; its key is the check before, so that no record can change its place.
/// A checksum: who knows how it is made can make it anew.
std::uint64_t check_of(std::uint64_t before, std::span<const std::uint8_t> body) {
  std::array<std::uint8_t, crypto_shorthash_KEYBYTES> key{};
  base::store_le64(key.data(), before);
  base::store_le64(key.data() + sizeof before, body.size());
  Check sum{};
  crypto_shorthash(sum.data(), body.data(), body.size(), key.data());
  return base::load_le64(sum.data());
}

}  // namespace

TapeWriter::TapeWriter(Sink sink) : sink_(std::move(sink)) {
  const std::string line = fmt::format("{}{}\n", kTitle, kTapeVersion);
  const Bytes title(line.begin(), line.end());
  good_ = sink_(title);
}

bool TapeWriter::write(std::span<const std::uint8_t> body) {
  if (!good_ || body.size() > kMaxRecord) return good_ = false;
  chain_ = check_of(chain_, body);
  Bytes framed(sizeof(std::uint32_t));
  framed.reserve(body.size() + sizeof(Length) + sizeof(Check));
  base::store_le32(framed.data(), static_cast<std::uint32_t>(body.size()));
  framed.insert(framed.end(), body.begin(), body.end());
  framed.resize(framed.size() + sizeof(Check));
  base::store_le64(framed.data() + framed.size() - sizeof(Check), chain_);
  return good_ = sink_(framed);
}

std::expected<TapeReader, std::string> TapeReader::open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(path + ": can not be read");
  std::string line(kTitle.size(), '\0');
  file.read(line.data(), static_cast<std::streamsize>(line.size()));
  if (!file || line != kTitle) return std::unexpected(path + ": is no recording of a gateway");
  // The version and its newline; more digits than these are no version.
  constexpr std::size_t kLongest = 10;
  std::string digits;
  for (char c = 0; digits.size() < kLongest && file.get(c) && c != '\n';)
    digits += c;
  unsigned version = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size())
    return std::unexpected(path + ": its first line names no version");
  if (version != kTapeVersion)
    return std::unexpected(fmt::format(
        "{}: a recording of version {}; this program replays version {}: use the jumpctl "
        "of the gateway that made it",
        path, version, kTapeVersion));
  return TapeReader(std::move(file), path);
}

std::unexpected<std::string> TapeReader::fault(std::string_view what) const {
  return std::unexpected(fmt::format("{}: record {}: {}", path_, number_, what));
}

std::size_t TapeReader::read(std::span<std::uint8_t> bytes) {
  // char may be read as bytes; streams know nothing else.
  file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return static_cast<std::size_t>(file_.gcount());
}

std::expected<std::optional<std::span<const std::uint8_t>>, std::string> TapeReader::next() {
  ++number_;
  Length length{};
  const std::size_t got = read(length);
  if (got == 0) return std::nullopt;
  const std::uint32_t size = base::load_le32(length.data());
  if (got == length.size() && size > kMaxRecord) return fault("damaged or edited: no length");
  body_.resize(got == length.size() ? size : 0);
  Check check{};
  if (got < length.size() || read(body_) < body_.size() || read(check) < check.size())
    return fault("cut: the file ends within it");
  chain_ = check_of(chain_, body_);
  if (chain_ != base::load_le64(check.data()))
    return fault("damaged or edited: its check does not fit");
  return std::span<const std::uint8_t>(body_);
}

}  // namespace jumpgate::record
