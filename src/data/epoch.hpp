/// One live epoch of a session: raw keys, counters and replay window.
///
/// Owner thread: the worker writes all of it; nobody else reads it. Bound: limits::kMaxEpochs a
/// slot.
#pragma once

#include <algorithm>
#include <cstdint>

#include <jumpgate/limits.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "session/replay_window.hpp"

namespace jumpgate::data {

enum class EpochRole : std::uint8_t {
  kFree,
  kPrevious,  // draining: receive-only, no binding
  kCurrent,   // what is sent is sealed in it
  kProposed,  // of an exchange: received and held until the commit
  kRenewed,   // of an unconfirmed rekey: same binding, received like the current one
};

constexpr std::uint64_t blocks_of(std::size_t bytes) {
  return bytes == 0 ? 1 : (bytes + 15) / 16;
}

struct Epoch {
  session::ReplayWindow window;
  std::uint64_t number{0};
  ConnectionId receive_cid;
  std::uint64_t key_id{0};  // names receive in ExpandedKeys; send is key_id + 1
  std::uint64_t send_counter{0};
  std::uint64_t sent_blocks{0};
  std::uint64_t received_blocks{0};
  std::uint64_t failed_opens{0};
  // From here on something about the keys is to be told (note_key_usage sets them).
  std::uint64_t notice_packets{0};
  std::uint64_t notice_blocks{0};
  std::uint32_t generation{0};
  std::uint32_t window_index{0};
  EpochRole role{EpochRole::kFree};
  Suite suite{Suite::kNone};
  bool heard{false};              // an authentic packet came
  bool heard_reported{false};     // and the controller knows
  bool rekey_reported{false};     // rekey limit of either key
  bool hard_reported{false};      // hard limit of either key
  bool failures_reported{false};  // 2^36 failed opens
  TrafficKey receive;
  TrafficKey send;

  [[nodiscard]] std::uint8_t phase() const {
    return static_cast<std::uint8_t>(number & wire::kFlagPhaseMask);
  }
  [[nodiscard]] std::uint64_t packets() const { return std::max(window.count(), send_counter); }
  [[nodiscard]] std::uint64_t blocks() const { return std::max(received_blocks, sent_blocks); }
  [[nodiscard]] bool usage_due() const {
    return packets() >= notice_packets || blocks() >= notice_blocks ||
           failed_opens >= limits::kMaxFailedOpens;
  }
  [[nodiscard]] bool receive_exhausted() const {
    return window.count() >= limits::kHardLimitPackets ||
           received_blocks >= limits::kHardLimitBlocks;
  }
  [[nodiscard]] bool send_exhausted() const {
    return send_counter >= limits::kHardLimitPackets || sent_blocks >= limits::kHardLimitBlocks;
  }
};

}  // namespace jumpgate::data
