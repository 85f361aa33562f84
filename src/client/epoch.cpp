#include "client/epoch.hpp"

#include <algorithm>

#include <jumpgate/limits.hpp>

#include "base/secret.hpp"

namespace jumpgate::client {
namespace {

/// Blocks of 16 bytes, begun ones counted, at least one for each message.
std::uint64_t blocks_of(std::size_t bytes) {
  return std::max<std::uint64_t>(1, (bytes + 15) / 16);
}

}  // namespace

void Epoch::install(const EpochInfo& info, Aead& aead, const crypto::TrafficSecret& send,
                    const crypto::TrafficSecret& receive, MonoNs now) {
  info_ = info;
  installed_at_ = now;
  aead.expand(send.get().key, &send_key_);
  aead.expand(receive.get().key, &receive_key_);
  send_iv_ = send.get().iv;
  receive_iv_ = receive.get().iv;
  sent_ = {};
  received_ = {};
  window_ = session::ReplayWindow(window_memory_);
  live_ = true;
}

void Epoch::clear() {
  base::wipe(send_key_.bytes);
  base::wipe(receive_key_.bytes);
  base::wipe(send_iv_);
  base::wipe(receive_iv_);
  live_ = false;
}

bool Epoch::may_send() const {
  return sent_.packets < limits::kHardLimitPackets && sent_.blocks < limits::kHardLimitBlocks;
}

std::uint64_t Epoch::take_counter(std::size_t plaintext_bytes) {
  sent_.blocks += blocks_of(plaintext_bytes);
  return sent_.packets++;
}

bool Epoch::wants_rekey() const {
  return sent_.packets >= limits::kRekeyAfterPackets || sent_.blocks >= limits::kRekeyAfterBlocks;
}

bool Epoch::may_receive() const {
  return received_.packets < limits::kHardLimitPackets &&
         received_.blocks < limits::kHardLimitBlocks;
}

void Epoch::count_received(std::size_t plaintext_bytes) {
  ++received_.packets;
  received_.blocks += blocks_of(plaintext_bytes);
}

}  // namespace jumpgate::client
