#include "net/filter_rule.hpp"

namespace jumpgate::net {

IpFamily family_of(const FilterRule& rule) {
  return rule.from.address.family != IpFamily::kNone ? rule.from.address.family
                                                     : rule.to.address.family;
}

}  // namespace jumpgate::net
