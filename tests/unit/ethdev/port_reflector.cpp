// usage: port_reflector DRIVER INTERFACE [force | SECOND_INTERFACE]: opens one port and sends every frame back with its
// addresses swapped, or two and forwards between them unchanged, until SIGTERM. Says "ready", each change of the first
// port's link, and its counts at the end.
#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <string_view>

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "ethdev/eal.hpp"
#include "ethdev/ethdev_port.hpp"

namespace {

using jumpgate::ethdev::Driver;
using jumpgate::ethdev::EthdevPort;

volatile std::sig_atomic_t stopping = 0;

Driver driver_of(std::string_view name) {
  if (name == "af_packet") return Driver::kAfPacket;
  if (name == "tap") return Driver::kTap;
  return Driver::kAfXdp;
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::uint64_t dropped = 0;

// One burst from `in` to `out`; to the same port with the addresses swapped.
void move_burst(EthdevPort& in, EthdevPort& out) {
  std::array<rte_mbuf*, 32> burst;
  const std::uint16_t count = in.rx_burst(0, burst);
  if (count == 0) return;
  for (std::uint16_t i = 0; &in == &out && i < count; ++i) {
    auto* frame = rte_pktmbuf_mtod(burst[i], std::uint8_t*);
    if (rte_pktmbuf_data_len(burst[i]) >= 14) std::swap_ranges(frame, frame + 6, frame + 6);
  }
  const std::uint16_t sent = out.tx_burst(0, std::span{burst}.first(count));
  dropped += static_cast<std::uint64_t>(count - sent);
  for (std::uint16_t i = sent; i < count; ++i)
    rte_pktmbuf_free(burst[i]);
}

void run(EthdevPort& first, EthdevPort* second) {
  std::uint64_t next_poll = 0;
  while (stopping == 0) {
    if (rte_get_timer_cycles() >= next_poll) {
      next_poll = rte_get_timer_cycles() + rte_get_timer_hz() / 20;
      if (first.poll_link()) say(first.link_up() ? "link up" : "link down");
    }
    move_burst(first, second == nullptr ? first : *second);
    if (second != nullptr) move_burst(*second, first);
  }
  const auto stats = first.stats();
  say(fmt::format("rx {} tx {} dropped {}", stats.rx_packets, stats.tx_packets, dropped));
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return 2;
  std::signal(SIGTERM, [](int) { stopping = 1; });
  std::signal(SIGINT, [](int) { stopping = 1; });
  jumpgate::ethdev::EalOptions options;
  options.huge = false;
  options.memory_mib = 256;
  if (const auto started = jumpgate::ethdev::start_eal(options); !started) {
    fmt::print(stderr, "{}\n", started.error());
    return 1;
  }
  rte_mempool* pool =
      rte_pktmbuf_pool_create("reflector", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
  const bool force = count > 3 && std::string_view(words[3]) == "force";
  jumpgate::ethdev::PortSpec spec{.name = "first",
                                  .driver = driver_of(words[1]),
                                  .interface = words[2],
                                  .devargs = {},
                                  .force = force};
  auto first = EthdevPort::open(spec, pool);
  if (!first) {
    fmt::print(stderr, "{}\n", first.error());
    return 1;
  }
  std::unique_ptr<EthdevPort> second;
  if (count > 3 && !force) {
    spec.name = "second";
    spec.interface = words[3];
    auto opened = EthdevPort::open(spec, pool);
    if (!opened) {
      fmt::print(stderr, "{}\n", opened.error());
      return 1;
    }
    second = std::move(*opened);
  }
  say("ready");
  run(**first, second.get());
  first->reset();
  second.reset();
  jumpgate::ethdev::stop_eal();
  return 0;
}
