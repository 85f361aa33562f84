/// Inner packets that came in two parts, put together at the client (spec/wire.md "DATA in two parts").
///
/// Two parts belong together when their counters follow each other in one epoch. Nobody but the gateway can send one, so
/// a part waits until its session ends or a newer one needs its place.
/// Owner thread: the client's loop. Bound: kWaiting parts; no allocation after construction. Failure: a drop reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>

#include "net/parts.hpp"

namespace jumpgate::client {

/// An opened part: where it belongs and what came with it.
struct Part {
  net::PartKind kind;
  std::uint64_t epoch;
  std::uint64_t counter;
  std::span<const std::uint8_t> plaintext;
  std::uint8_t outer_class;
};

/// Both parts as one. Valid until the next add().
struct JoinedPacket {
  std::span<std::uint8_t> packet;  // empty: the part waits
  std::uint8_t outer_class{0};
};

class PartJoiner {
 public:
  std::expected<JoinedPacket, DropReason> add(const Part& part);

 private:
  struct Waiting {
    std::uint64_t epoch{0};
    std::uint64_t head{0};    // the head's counter
    std::uint64_t number{0};  // of those that began to wait; 0: nobody
    net::PartKind kind{};
    std::uint8_t outer_class{0};
    std::size_t size{0};
    std::array<std::uint8_t, limits::kMaxInnerMtu> bytes{};
  };
  /// A sender puts the two behind each other; so many may come between them on their way.
  static constexpr std::size_t kWaiting = 4;

  std::expected<JoinedPacket, DropReason> keep(const Part& part, std::uint64_t head);
  std::expected<JoinedPacket, DropReason> join(Waiting& other, const Part& part);

  std::array<Waiting, kWaiting> waiting_{};
  std::uint64_t next_number_{1};
  std::array<std::uint8_t, limits::kMaxInnerMtu> joined_{};
};

}  // namespace jumpgate::client
