#include "ctl/views.hpp"

#include <algorithm>

namespace jumpgate::ctl {

SessionPageView Views::page(std::uint64_t offset, std::size_t most) {
  SessionPageView page;
  const std::uint64_t slots = core_.sessions.slots();
  std::uint64_t slot = offset;
  for (std::uint32_t looked = 0; slot < slots && looked < kSlotsPerPage; ++slot, ++looked) {
    const Session* session = core_.sessions.at(static_cast<SlotHandle>(slot));
    if (session == nullptr) continue;
    if (page.sessions.size() == most) break;
    page.sessions.push_back(view(*session));
  }
  if (slot < slots) page.next = slot;
  return page;
}

std::optional<SessionView> Views::session(const SessionId& id) {
  const Session* session = core_.sessions.find(id);
  if (session == nullptr) return std::nullopt;
  return view(*session);
}

std::optional<SessionView> Views::session_of_peer(std::string_view name) {
  const auto index = core_.peers.roster()->find(name);
  if (!index) return std::nullopt;
  const Peer& peer = core_.peers[*index];
  for (const auto& ref : {peer.current, peer.birth}) {
    if (!ref) continue;
    if (const Session* session = core_.sessions.find(*ref); session != nullptr)
      return view(*session);
  }
  return std::nullopt;
}

SessionView Views::view(const Session& session) const {
  const session::SessionRecord& record = session.record;
  SessionView view;
  view.id = record.id();
  view.peer = core_.peer_name(session);
  view.state = record.state();
  view.last_reason = session.last_reason;
  if (session.binding) view.endpoint = session.binding->path.remote;
  view.inner_addresses = core_.peers.config(session.peer).addresses;
  if (view.inner_addresses.size() > limits::kMaxInnerAddresses)
    view.inner_addresses.resize(limits::kMaxInnerAddresses);
  view.suite = session.suite;
  view.figures = core_.ports.workers.figures(session.ref);
  view.created_at = record.created_at();
  view.commits = record.binding_version() > 0 ? record.binding_version() - 1 : 0;
  view.state_version = record.state_version();
  view.binding_version = record.binding_version();
  view.epoch = session.epochs.current();
  view.root_generation = record.root_generation();
  view.ref = session.ref;
  return view;
}

}  // namespace jumpgate::ctl
