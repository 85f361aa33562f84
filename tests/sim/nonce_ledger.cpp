#include "nonce_ledger.hpp"

#include <algorithm>
#include <cstring>

#include <sodium/crypto_generichash.h>

#include "../support/allocations.hpp"
#include "aead_sodium/aead_sodium.hpp"
#include "base/bytes.hpp"

namespace jumpgate::sim {

void NonceLedger::note(const KeyPrint& key, const TrafficNonce& nonce) {
  ++pairs_;
  Used& used = keys_[key];
  if (used.intervals.empty()) used.first = nonce;
  // The first four bytes come from the key's IV and never change; were they to, the pair is new anyway, and the
  // fingerprint below says so.
  if (!std::equal(nonce.begin(), nonce.begin() + 4, used.first.begin())) {
    KeyPrint other = key;
    std::copy_n(nonce.begin(), 4, other.begin());
    --pairs_;
    note(other, nonce);
    return;
  }
  const std::uint64_t relative =
      base::load_le64(nonce.data() + 4) ^ base::load_le64(used.first.data() + 4);
  if (!insert(used, relative)) ++repeats_;
}

bool NonceLedger::insert(Used& used, std::uint64_t value) {
  auto& list = used.intervals;
  const auto next =
      std::ranges::upper_bound(list, value, {}, &std::pair<std::uint64_t, std::uint64_t>::first);
  if (next != list.begin()) {
    auto& before = *(next - 1);
    if (value <= before.second) return false;
    if (value == before.second + 1) {
      before.second = value;
      if (next != list.end() && next->first == value + 1) {
        before.second = next->second;
        list.erase(next);
      }
      return true;
    }
  }
  if (next != list.end() && next->first == value + 1) {
    next->first = value;
  } else {
    list.insert(next, {value, value});
  }
  return true;
}

void NonceLedger::note_control(std::span<const std::uint8_t, 24> nonce) {
  ++pairs_;
  ControlNonce copy{};
  std::ranges::copy(nonce, copy.begin());
  if (!control_.insert(copy).second) ++repeats_;
}

RecordingAead::RecordingAead(Suite suite, NonceLedger& ledger)
    : inner_(aead_sodium::make_aead(suite)), ledger_(ledger) {}

void RecordingAead::expand(std::span<const std::uint8_t, 32> key, void* expanded) {
  inner_->expand(key, expanded);
  KeyPrint print{};
  crypto_generichash(print.data(), print.size(), key.data(), key.size(), nullptr, 0);
  std::memcpy(static_cast<std::uint8_t*>(expanded) + inner_->expanded_key_size(), print.data(),
              print.size());
}

void RecordingAead::seal(std::span<AeadOp> ops) {
  const test::UncountedAllocations own;
  for (const AeadOp& op : ops) {
    KeyPrint print{};
    std::memcpy(print.data(),
                static_cast<const std::uint8_t*>(op.expanded) + inner_->expanded_key_size(),
                print.size());
    ledger_.note(print, op.iv);
  }
  inner_->seal(ops);
}

}  // namespace jumpgate::sim
