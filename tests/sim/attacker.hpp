/// Whoever holds every packet ever sent, and uses them: replays, late and from elsewhere, cut short, with bits flipped,
/// in any order, to both sides.
///
/// Owner thread: the simulation's. Bound: its memory; of all packets each has the same chance to be among those kept.
/// The most recent are kept besides, and the most recent control messages: a replayed traffic message dies at the
/// replay window, but a control message is opened before anything of it can be judged. It listens to the world's
/// on_wire, beside who did before, until its end. Determinism: by its seed.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "world.hpp"

namespace jumpgate::sim {

/// Packets that it keeps.
struct AttackersMemory {
  std::size_t of_all{20'000};
  std::size_t recent{2'000};
  std::size_t control{64};  // those whose jump ids are alive, about eight clients' worth
};

class Attacker {
 public:
  Attacker(World& world, std::uint64_t seed, const AttackersMemory& memory = {});
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;
  ~Attacker();

  /// So many hostile messages arrive now.
  void strike(std::size_t messages);
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  /// Of them, bytes as they were once sent.
  [[nodiscard]] std::uint64_t genuine() const { return genuine_; }

 private:
  struct Captured {
    Way way{};
    Endpoint client;
    Bytes bytes;
  };

  /// Packets of one kind, the newest in the place of the oldest.
  struct Ring {
    std::size_t size;
    std::vector<Captured> packets{};
    std::uint64_t seen{0};
    void take(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes);
  };

  void capture(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes);
  [[nodiscard]] const Captured& pick();
  void spoil(Bytes& bytes);
  [[nodiscard]] Endpoint elsewhere();

  World& world_;
  std::mt19937_64 random_;
  std::size_t most_;
  std::vector<Captured> kept_;
  Ring recent_;
  Ring control_;
  decltype(World::on_wire) other_;  // who listened before
  std::uint64_t sent_{0};
  std::uint64_t genuine_{0};
};

}  // namespace jumpgate::sim
