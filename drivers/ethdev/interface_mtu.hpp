/// The MTU of a kernel interface, for a driver that does not set it: DPDK 22.11 holds net_af_packet to 1500, whatever its
/// interface and its ring's frames carry.
///
/// Owner thread: the one that opens ports; it asks the kernel. Bound: two calls. Failure: says what the kernel answered.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace jumpgate::ethdev {

std::expected<void, std::string> set_interface_mtu(const std::string& interface, std::uint16_t mtu);

}  // namespace jumpgate::ethdev
