/// What a port did not take, until it does: control first, then the sessions in turn.
///
/// Purpose: a port that is short must not be short for those who ask least of it. Sessions wait in
/// lanes that are served by deficit round robin (Shreedhar and Varghese, 1996), so that each gets the
/// same bytes; when there is no room left, the longest lane loses its oldest frame (RFC 8290 section
/// 4.1). So no session loses a frame while it has fewer waiting than its share of kData. Control
/// (heartbeats, CLOSE, and all that the controller sends) goes before data and has room of its own.
/// Owner thread: the worker. Bound: kData and kControl frames; sessions whose slots are equal modulo
/// kLanes share a lane. Failure: push() gives back the frame to be dropped (`tx_queue_full`).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <rte_mbuf.h>

namespace jumpgate::data {

class TxBacklog {
 public:
  /// A third of a millisecond of a 10G port; beyond it waiting is worse than losing.
  static constexpr std::size_t kData = 256;
  /// Four rounds of heartbeats: a round sends at most kBurst of them.
  static constexpr std::size_t kControl = 128;
  static constexpr std::size_t kLanes = 128;
  static constexpr std::uint8_t kControlLane = kLanes;

  /// A session's lane on every port.
  static constexpr std::uint8_t lane_of(std::uint32_t slot) {
    return static_cast<std::uint8_t>(slot % kLanes);
  }

  TxBacklog();
  TxBacklog(const TxBacklog&) = delete;
  TxBacklog& operator=(const TxBacklog&) = delete;
  /// Frees what waits.
  ~TxBacklog();

  [[nodiscard]] bool empty() const { return data_ + control_ == 0; }
  /// The frame that is to be dropped for it, perhaps itself; nullptr: there was room.
  [[nodiscard]] rte_mbuf* push(rte_mbuf* frame, std::uint8_t lane);
  /// The next to leave and its lane; nullptr: none waits.
  rte_mbuf* pop(std::uint8_t& lane);
  /// The last that was popped did not leave; several are given back in the opposite order.
  void give_back(rte_mbuf* frame, std::uint8_t lane);

 private:
  using Index = std::uint16_t;
  static constexpr Index kNone = UINT16_MAX;
  /// What a lane may send in its turn: a frame of any port but a jumbo one, which waits some turns.
  static constexpr std::uint32_t kQuantum = 1536;

  struct Place {
    rte_mbuf* frame{nullptr};
    Index next{kNone};
  };
  struct Lane {
    Index first{kNone};
    Index last{kNone};
    Index frames{0};
    std::uint32_t deficit{0};  // bytes it may send before the next lane's turn
  };

  rte_mbuf* take_first(std::uint8_t lane);
  void put_first(rte_mbuf* frame, std::uint8_t lane);
  void put_last(rte_mbuf* frame, std::uint8_t lane);
  Index place(rte_mbuf* frame);
  std::size_t& count_of(std::uint8_t lane) { return lane == kControlLane ? control_ : data_; }
  [[nodiscard]] std::uint8_t longest() const;
  void leave_turn(std::uint8_t lane);

  std::array<Place, kData + kControl> places_;
  std::array<Lane, kLanes + 1> lanes_;
  // Lanes with data, the one whose turn it is first: a ring.
  std::array<std::uint8_t, kLanes> turn_{};
  std::size_t turn_first_{0};
  std::size_t turns_{0};
  Index free_{0};
  std::size_t data_{0};
  std::size_t control_{0};
};

}  // namespace jumpgate::data
