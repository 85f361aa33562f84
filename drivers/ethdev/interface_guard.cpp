#include "ethdev/interface_guard.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jumpgate::ethdev {
namespace {

// The columns of /proc/net/route: interface, destination, gateway, flags, ..., mask at 7.
bool carries_default_v4(const std::string& interface) {
  std::ifstream in("/proc/net/route");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string name, destination, skipped, mask;
    words >> name >> destination;
    for (int i = 0; i < 5; ++i)
      words >> skipped;
    words >> mask;
    if (name == interface && destination == "00000000" && mask == "00000000") return true;
  }
  return false;
}

// /proc/net/ipv6_route: destination, length, ..., flags at 8, interface last. Flag 0x200 is a reject route.
bool carries_default_v6(const std::string& interface) {
  std::ifstream in("/proc/net/ipv6_route");
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string destination, length, skipped, flags, name;
    words >> destination >> length;
    for (int i = 0; i < 6; ++i)
      words >> skipped;
    words >> flags >> name;
    const bool reject = (std::strtoul(flags.c_str(), nullptr, 16) & 0x200UL) != 0;
    if (name == interface && length == "00" &&
        destination.find_first_not_of('0') == std::string::npos && !reject)
      return true;
  }
  return false;
}

// The interface's addresses as /proc/net/tcp writes them: 32-bit words in host order, in hexadecimal.
std::set<std::string> addresses_in_hex(const std::string& interface) {
  std::set<std::string> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, ::freeifaddrs};
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || interface != at->ifa_name) continue;
    if (at->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, at->ifa_addr, sizeof v4);
      found.insert(fmt::format("{:08X}", v4.sin_addr.s_addr));
      // A dual-stack listener shows it mapped.
      found.insert(fmt::format("0000000000000000FFFF0000{:08X}", v4.sin_addr.s_addr));
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, at->ifa_addr, sizeof v6);
      std::uint32_t words[4];
      std::memcpy(words, &v6.sin6_addr, sizeof words);
      found.insert(fmt::format("{:08X}{:08X}{:08X}{:08X}", words[0], words[1], words[2], words[3]));
    }
  }
  return found;
}

// The inodes of the sockets that ssh, sshd and dropbear hold, whatever their ports. Without root: our own only.
std::set<std::string> sockets_of_ssh() {
  constexpr std::string_view kSocket = "socket:[";
  std::set<std::string> found;
  std::error_code none;
  for (const auto& process : std::filesystem::directory_iterator("/proc", none)) {
    std::ifstream in(process.path() / "comm");
    std::string name;
    if (!std::getline(in, name) || (!name.starts_with("ssh") && name != "dropbear")) continue;
    for (const auto& fd : std::filesystem::directory_iterator(process.path() / "fd", none)) {
      const std::string target = std::filesystem::read_symlink(fd.path(), none).string();
      if (target.starts_with(kSocket))
        found.insert(target.substr(kSocket.size(), target.size() - kSocket.size() - 1));
    }
  }
  return found;
}

bool carries_ssh(const std::string& interface) {
  const auto own = addresses_in_hex(interface);
  const auto of_ssh = sockets_of_ssh();
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::string number, local, remote, state, skipped, inode;
      words >> number >> local >> remote >> state;
      for (int i = 0; i < 5; ++i)
        words >> skipped;
      words >> inode;
      const std::size_t colon = local.find(':');
      // State 01 is established, port 0016 is 22.
      if (state != "01" || colon == std::string::npos || !own.contains(local.substr(0, colon)))
        continue;
      if (local.ends_with(":0016") || remote.ends_with(":0016") || of_ssh.contains(inode))
        return true;
    }
  }
  return false;
}

/// What the host needs the interface for; empty: nothing.
std::string duty_of(const std::string& interface) {
  if (carries_default_v4(interface)) return "this host's IPv4 default route";
  if (carries_default_v6(interface)) return "this host's IPv6 default route";
  if (carries_ssh(interface)) return "an SSH connection";
  return {};
}

/// The interface and all that stand on it, by the kernel's links "upper_NAME"; each once.
std::vector<std::string> with_uppers(const std::string& interface,
                                     const std::filesystem::path& sysfs) {
  constexpr std::string_view kUpper = "upper_";
  std::vector<std::string> names{interface};
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator(sysfs / "class/net" / names[i], none)) {
      const std::string link = entry.path().filename().string();
      if (!link.starts_with(kUpper)) continue;
      const std::string name = link.substr(kUpper.size());
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace

std::expected<InterfaceLock, std::string> InterfaceLock::take(const std::string& interface,
                                                              const std::string& folder) {
  std::string name = interface;
  for (char& c : name)
    if (c == '/' || c == ':') c = '_';
  struct stat space{};
  if (::stat("/proc/self/ns/net", &space) != 0)
    return std::unexpected(fmt::format("/proc/self/ns/net: {}", std::strerror(errno)));
  const std::string path = fmt::format("{}/jumpgate-{}-{}", folder, space.st_ino, name);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  InterfaceLock lock{fd};
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK)
    return std::unexpected(
        fmt::format("{} is used by another jumpgate process (lock {}); find it with: fuser -v {}",
                    interface, path, path));
  return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
}

InterfaceLock::InterfaceLock(InterfaceLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

InterfaceLock& InterfaceLock::operator=(InterfaceLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

// The file stays: removing it would let a third process lock a new one beside a second that holds the old.
InterfaceLock::~InterfaceLock() {
  if (fd_ >= 0) ::close(fd_);
}

std::vector<std::string> interfaces_of_card(const std::string& pci_address,
                                            const std::filesystem::path& sysfs) {
  const bool short_form = std::ranges::count(pci_address, ':') == 1;  // of the first domain
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(
           sysfs / "bus/pci/devices" / ((short_form ? "0000:" : "") + pci_address) / "net", none))
    names.push_back(entry.path().filename().string());
  return names;
}

std::string reason_to_spare(const std::string& interface, const std::filesystem::path& sysfs) {
  for (const std::string& name : with_uppers(interface, sysfs)) {
    const std::string duty = duty_of(name);
    if (duty.empty()) continue;
    return name == interface ? fmt::format("{} carries {}", name, duty)
                             : fmt::format("{} stands on {} and carries {}", name, interface, duty);
  }
  return {};
}

}  // namespace jumpgate::ethdev
