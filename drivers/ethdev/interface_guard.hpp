/// Keeps a port to itself, and the host's own way in out of our hands.
///
/// Owner thread: main. The lock is advisory (flock) and goes with the process. The checks read the
/// kernel's tables in /proc and /sys only.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace jumpgate::ethdev {

/// An exclusive lock on /run/lock/jumpgate-NAMESPACE-INTERFACE; released when destroyed. NAMESPACE is
/// the number of our network namespace: an interface of the same name in another one is another.
class InterfaceLock {
 public:
  static std::expected<InterfaceLock, std::string> take(const std::string& interface,
                                                        const std::string& folder = "/run/lock");
  InterfaceLock(InterfaceLock&& other) noexcept;
  InterfaceLock& operator=(InterfaceLock&& other) noexcept;
  ~InterfaceLock();

 private:
  explicit InterfaceLock(int fd) : fd_{fd} {}
  int fd_{-1};
};

/// Why the host would lose its way in if `interface` were taken: it, or what stands on it (a bridge,
/// a bond, a VLAN), carries the default route of either family, or an established SSH connection
/// ends at one of its addresses. Empty: it may be taken. /sys must show our network namespace.
std::string reason_to_spare(const std::string& interface,
                            const std::filesystem::path& sysfs = "/sys");
/// The kernel interfaces of a PCI card whose driver left it to the kernel too (mlx5).
std::vector<std::string> interfaces_of_card(const std::string& pci_address,
                                            const std::filesystem::path& sysfs = "/sys");

}  // namespace jumpgate::ethdev
