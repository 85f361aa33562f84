/// Replay check, AEAD open in one burst, replay commit.
///
/// Purpose: the window is asked before the tag is verified and marked only after it was. Several
/// packets of one session, duplicates among them, may share a batch: each is checked again when its
/// own turn to be marked comes.
/// Owner thread: the worker. Bound: one batch. spec/wire.md "Order of the checks", 10, 11 and 13;
/// spec/keys.md "Replay".
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

void check_replay(Shard& shard, Batch<Datagram>& datagrams);
/// Survivors are authentic; their plaintext stands where the ciphertext was.
void open(Shard& shard, Batch<Datagram>& datagrams);
/// Survivors are fresh as well. From here on state may change.
void commit_replay(Shard& shard, Batch<Datagram>& datagrams);

}  // namespace jumpgate::data
