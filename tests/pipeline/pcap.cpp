#include "pcap.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <span>

#include "base/bytes.hpp"
#include "net/frame_parse.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2'c3d4, kNanoseconds = 0xa1b2'3c4d;
constexpr std::uint32_t kEthernet = 1, kRawIp = 101;

/// The words of a file that another machine may have written.
class Words {
 public:
  Words(std::ifstream& file, bool swapped) : file_(file), swapped_(swapped) {}
  template <std::size_t N>
  bool read(std::array<std::uint32_t, N>& words) {
    file_.read(reinterpret_cast<char*>(words.data()), sizeof words);
    if (!file_) return false;
    if (swapped_)
      for (std::uint32_t& word : words)
        word = std::byteswap(word);
    return true;
  }

 private:
  std::ifstream& file_;
  bool swapped_;
};

/// The IP packet in `bytes`, or nothing.
std::span<const std::uint8_t> ip_in(std::span<const std::uint8_t> bytes, std::uint32_t link) {
  if (link == kEthernet) {
    const auto ethernet = net::parse_ethernet(bytes);
    if (!ethernet ||
        (ethernet->type != net::kEtherTypeIpv4 && ethernet->type != net::kEtherTypeIpv6))
      return {};
    bytes = ethernet->payload;
  }
  if (bytes.size() < net::kIpv4Size) return {};
  const bool v6 = bytes[0] >> 4 == 6;
  if (v6 && bytes.size() < net::kIpv6Size) return {};
  const std::size_t size =
      v6 ? net::kIpv6Size + base::load_be16(&bytes[4]) : base::load_be16(&bytes[2]);
  return bytes.first(std::min(size, bytes.size()));
}

}  // namespace

std::expected<Pcap, std::string> read_pcap(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint32_t magic = 0;
  file.read(reinterpret_cast<char*>(&magic), sizeof magic);
  if (!file) return std::unexpected(path + ": can not be read");
  const bool swapped =
      std::byteswap(magic) == kMicroseconds || std::byteswap(magic) == kNanoseconds;
  if (!swapped && magic != kMicroseconds && magic != kNanoseconds)
    return std::unexpected(path +
                           ": no pcap file (write one with `tcpdump -w`, or `editcap -F pcap`)");
  Words words(file, swapped);
  std::array<std::uint32_t, 5> header{};  // version, zone, accuracy, longest packet, kind of link
  if (!words.read(header)) return std::unexpected(path + ": ends in its header");
  const std::uint32_t link = header[4] & 0xffff;
  if (link != kEthernet && link != kRawIp)
    return std::unexpected(path + ": neither of Ethernet nor of raw IP");
  Pcap pcap;
  std::array<std::uint32_t, 4> record{};  // seconds, fraction, bytes here, bytes on the wire
  while (pcap.ip_packets.size() < Pcap::kMaxPackets && words.read(record)) {
    if (record[2] > UINT16_MAX + 1U)
      return std::unexpected(path + ": a packet of more than 64 KiB");
    std::vector<std::uint8_t> bytes(record[2]);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) return std::unexpected(path + ": ends in a packet");
    const auto ip = ip_in(bytes, link);
    if (record[2] < record[3])
      ++pcap.cut;
    else if (ip.empty())
      ++pcap.others;
    else
      pcap.ip_packets.emplace_back(ip.begin(), ip.end());
  }
  return pcap;
}

std::string captures_folder() {
  return JG_CAPTURES_FOLDER;
}

}  // namespace jumpgate::test
