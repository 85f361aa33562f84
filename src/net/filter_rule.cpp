#include "net/filter_rule.hpp"

#include "base/text.hpp"

namespace jumpgate::net {
namespace {

bool covers(const IpPrefix& wide, const IpPrefix& narrow) {
  if (wide.address.family == IpFamily::kNone) return true;
  return narrow.address.family == wide.address.family && narrow.length >= wide.length &&
         base::contains(wide, narrow.address);
}

bool covers(const PortRange& wide, const PortRange& narrow) {
  return wide.first <= narrow.first && narrow.last <= wide.last;
}

template <typename T>
bool covers(const std::optional<T>& wide, const std::optional<T>& narrow) {
  return !wide || wide == narrow;
}

}  // namespace

IpFamily family_of(const FilterRule& rule) {
  return rule.from.address.family != IpFamily::kNone ? rule.from.address.family
                                                     : rule.to.address.family;
}

bool covers(const FilterRule& earlier, const FilterRule& later) {
  return covers(earlier.direction, later.direction) && covers(earlier.protocol, later.protocol) &&
         covers(earlier.from, later.from) && covers(earlier.to, later.to) &&
         covers(earlier.from_ports, later.from_ports) && covers(earlier.to_ports, later.to_ports);
}

}  // namespace jumpgate::net
