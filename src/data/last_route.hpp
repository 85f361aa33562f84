/// Routes of one burst of packets, most of which go where the one before went.
///
/// Owner thread: the worker. Bound: one route; lives for one stage over one batch, so under one
/// image of the routes. Failure: none; no route is a kind of its own.
#pragma once

#include <cstdint>

#include <jumpgate/types.hpp>

#include "net/address.hpp"
#include "net/route_image.hpp"

namespace jumpgate::data {

class LastRoute {
 public:
  explicit LastRoute(const net::RouteImage& routes) : routes_(routes) {}

  /// `destination`: four or sixteen bytes in network order.
  net::RouteTarget find(IpFamily family, const std::uint8_t* destination) {
    if (!net::stands_at(destination_, family, destination)) {
      destination_ = net::address_at(family, destination);
      target_ =
          family == IpFamily::kV4 ? routes_.route_v4(destination) : routes_.route_v6(destination);
    }
    return target_;
  }

 private:
  const net::RouteImage& routes_;
  IpAddress destination_{};
  net::RouteTarget target_{};
};

}  // namespace jumpgate::data
