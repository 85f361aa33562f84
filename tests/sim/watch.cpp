#include "watch.hpp"

#include <algorithm>
#include <string>

#include "session/fsm.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::sim {

void Watch::on_event(const audit::Event& event) {
  if (event.type == EventType::kSessionTerminated) {
    sent_version_.erase(event.session);
    return;
  }
  if (event.type != EventType::kTransportAttached && event.type != EventType::kTransportSwitch)
    return;
  const ctl::Session* session = gateway_.find(event.session);
  if (session == nullptr || !session->binding) return;
  bindings_[session->binding->client_cid] = {.session = event.session,
                                             .binding_version = session->record.binding_version(),
                                             .remote = session->binding->path.remote};
}

void Watch::on_sent(const Endpoint& to, std::span<const std::uint8_t> datagram, MonoNs now) {
  const auto type = wire::classify(datagram);
  if (!type || wire::class_of(*type) != wire::Class::kTraffic) return;
  const auto prefix = wire::parse_prefix(datagram);
  const auto found = prefix ? bindings_.find(prefix->cid) : bindings_.end();
  if (found == bindings_.end()) {
    findings_.add(Rule::kDualBinding, now, "the gateway sends under an id of no binding");
    return;
  }
  const Bound& bound = found->second;
  std::uint64_t& highest = sent_version_[bound.session];
  if (bound.binding_version < highest || to != bound.remote)
    findings_.add(Rule::kDualBinding, now,
                  short_id(bound.session) + ": sends on binding " +
                      std::to_string(bound.binding_version) + " after " + std::to_string(highest));
  highest = std::max(highest, bound.binding_version);
}

void Watch::check_records(MonoNs now) {
  established_.clear();
  for (const auto& [id, life] : timeline_.alive()) {
    const ctl::Session* session = gateway_.find(id);
    if (session == nullptr) {
      findings_.add(Rule::kInvalidTransition, now, short_id(id) + ": gone without its end");
      continue;
    }
    check_record(*session, life, now);
  }
}

void Watch::check_record(const ctl::Session& session, const Life& life, MonoNs now) {
  constexpr Duration kTimerSlack = milliseconds(20);
  const session::SessionRecord& record = session.record;
  const auto broken = [&](Rule rule, const std::string& what) {
    findings_.add(rule, now, short_id(record.id()) + ": " + what);
  };
  if (record.state() != life.state || record.state_version() != life.state_version ||
      record.binding_version() != life.binding_version)
    broken(Rule::kInvalidTransition, "record and stream differ");
  const bool bound = session.binding.has_value();
  if ((record.state() == State::kAttached && !bound) ||
      (bound && !session::may_have_binding(record.state())))
    broken(Rule::kDualBinding, "wrong binding in " + std::string(to_string(record.state())));
  // One that is to end waits for a command, when there is none.
  if (session.doom != Reason::kNone) return;
  if (std::min({record.lifetime_deadline(), record.keys_deadline(), record.transport_deadline()}) <
      now - kTimerSlack)
    broken(Rule::kInvalidTransition, "lives beyond its end");
  if (now - life.created > max_lifetime_ + kTimerSlack)
    broken(Rule::kInvalidTransition, "lives beyond max_lifetime");
  if (record.state() == State::kBirth) return;
  if (std::ranges::find(established_, life.peer) != established_.end())
    broken(Rule::kDualBinding, "two sessions of " + life.peer);
  established_.push_back(life.peer);
}

}  // namespace jumpgate::sim
