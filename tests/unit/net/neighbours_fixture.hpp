/// A cache with one inner port, 3, and what it sends and loses.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "net/neighbours.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net::test {

struct Sent {
  std::uint8_t port;
  std::vector<std::uint8_t> frame;
};

struct LostFrame {
  std::uint8_t port;
  std::vector<std::uint8_t> frame;
  Loss why;
  bool operator==(const LostFrame&) const = default;
};

class NeighboursTest : public ::testing::Test {
 protected:
  explicit NeighboursTest(bool believes = false)
      : table{std::move(NeighbourTable::create().value())} {
    quiescence.online(0);
    PortAddressing port{.port = 3, .role = PortRole::kInner, .mac = mac(1)};
    port.believes_announcements = believes;
    port.addresses = {prefix("10.9.0.1/24"), prefix("fd09::1/64")};
    neighbours.emplace(*table, quiescence, std::vector{port},
                       [this](std::uint8_t p, auto f) { sent.push_back({p, bytes(f)}); });
    neighbours->on_lost([this](std::uint8_t p, auto f, Loss why, MonoNs at) {
      EXPECT_GE(at, now);
      lost.push_back({p, bytes(f), why});
    });
  }

  void tick_to(Duration at) {
    now = MonoNs{} + at;
    neighbours->tick(now);
    quiescence.quiescent(0);
  }
  std::optional<DropReason> arp(ArpOperation operation, std::uint8_t from, const char* sender,
                                const char* target, MacAddress target_mac = {}) {
    std::array<std::uint8_t, 42> out;
    build_arp_frame(out, target_mac, {operation, mac(from), ip(sender), target_mac, ip(target)});
    return neighbours->receive(3, out, now);
  }
  std::optional<DropReason> advertise(const char* target, std::uint8_t from, bool solicited,
                                      bool override_flag, bool with_address = true) {
    std::array<std::uint8_t, 128> out;
    NdView nd{.kind = NdKind::kAdvertisement,
              .source = ip(target),
              .destination = ip("fd09::1"),
              .target = ip(target)};
    nd.has_link_address = with_address;
    nd.link_address = mac(from);
    nd.solicited = solicited;
    nd.override_flag = override_flag;
    const std::size_t size = build_nd_frame(out, mac(1), mac(from), nd);
    return neighbours->receive(3, std::span{out}.first(size), now);
  }
  NeighbourState state_of(const char* address) {
    for (const auto& view : neighbours->list())
      if (view.address == ip(address)) return view.state;
    return NeighbourState::kFree;
  }
  std::optional<MacAddress> mac_of(const char* address) {
    const auto index = table->find(3, ip(address));
    const auto word = index ? table->mac_word(*index) : std::nullopt;
    if (!word) return std::nullopt;
    MacAddress mac;
    base::store_le<6>(mac.bytes.data(), *word);
    return mac;
  }

  std::unique_ptr<NeighbourTable> table;
  Quiescence quiescence{1};
  std::vector<Sent> sent;
  std::vector<LostFrame> lost;
  std::optional<Neighbours> neighbours;
  MonoNs now{};
  const std::vector<std::uint8_t> frame = std::vector<std::uint8_t>(60, 0xaa);
};

}  // namespace jumpgate::net::test
