#include "features.hpp"

#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "net/frames.hpp"

namespace jumpgate::bench {
namespace {

net::FilterSet rules() {
  net::FilterSet set{.name = "all", .otherwise = net::FilterAction::kAllow};
  for (std::uint32_t i = 0; i + 1 < kFilterRules; ++i) {
    IpAddress network{IpFamily::kV4, {}};
    base::store_be32(network.bytes.data(), 0xcb00'0000U + (i << 8));  // 203.0.0.0/24 and on
    const auto port = static_cast<std::uint16_t>(1 + i % 1000);
    set.rules.push_back({.action = net::FilterAction::kDeny,
                         .protocol = i % 2 == 0 ? net::kProtocolTcp : net::kProtocolUdp,
                         .to = {network, 24},
                         .to_ports = {port, port}});
  }
  set.rules.push_back({.action = net::FilterAction::kDeny,
                       .protocol = net::kProtocolUdp,
                       .to_ports = {kDeniedPort, kDeniedPort}});
  return set;
}

net::RateSet most() {
  constexpr net::Rate kMost{.bytes = 125'000'000'000, .packets = 1'000'000'000};
  return {.name = "all",
          .session = {kMost, kMost},
          .total = {kMost, kMost},
          .burst = seconds(10),
          .quota = std::uint64_t{1} << 60};
}

}  // namespace

std::expected<std::unique_ptr<Features>, std::string> Features::create(net::Quiescence& quiescence,
                                                                       std::uint32_t peers,
                                                                       unsigned workers) {
  const std::vector<std::uint16_t> first(peers, 0);
  const std::vector sets{rules()};
  auto filters = net::FilterImage::build(sets, first);
  if (!filters) return std::unexpected(filters.error());
  const std::vector rates{most()};
  return std::unique_ptr<Features>(
      new Features(quiescence, std::move(*filters), net::RateImage::build(rates, first, workers)));
}

}  // namespace jumpgate::bench
