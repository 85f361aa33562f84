/// Reads the vector files of this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "base/text.hpp"

namespace jumpgate::test {

inline nlohmann::json load_vectors(const std::string& file) {
  std::ifstream in(std::string(JG_VECTOR_DIR) + "/" + file);
  return nlohmann::json::parse(in);
}

inline std::vector<std::uint8_t> unhex(const std::string& text) {
  std::vector<std::uint8_t> out(text.size() / 2);
  EXPECT_TRUE(base::parse_hex(text, out)) << text;
  return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> unhex(const std::string& text) {
  std::array<std::uint8_t, N> out{};
  EXPECT_TRUE(base::parse_hex(text, out)) << text;
  return out;
}

/// N bytes that count up from `first`.
template <std::size_t N>
constexpr std::array<std::uint8_t, N> counting(std::uint8_t first) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i)
    out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

/// Gives one sequence of bytes, over and over.
class FixedRandom final : public base::RandomSource {
 public:
  explicit FixedRandom(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> out) override {
    ASSERT_EQ(out.size(), bytes_.size());
    std::ranges::copy(bytes_, out.begin());
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace jumpgate::test
