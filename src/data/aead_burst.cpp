#include "data/aead_burst.hpp"

#include <jumpgate/wire.hpp>

#include "base/invariant.hpp"
#include "crypto/nonce.hpp"

namespace jumpgate::data {

void AeadBurst::add(Suite suite, std::uint64_t id, const TrafficKey& key, std::uint64_t counter,
                    std::uint8_t* message, std::size_t length) {
  JG_INVARIANT(size_ < limits::kBurst);
  const std::uint8_t which = suite == Suite::kAes256Gcm ? 0 : 1;
  List& list = lists_[which];
  places_[size_++] = {which, static_cast<std::uint8_t>(list.size)};
  AeadOp& op = list.ops[list.size++];
  op.expanded = shard_.keys.get(id, shard_.aead(suite), key.key, shard_.counters);
  op.aad = message;
  op.aad_length = wire::kPrefixSize;
  op.length = static_cast<std::uint32_t>(length);
  op.data = message + wire::kPrefixSize;
  op.tag = op.data + length;
  op.iv = crypto::traffic_nonce(key.iv, counter);
  op.ok = false;
}

void AeadBurst::seal() {
  if (lists_[0].size != 0) shard_.aes->seal(lists_[0].used());
  if (lists_[1].size != 0) shard_.chacha->seal(lists_[1].used());
}

void AeadBurst::open() {
  if (lists_[0].size != 0) shard_.aes->open(lists_[0].used());
  if (lists_[1].size != 0) shard_.chacha->open(lists_[1].used());
}

}  // namespace jumpgate::data
