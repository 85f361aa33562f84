#include "tools/jumpgen/client_plan.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include <jumpgate/limits.hpp>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "crypto/blake2b.hpp"
#include "net/address.hpp"

namespace jumpgate::jumpgen {
namespace {

IpAddress v4(std::uint32_t address) {
  std::array<std::uint8_t, 4> bytes{};
  base::store_be32(bytes.data(), address);
  return net::address_v4(bytes);
}

std::uint32_t number_of(const IpAddress& address) {
  return base::load_be32(address.bytes.data());
}

std::uint64_t size_of(const IpPrefix& prefix) {
  return std::uint64_t{1} << (32U - prefix.length);
}

}  // namespace

ClientPlan::ClientPlan(PlanSpec spec)
    : spec_(std::move(spec)),
      outer_base_(number_of(spec_.outer.address)),
      outer_half_(static_cast<std::uint32_t>(size_of(spec_.outer) / kUplinks)),
      inner_base_(number_of(spec_.inner.address)) {}

std::expected<ClientPlan, std::string> ClientPlan::make(const PlanSpec& spec) {
  if (spec.count == 0 || spec.count > limits::kMaxPeers)
    return std::unexpected(
        fmt::format("{} clients; expected 1 to {}", spec.count, limits::kMaxPeers));
  // The first address of a network and the last one are nobody's.
  const std::uint64_t needed = std::uint64_t{spec.count} + 2;
  for (const auto& [prefix, what, share] :
       {std::tuple{&spec.outer, "outer", kUplinks}, std::tuple{&spec.inner, "inner", 1U}}) {
    if (prefix->address.family != IpFamily::kV4)
      return std::unexpected(
          fmt::format("the {} network {} is not IPv4", what, base::format_prefix(*prefix)));
    if (prefix->length == 0 || size_of(*prefix) < needed * share)
      return std::unexpected(fmt::format("the {} network {} is too small for {} clients", what,
                                         base::format_prefix(*prefix), spec.count));
  }
  return ClientPlan(spec);
}

crypto::KeyPair ClientPlan::key(std::uint32_t client) const {
  const auto secret =
      crypto::Blake2b(32).update("jumpgen client key").update(spec_.seed).u32(client).finish<32>();
  return crypto::KeyPair::from_private(secret);
}

IpAddress ClientPlan::inner_address(std::uint32_t client) const {
  return v4(inner_base_ + 1 + client);
}

IpAddress ClientPlan::outer_address(std::uint32_t client, client::UplinkId uplink) const {
  return v4(outer_base_ + uplink * outer_half_ + 1 + client);
}

std::optional<ClientPlan::OuterOwner> ClientPlan::owner_of(const IpAddress& outer) const {
  if (outer.family != IpFamily::kV4) return std::nullopt;
  const std::uint64_t offset = std::uint64_t{number_of(outer)} - outer_base_;
  if (number_of(outer) < outer_base_ || offset >= std::uint64_t{outer_half_} * kUplinks)
    return std::nullopt;
  const auto within = static_cast<std::uint32_t>(offset % outer_half_);
  if (within == 0 || within > spec_.count) return std::nullopt;
  return OuterOwner{.client = within - 1,
                    .uplink = static_cast<client::UplinkId>(offset / outer_half_)};
}

}  // namespace jumpgate::jumpgen
