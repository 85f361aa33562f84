#include "tools/jumpgen/peers_file.hpp"

#include <iterator>

#include <fmt/format.h>

#include "base/text.hpp"

namespace jumpgate::jumpgen {

std::string peer_tables(const ClientPlan& plan) {
  std::string text =
      "# Written by jumpgen: clients whose private keys follow from a seed. For a gateway under "
      "test only.\n";
  for (std::uint32_t i = 0; i < plan.count(); ++i) {
    fmt::format_to(std::back_inserter(text),
                   "\n[[peer]]\nname = \"jumpgen-{}\"\npublic_key = \"{}\"\naddresses = "
                   "[\"{}/32\"]\n",
                   i, base::format_key(plan.key(i).public_key),
                   base::format_ip(plan.inner_address(i)));
  }
  return text;
}

}  // namespace jumpgate::jumpgen
