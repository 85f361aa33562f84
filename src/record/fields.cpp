#include "record/fields.hpp"

#include <algorithm>

namespace jumpgate::record {

std::uint64_t Reader::varint() {
  constexpr unsigned kBits = 64;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < kBits && !failed_; shift += 7) {
    if (in_.empty()) break;
    const std::uint8_t byte = in_.front();
    in_ = in_.subspan(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  fail();
  return 0;
}

void Reader::bytes(std::span<std::uint8_t> value) {
  const auto taken = take(value.size());
  if (failed_) {
    std::ranges::fill(value, std::uint8_t{0});
  } else {
    std::ranges::copy(taken, value.begin());
  }
}

std::span<const std::uint8_t> Reader::take(std::uint64_t size) {
  if (failed_ || size > in_.size()) {
    fail();
    return {};
  }
  const auto taken = in_.first(size);
  in_ = in_.subspan(size);
  return taken;
}

TapedId taped(const crypto::CidCipher& cipher, ConnectionId cid) {
  TapedId id{.ours = cipher.decode(cid), .foreign = {}};
  if (!id.ours) id.foreign = cid;
  return id;
}

ConnectionId untaped(const crypto::CidCipher& cipher, const TapedId& id) {
  return id.ours ? cipher.encode(*id.ours) : id.foreign;
}

}  // namespace jumpgate::record
