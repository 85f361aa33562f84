#include "client/keyring.hpp"

#include <utility>

namespace jumpgate::client {

Keyring::Keyring(const SessionId& session_id, Suite suite, crypto::RootSecret root)
    : session_id_(session_id), suite_(suite), newest_(make(0, std::move(root))) {}

Generation Keyring::make(std::uint32_t number, crypto::RootSecret root) const {
  Generation generation;
  generation.number = number;
  generation.send =
      crypto::derive_control_key(root, session_id_, number, Direction::kClientToGateway);
  generation.receive =
      crypto::derive_control_key(root, session_id_, number, Direction::kGatewayToClient);
  generation.root = std::move(root);
  return generation;
}

const Generation* Keyring::by_phase(std::uint8_t phase) const {
  if ((newest_.number & 3U) == phase) return &newest_;
  if (previous_ && (previous_->number & 3U) == phase) return &*previous_;
  return nullptr;
}

void Keyring::rotate(crypto::RootSecret root) {
  Generation next = make(newest_.number + 1, std::move(root));
  previous_ = std::move(newest_);
  previous_->root.clear();
  newest_ = std::move(next);
}

Keyring::TrafficPair Keyring::traffic_keys(const Generation& generation,
                                           const EpochBinding& binding) const {
  crypto::TrafficContext context{.session_id = session_id_,
                                 .generation = generation.number,
                                 .epoch = binding.epoch,
                                 .binding_version = binding.binding_version,
                                 .owner_epoch = binding.owner_epoch,
                                 .suite = suite_,
                                 .direction = Direction::kClientToGateway};
  TrafficPair pair;
  pair.send = crypto::derive_traffic_key(generation.root, context);
  context.direction = Direction::kGatewayToClient;
  pair.receive = crypto::derive_traffic_key(generation.root, context);
  return pair;
}

}  // namespace jumpgate::client
