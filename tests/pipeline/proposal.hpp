/// The client's side of a jump: for tests of what a proposal and its commit change.
#pragma once

#include "harness.hpp"

namespace jumpgate::test {

/// The client at a new address, with keys and ids of its own for `epoch`.
inline Client proposed(Harness& h, const Client& client, std::uint64_t epoch) {
  Client next = client;
  next.address = endpoint("203.0.113.9:50000");
  next.gateway_cid = h.make_cid(client.ref);
  next.client_cid = {h.random.nonzero_u64()};
  next.keys = h.make_keys(epoch, client.generation, client.keys.suite);
  next.counter = 0;
  for (auto& id : next.jump_ids)
    id = h.make_cid(client.ref);
  return next;
}
inline bus::Commit commit_of(const Client& next) {
  return {.epoch = next.keys.epoch,
          .path = Harness::path_to(next),
          .client_cid = next.client_cid,
          .jump_ids = next.jump_ids};
}
/// A whole jump; the heartbeat that the commit sends is taken.
inline Client jumped(Harness& h, const Client& client) {
  Client next = proposed(h, client, client.keys.epoch + 1);
  EXPECT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  EXPECT_TRUE(h.command(client.ref, commit_of(next)));
  EXPECT_EQ(h.opened(next).size(), 1U);
  return next;
}

}  // namespace jumpgate::test
