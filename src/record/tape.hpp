/// A recording as bytes: a first line that says what it is, then records, each under a check that
/// covers all before it.
///
///   "jumpgate-recording 8\n" | record: length u32, body, check u64 | record | ...
///
/// Owner thread: one; the sink decides where the bytes go and never waits. Bound: kMaxRecord a
/// record. Failure: what is cut, damaged, edited or of another version is named with the number of
/// its record.
#pragma once

#include <cstdint>
#include <expected>
#include <fstream>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "record/fields.hpp"

namespace jumpgate::record {

inline constexpr std::string_view kTitle = "jumpgate-recording ";
/// Rises when a record changes its form or the core asks its ports for something else.
inline constexpr unsigned kTapeVersion = 9;
/// With its length and check as much as RecordFile's ring takes at once. A configuration is one
/// record: some 90,000 peers fit.
inline constexpr std::uint32_t kMaxRecord = (8U << 20) - 12;

/// False: the bytes were not taken, and no later ones will be.
using Sink = std::function<bool(std::span<const std::uint8_t>)>;

class TapeWriter {
 public:
  explicit TapeWriter(Sink sink);
  /// False: it was not written, and nothing will be any more.
  bool write(std::span<const std::uint8_t> body);

 private:
  Sink sink_;
  std::uint64_t chain_{0};
  bool good_{true};
};

class TapeReader {
 public:
  static std::expected<TapeReader, std::string> open(const std::string& path);

  /// The next record's body, valid until the next call; nothing at the end of the file.
  [[nodiscard]] std::expected<std::optional<std::span<const std::uint8_t>>, std::string> next();
  /// Of the record read last, from 1.
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  TapeReader(std::ifstream file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  [[nodiscard]] std::unexpected<std::string> fault(std::string_view what) const;
  /// How many of the bytes were there.
  std::size_t read(std::span<std::uint8_t> bytes);

  std::ifstream file_;
  std::string path_;
  std::uint64_t number_{0};
  std::uint64_t chain_{0};
  Bytes body_;
};

}  // namespace jumpgate::record
