/// Filters compiled for the workers (rte_acl): which set a peer has, and what it says of a burst.
///
/// Owner: the controller builds it and publishes it (net::Published); workers read it. Nothing in
/// it changes. Bound: kMaxFilters sets, kMaxFilterRules rules each; memory from the EAL heap.
/// Failure: build() says what did not fit. Fragments but the first have no ports: rules that name
/// ports do not match them, whatever ports they name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/filter_rule.hpp"
#include "net/frames.hpp"
#include "net/topology.hpp"

namespace jumpgate::net {

/// What a packet is judged by, in network order: protocol, whether its ports are not to be seen, two
/// bytes unused, source, destination, ports.
struct FilterKey {
  std::array<std::uint8_t, 40> bytes{};
};
/// Of a whole and sound IP packet.
FilterKey filter_key_of(Bytes packet);

class FilterImage {
 public:
  /// `of_peer`: for each peer the index of its set, or kNoFilter. Needs EAL.
  static std::expected<std::unique_ptr<const FilterImage>, std::string> build(
      std::span<const FilterSet> sets, std::vector<std::uint16_t> of_peer);
  ~FilterImage();
  FilterImage(const FilterImage&) = delete;
  FilterImage& operator=(const FilterImage&) = delete;

  /// False: no peer has a filter.
  [[nodiscard]] bool any() const noexcept { return any_; }
  [[nodiscard]] std::uint16_t set_of(std::uint32_t peer) const noexcept {
    return peer < of_peer_.size() ? of_peer_[peer] : kNoFilter;
  }
  /// Judges keys of one set, direction and family: `allowed[i]` for `keys[i]`.
  void judge(std::uint16_t set, FilterDirection direction, bool v6,
             std::span<const std::uint8_t* const> keys, std::span<bool> allowed) const noexcept;

 private:
  struct Compiled;
  FilterImage();
  std::vector<std::unique_ptr<Compiled>> sets_;
  std::vector<std::uint16_t> of_peer_;
  bool any_{false};
};

}  // namespace jumpgate::net
