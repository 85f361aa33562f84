#include "ethdev/interface_mtu.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jumpgate::ethdev {

std::expected<void, std::string> set_interface_mtu(const std::string& interface,
                                                   std::uint16_t mtu) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(std::string(std::strerror(errno)));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_mtu = mtu;
  const bool set = ::ioctl(fd, SIOCSIFMTU, &request) == 0;
  const int error = errno;
  ::close(fd);
  if (set) return {};
  return std::unexpected(
      fmt::format("the kernel refuses it for '{}': {}; what it takes: ip -d "
                  "link show {} (maxmtu)",
                  interface, std::strerror(error), interface));
}

}  // namespace jumpgate::ethdev
