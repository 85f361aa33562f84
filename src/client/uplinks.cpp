#include "client/uplinks.hpp"

namespace jumpgate::client {

bool Uplinks::add(std::string_view name, std::uint8_t preference) {
  if (size_ == links_.size()) return false;
  session::CandidatePath path;
  path.id = static_cast<UplinkId>(size_);
  path.preference = preference;
  if (!paths_.add(path)) return false;
  links_.at(size_++).name = audit::ShortName(name);
  return true;
}

void Uplinks::set_status(UplinkId id, const UplinkStatus& status, MonoNs now) {
  if (id >= size_) return;
  Link& link = links_.at(id);
  if (link.status == status) return;
  // What was known of a path does not hold for another address or after an outage.
  link.rtt.reset();
  link.status = status;
  paths_.set_up(id, status.up, now);
}

std::optional<UplinkId> Uplinks::after(UplinkId last) const {
  if (size_ == 0) return std::nullopt;
  const std::size_t start = last == kNoUplink ? 0 : std::size_t{last} + 1;
  for (std::size_t i = 0; i < size_; ++i) {
    const auto id = static_cast<UplinkId>((start + i) % size_);
    if (up(id)) return id;
  }
  return std::nullopt;
}

}  // namespace jumpgate::client
