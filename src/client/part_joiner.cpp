#include "client/part_joiner.hpp"

#include <algorithm>

#include "net/ecn.hpp"

namespace jumpgate::client {

std::expected<JoinedPacket, DropReason> PartJoiner::add(const Part& part) {
  if (part.plaintext.size() > limits::kMaxInnerMtu)
    return std::unexpected(DropReason::kInnerBadHeader);
  const std::uint64_t head = part.counter - (part.kind == net::PartKind::kTail ? 1 : 0);
  for (Waiting& other : waiting_)
    if (other.number != 0 && other.epoch == part.epoch && other.head == head &&
        other.kind != part.kind)
      return join(other, part);
  return keep(part, head);
}

std::expected<JoinedPacket, DropReason> PartJoiner::keep(const Part& part, std::uint64_t head) {
  // A free one has the number 0.
  Waiting& place = *std::ranges::min_element(waiting_, {}, &Waiting::number);
  const bool lost = place.number != 0;
  place.number = next_number_++;
  place.epoch = part.epoch;
  place.head = head;
  place.kind = part.kind;
  place.outer_class = part.outer_class;
  place.size = part.plaintext.size();
  std::ranges::copy(part.plaintext, place.bytes.begin());
  if (lost) return std::unexpected(DropReason::kInnerPartLost);
  return JoinedPacket{};
}

std::expected<JoinedPacket, DropReason> PartJoiner::join(Waiting& other, const Part& part) {
  other.number = 0;
  const std::span<const std::uint8_t> kept(other.bytes.data(), other.size);
  const bool is_tail = part.kind == net::PartKind::kTail;
  const auto head = is_tail ? kept : part.plaintext;
  std::ranges::copy(head, joined_.begin());
  const std::size_t whole = net::join_parts(joined_, head.size(), is_tail ? part.plaintext : kept);
  if (whole == 0) return std::unexpected(DropReason::kInnerBadHeader);
  return JoinedPacket{.packet = std::span(joined_).first(whole),
                      .outer_class = net::class_of_parts(part.outer_class, other.outer_class)};
}

}  // namespace jumpgate::client
