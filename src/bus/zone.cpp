#include "bus/zone.hpp"

#include <cstring>
#include <utility>

#include <rte_errno.h>
#include <rte_memory.h>
#include <rte_memzone.h>
#include <sys/mman.h>

namespace jumpgate::bus {

Zone::Zone(Zone&& other) noexcept
    : zone_(std::exchange(other.zone_, nullptr)), secret_(other.secret_) {}

Zone& Zone::operator=(Zone&& other) noexcept {
  if (this != &other) {
    free();
    zone_ = std::exchange(other.zone_, nullptr);
    secret_ = other.secret_;
  }
  return *this;
}

Zone::~Zone() {
  free();
}

std::expected<Zone, std::string> Zone::create(const std::string& name, std::size_t bytes,
                                              int socket, bool secret) {
  const rte_memzone* zone = rte_memzone_reserve_aligned(
      name.c_str(), bytes, socket < 0 ? SOCKET_ID_ANY : socket, 0, RTE_CACHE_LINE_SIZE);
  if (zone == nullptr)
    return std::unexpected("no memory for " + name + " (" + std::to_string(bytes) +
                           " bytes): " + rte_strerror(rte_errno));
  std::memset(zone->addr, 0, zone->len);
  if (secret) {
    // Best effort: without CAP_IPC_LOCK and off hugepages the limit may be small.
    static_cast<void>(mlock(zone->addr, zone->len));
  }
  Zone made;
  made.zone_ = zone;
  made.secret_ = secret;
  return made;
}

void* Zone::data() const {
  return zone_ == nullptr ? nullptr : zone_->addr;
}

std::size_t Zone::size() const {
  return zone_ == nullptr ? 0 : zone_->len;
}

void Zone::free() noexcept {
  if (zone_ == nullptr) return;
  if (secret_) {
    explicit_bzero(zone_->addr, zone_->len);
    static_cast<void>(munlock(zone_->addr, zone_->len));
  }
  rte_memzone_free(zone_);
  zone_ = nullptr;
}

}  // namespace jumpgate::bus
