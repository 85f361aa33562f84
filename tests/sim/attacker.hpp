/// Whoever holds every packet ever sent, and uses them: replays, late and from elsewhere, cut short, with bits flipped,
/// in any order, to both sides.
///
/// Owner thread: the simulation's. Bound: kKept packets; when there are more, each has the same chance to be among
/// them. The last kRecent are kept besides, and the last kControl control messages: a replayed traffic message dies at
/// the replay window, but a control message is opened before anything of it can be judged. It takes the world's
/// on_wire. Determinism: by its seed.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "world.hpp"

namespace jumpgate::sim {

class Attacker {
 public:
  Attacker(World& world, std::uint64_t seed);
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;
  ~Attacker() = default;

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

  void capture(Way way, const Endpoint& client, std::span<const std::uint8_t> bytes);
  [[nodiscard]] const Captured& pick();
  void spoil(Bytes& bytes);
  [[nodiscard]] Endpoint elsewhere();

  static constexpr std::size_t kKept = 20'000;
  static constexpr std::size_t kRecent = 2'000;
  static constexpr std::size_t kControl =
      64;  // those whose jump ids are alive, about eight clients' worth

  World& world_;
  std::mt19937_64 random_;
  std::vector<Captured> kept_;
  std::vector<Captured> recent_;
  std::vector<Captured> control_;
  std::uint64_t captured_{0};
  std::uint64_t captured_control_{0};
  std::uint64_t sent_{0};
  std::uint64_t genuine_{0};
};

}  // namespace jumpgate::sim
