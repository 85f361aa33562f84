/// Captures read back: the classic pcap format of tcpdump and Wireshark.
///
/// Bound: kMaxPackets packets. Failure: what is no such file, or holds no Ethernet nor raw IP, is said in words;
/// a packet that the capture cut short is left out and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace jumpgate::test {

struct Pcap {
  static constexpr std::size_t kMaxPackets = 100'000;

  /// What Ethernet or the file itself says is IP, without its padding.
  std::vector<std::vector<std::uint8_t>> ip_packets;
  std::size_t others{0};  // of another kind, such as ARP
  std::size_t cut{0};     // shorter in the file than on the wire
};

std::expected<Pcap, std::string> read_pcap(const std::string& path);

/// Where the captures of the tree are.
std::string captures_folder();

}  // namespace jumpgate::test
