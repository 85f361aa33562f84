/// The memory a gateway will take, line by line, computed from its configuration before any of it is taken.
///
/// Owner thread: main. Pure. Bound: a line a kind of memory.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"

namespace jumpgate::app {

struct MemoryLine {
  std::string what;
  std::size_t count{0};
  std::size_t bytes{0};  // in all
  bool heap{false};      // ordinary memory, no hugepages
};

/// Bytes of one packet buffer, headroom included: the largest port MTU with its Ethernet header and a tag.
std::size_t mbuf_data_room(const config::GatewayConfig& config);
/// Packet buffers: the limit, and those in which fragments wait, which so take none from anybody else.
std::size_t packet_buffers(const config::GatewayConfig& config);
/// Peers the tables have room for: reloads may double them.
std::size_t peer_capacity(const config::GatewayConfig& config);

std::vector<MemoryLine> footprint(const config::GatewayConfig& config);
/// Hugepages that the lines fill, at least: each part begins a page of its own, and EAL and the ports take some besides.
std::size_t hugepages_needed(const std::vector<MemoryLine>& lines, std::size_t page_bytes);
std::size_t total(const std::vector<MemoryLine>& lines);
/// The table for people.
std::string to_text(const std::vector<MemoryLine>& lines);

}  // namespace jumpgate::app
