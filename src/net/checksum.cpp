#include "base/bytes.hpp"
#include "net/frames.hpp"

namespace jumpgate::net {
namespace {

std::uint64_t sum_words(Bytes bytes) {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2)
    sum += base::load_be16(&bytes[i]);
  if (i < bytes.size()) sum += std::uint64_t{bytes[i]} << 8;
  return sum;
}

}  // namespace

std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum) {
  std::uint64_t total = sum + sum_words(bytes);
  while ((total >> 16) != 0)
    total = (total & 0xffff) + (total >> 16);
  return static_cast<std::uint16_t>(~total);
}

std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t length) {
  const std::size_t size = source.family == IpFamily::kV4 ? 4 : 16;
  const std::uint64_t sum = sum_words(Bytes{source.bytes}.first(size)) +
                            sum_words(Bytes{destination.bytes}.first(size)) + (length >> 16) +
                            (length & 0xffff) + protocol;
  return static_cast<std::uint32_t>(sum);
}

}  // namespace jumpgate::net
