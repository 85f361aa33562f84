#include "attacker.hpp"

#include <algorithm>
#include <utility>

#include "wire/prefix.hpp"

namespace jumpgate::sim {
namespace {

constexpr std::uint8_t kElsewhereNet = 99;  // second byte of the attacker's own addresses

}  // namespace

Attacker::Attacker(World& world, std::uint64_t seed, const AttackersMemory& memory)
    : world_(world),
      random_(seed),
      most_(memory.of_all),
      recent_{.size = memory.recent},
      control_{.size = memory.control},
      other_(std::move(world.on_wire)) {
  world.on_wire = [this](Way way, const Endpoint& client, std::span<const std::uint8_t> bytes) {
    if (other_) other_(way, client, bytes);
    capture(way, client, bytes);
  };
}

Attacker::~Attacker() {
  world_.on_wire = std::move(other_);
}

void Attacker::Ring::take(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes) {
  if (packets.size() < size) packets.emplace_back();
  Captured& place = packets.at(seen++ % size);
  place.way = way;
  place.client = client;
  place.bytes.assign(bytes.begin(), bytes.end());
}

void Attacker::capture(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes) {
  // What answers the attacker itself was never on a client's path.
  if (client.address.bytes[1] == kElsewhereNet) return;
  recent_.take(way, client, bytes);
  const auto type = wire::classify(bytes);
  if (type && wire::class_of(*type) == wire::Class::kControl) control_.take(way, client, bytes);
  const auto packet = [&] {
    return Captured{.way = way, .client = client, .bytes = {bytes.begin(), bytes.end()}};
  };
  if (kept_.size() < most_) {
    kept_.push_back(packet());
  } else if (const std::uint64_t place = random_() % recent_.seen; place < most_) {
    kept_.at(place) = packet();
  }
}

const Attacker::Captured& Attacker::pick() {
  const std::uint64_t draw = random_() % 8;
  const std::vector<Captured>& from = draw == 0   ? kept_
                                      : draw == 1 ? recent_.packets
                                                  : control_.packets;
  return from.at(random_() % from.size());
}

void Attacker::spoil(Bytes& bytes) {
  switch (random_() % 3) {
    case 0:
      bytes.resize(random_() % bytes.size() + 1);
      return;
    case 1:
      bytes.at(random_() % bytes.size()) ^= static_cast<std::uint8_t>(1U << (random_() % 8));
      return;
    default:  // the header alone is as it was
      for (std::size_t i = std::min<std::size_t>(16, bytes.size()); i < bytes.size(); ++i)
        bytes.at(i) = static_cast<std::uint8_t>(random_());
  }
}

Endpoint Attacker::elsewhere() {
  return {.address = {.family = IpFamily::kV4,
                      .bytes = {10, kElsewhereNet, static_cast<std::uint8_t>(random_()),
                                static_cast<std::uint8_t>(random_())}},
          .port = static_cast<std::uint16_t>(1024 + random_() % 50'000)};
}

void Attacker::strike(std::size_t messages) {
  if (control_.packets.empty()) return;  // nobody has jumped or confirmed yet
  for (std::size_t i = 0; i < messages; ++i) {
    const Captured& chosen = pick();
    Bytes bytes = chosen.bytes;
    const bool spoiled = random_() % 4 == 0;
    if (spoiled) spoil(bytes);
    const bool moved = random_() % 3 == 0;
    Arrival arrival{.way = chosen.way,
                    .client = std::size_t{chosen.client.address.bytes[2]} * 256 +
                              chosen.client.address.bytes[3],
                    .uplink = static_cast<std::uint8_t>(random_() % kUplinks),
                    .from = chosen.client,
                    .bytes = std::move(bytes)};
    if (chosen.way == Way::kDown) arrival.from = gateway_endpoint();
    if (moved) arrival.from = elsewhere();
    world_.network().inject(world_.now(), std::move(arrival));
    ++sent_;
    if (!spoiled) ++genuine_;
  }
}

}  // namespace jumpgate::sim
