/// ICMP errors about inner packets that were dropped: which one, from which address of ours
/// (spec/inner-networks.md "ICMP errors").
///
/// Owner thread: the controller. Bound: kUnreachable for next hops that do not answer; what a worker
/// refused, it has counted against a bucket of its own. Failure: 0, where nothing is to be said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <jumpgate/drops.hpp>
#include <jumpgate/time.hpp>

#include "base/bytes.hpp"
#include "base/token_bucket.hpp"
#include "net/topology.hpp"

namespace jumpgate::ctl {

class InnerErrors {
 public:
  /// As much as one worker may have refused.
  static constexpr base::TokenRate kUnreachable{.tokens = 500, .per = seconds(1), .burst = 100};

  explicit InnerErrors(std::vector<net::PortAddressing> ports) : ports_(std::move(ports)) {}

  /// Builds into `out`, of net::kMaxIcmpError bytes, what the sender of `packet` is told of its
  /// drop; returns its size. `mtu`: what would have fitted.
  [[nodiscard]] std::size_t about(base::MutableBytes out, base::Bytes packet, DropReason reason,
                                  std::uint16_t mtu) const;
  /// The same of a frame whose next hop on `port` was not found; of an inner port alone.
  [[nodiscard]] std::size_t unreachable(base::MutableBytes out, base::Bytes frame,
                                        std::uint8_t port, MonoNs now);

 private:
  std::vector<net::PortAddressing> ports_;
  base::TokenBucket bucket_{kUnreachable, MonoNs{}};
};

}  // namespace jumpgate::ctl
