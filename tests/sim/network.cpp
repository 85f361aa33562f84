#include "network.hpp"

#include <algorithm>
#include <utility>

#include "wire/prefix.hpp"

namespace jumpgate::sim {
namespace {

constexpr std::uint8_t kNatNet = 20;  // second byte of the first uplink's outside addresses

std::size_t index(Way way) {
  return static_cast<std::size_t>(way);
}

}  // namespace

Endpoint gateway_endpoint() {
  return {.address = {.family = IpFamily::kV4, .bytes = {192, 0, 2, 1}}, .port = kListenPort};
}

link_faulty::FaultSettings clean_path() {
  link_faulty::FaultSettings clean;
  clean.delay = milliseconds(20);
  return clean;
}

Network::Network(std::size_t clients, std::uint64_t seed) : no_hello_until_(clients) {
  links_.reserve(clients * kUplinks);
  for (std::size_t i = 0; i < clients * kUplinks; ++i) {
    links_.push_back({.ways = {{{.faults = {clean_path(), seed * 1'000'003 + 2 * i}},
                                {.faults = {clean_path(), seed * 1'000'003 + 2 * i + 1}}}}});
  }
}

void Network::send(Link& over, Way way, Arrival arrival, MonoNs now) {
  Direction& direction = over.ways.at(index(way));
  const link_faulty::Verdict verdict = direction.faults.offer(now, arrival.bytes.size());
  if (!over.up || !direction.open) return;
  for (std::uint8_t copy = 0; copy < verdict.copies; ++copy)
    inject(verdict.deliver_at.at(copy), arrival);
}

void Network::from_client(std::size_t client, std::uint8_t uplink,
                          std::span<const std::uint8_t> bytes, MonoNs now) {
  if (now < no_hello_until_.at(client) && wire::classify(bytes) == wire::Type::kHello) return;
  Link& over = link(client, uplink);
  Arrival arrival{.way = Way::kUp,
                  .client = client,
                  .uplink = uplink,
                  .from = outside(client, uplink),
                  .bytes = {bytes.begin(), bytes.end()}};
  if (over.relay) {
    Arrival copy = arrival;
    copy.from = over.relay->address;
    send(over, Way::kUp, std::move(copy), now);
    if (!over.relay->passes_originals) return;
  }
  send(over, Way::kUp, std::move(arrival), now);
}

void Network::from_gateway(const Endpoint& to, std::span<const std::uint8_t> bytes, MonoNs now) {
  const auto place = place_of(to);
  if (!place) return;
  send(link(place->client, place->uplink), Way::kDown,
       {.way = Way::kDown,
        .client = place->client,
        .uplink = place->uplink,
        .from = gateway_endpoint(),
        .bytes = {bytes.begin(), bytes.end()}},
       now);
}

std::optional<Network::Place> Network::place_of(const Endpoint& address) const {
  const auto& bytes = address.address.bytes;
  const Place place{.client = std::size_t{bytes[2]} * 256 + bytes[3],
                    .uplink = static_cast<std::uint8_t>(bytes[1] - kNatNet)};
  if (place.uplink < kUplinks && place.client * kUplinks < links_.size() &&
      address == outside(place.client, place.uplink))
    return place;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const std::optional<Relay>& relay = links_[i].relay;
    if (relay && relay->carries_answers && relay->address == address)
      return Place{.client = i / kUplinks, .uplink = static_cast<std::uint8_t>(i % kUplinks)};
  }
  return std::nullopt;
}

void Network::inject(MonoNs at, Arrival arrival) {
  flying_.emplace(Key{at, order_++}, std::move(arrival));
}

MonoNs Network::next_due() const {
  return flying_.empty() ? kNever : flying_.begin()->first.at;
}

std::optional<Arrival> Network::take(MonoNs now) {
  if (next_due() > now) return std::nullopt;
  Arrival first = std::move(flying_.begin()->second);
  flying_.erase(flying_.begin());
  return first;
}

Endpoint Network::outside(std::size_t client, std::uint8_t uplink) const {
  return {.address = {.family = IpFamily::kV4,
                      .bytes = {10, static_cast<std::uint8_t>(kNatNet + uplink),
                                static_cast<std::uint8_t>(client / 256),
                                static_cast<std::uint8_t>(client % 256)}},
          .port = link(client, uplink).port};
}

void Network::judge(Link& changed, MonoNs now) {
  bool good = changed.up;
  for (const Direction& way : changed.ways) {
    const link_faulty::FaultSettings& faults = way.faults.settings();
    good = good && way.open && faults.loss <= kGoodLoss &&
           faults.delay + faults.jitter <= kGoodDelay && faults.reorder_hold <= kGoodDelay;
  }
  if (!good) {
    changed.good_since = kNever;
  } else if (changed.good_since == kNever) {
    changed.good_since = now;
  }
}

void Network::set_faults(std::size_t client, std::uint8_t uplink, Way way,
                         const link_faulty::FaultSettings& faults, MonoNs now) {
  link(client, uplink).ways.at(index(way)).faults.set(faults);
  judge(link(client, uplink), now);
}

void Network::set_open(std::size_t client, std::uint8_t uplink, Way way, bool open, MonoNs now) {
  link(client, uplink).ways.at(index(way)).open = open;
  judge(link(client, uplink), now);
}

void Network::set_up(std::size_t client, std::uint8_t uplink, bool up, MonoNs now) {
  link(client, uplink).up = up;
  judge(link(client, uplink), now);
}

void Network::rebind(std::size_t client, std::uint8_t uplink) {
  ++link(client, uplink).port;
}

void Network::readdress(std::size_t client, std::uint8_t uplink) {
  rebind(client, uplink);
  ++link(client, uplink).addresses;
}

client::UplinkStatus Network::status(std::size_t client, std::uint8_t uplink) const {
  const Link& asked = link(client, uplink);
  return {.up = asked.up, .gateway = gateway_endpoint(), .addresses = asked.addresses};
}

void Network::set_relay(std::size_t client, std::uint8_t uplink,
                        const std::optional<Relay>& relay) {
  link(client, uplink).relay = relay;
}

void Network::heal(MonoNs now) {
  std::ranges::fill(no_hello_until_, MonoNs{});
  for (Link& each : links_) {
    each.up = true;
    each.relay.reset();
    for (Direction& way : each.ways) {
      way.open = true;
      way.faults.set(clean_path());
    }
    judge(each, now);
  }
}

Duration Network::good_for(std::size_t client, MonoNs now) const {
  Duration best{};
  for (std::uint8_t uplink = 0; uplink < kUplinks; ++uplink) {
    const MonoNs since = link(client, uplink).good_since;
    if (since < now) best = std::max(best, now - since);
  }
  return best;
}

}  // namespace jumpgate::sim
