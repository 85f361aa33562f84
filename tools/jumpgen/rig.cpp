#include "tools/jumpgen/rig.hpp"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "aead_sodium/aead_sodium.hpp"
#include "ethdev/eal.hpp"

namespace jumpgate::jumpgen {
namespace {

constexpr unsigned kPoolCache = 256;

std::unique_ptr<Aead> make_aead(Suite suite) {
  auto fast = aead_ipsecmb::make_aead(suite);
  return fast ? std::move(fast) : aead_sodium::make_aead(suite);
}

ethdev::EalOptions eal_options(const Options& options) {
  ethdev::EalOptions eal;
  eal.program = "jumpgen";
  eal.lcores = {options.eal.cpu};
  eal.huge = options.eal.huge;
  eal.memory_mib = options.eal.memory_mib;
  // For the packet buffers at least.
  if (const std::uint64_t page = ethdev::hugepages().page_kib * 1024; page != 0)
    eal.pages = options.eal.mbufs * (RTE_MBUF_DEFAULT_BUF_SIZE + sizeof(rte_mbuf)) / page + 1;
  for (const ethdev::PortSpec* port : {&options.outer_port, &options.inner_port}) {
    if (port->driver != ethdev::Driver::kPci) continue;
    eal.pci = true;
    // Other processes have cards of their own on the same machine.
    eal.extra.insert(eal.extra.end(), {"-a", port->interface});
  }
  eal.file_prefix = options.eal.file_prefix;
  return eal;
}

}  // namespace

std::expected<std::unique_ptr<Rig>, std::string> Rig::open(const Options& options,
                                                           std::uint64_t hello_base) {
  auto plan = ClientPlan::make(options.plan);
  if (!plan) return std::unexpected(plan.error());
  if (const auto started = ethdev::start_eal(eal_options(options)); !started)
    return std::unexpected(started.error());
  std::unique_ptr<Rig> rig(new Rig(std::move(*plan)));
  rig->clock_.emplace();
  if (const std::string fault = rig->open_ports(options); !fault.empty())
    return std::unexpected(fault);
  if (const std::string fault = rig->make_clients(options, hello_base); !fault.empty())
    return std::unexpected(fault);
  return rig;
}

Rig::~Rig() {
  swarm_.reset();
  outer_.reset();
  inner_.reset();
  outer_port_.reset();
  inner_port_.reset();
  rte_mempool_free(pool_);
  ethdev::stop_eal();
}

std::string Rig::open_ports(const Options& options) {
  pool_ = rte_pktmbuf_pool_create("jumpgen", options.eal.mbufs, kPoolCache, 0,
                                  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (pool_ == nullptr)
    return fmt::format("no memory for {} packet buffers: {}", options.eal.mbufs,
                       rte_strerror(rte_errno));
  auto outer = ethdev::EthdevPort::open(options.outer_port, pool_);
  if (!outer) return outer.error();
  outer_port_ = std::move(*outer);
  auto inner = ethdev::EthdevPort::open(options.inner_port, pool_);
  if (!inner) return inner.error();
  inner_port_ = std::move(*inner);
  outer_.emplace(*outer_port_, pool_, options.outer_address, options.gateway.address);
  inner_.emplace(*inner_port_, pool_, options.inner_address, options.inner_gateway);
  return {};
}

std::string Rig::make_clients(const Options& options, std::uint64_t hello_base) {
  gcm_ = make_aead(Suite::kAes256Gcm);
  chacha_ = make_aead(Suite::kChaCha20Poly1305);
  const client::AeadSet aeads{.aes256_gcm = gcm_.get(), .chacha20_poly1305 = chacha_.get()};
  if (aeads.find(options.suite) == nullptr)
    return fmt::format("this CPU can not do {}", to_string(options.suite));
  up_.emplace(plan_.count());
  down_.emplace(plan_.count());
  ground_.emplace(Playground{.plan = plan_,
                             .station = *outer_,
                             .down = *down_,
                             .gateway = options.gateway,
                             .gateway_key = options.gateway_key,
                             .suite = options.suite,
                             .aeads = aeads,
                             .random = random_,
                             .hello_base = hello_base,
                             .now = {},
                             .counts = {},
                             .attach_time = {},
                             .jump_time = {},
                             .sealing = {}});
  swarm_.emplace(*ground_, *up_, options.inner_address, (*clock_)());
  host_.emplace(plan_, *inner_, *up_, *down_);
  return {};
}

Player Rig::player(std::function<bool()> stopping) {
  return Player(
      {.ground = *ground_,
       .swarm = *swarm_,
       .host = *host_,
       .outer = *outer_,
       .inner = *inner_,
       .up = *up_,
       .down = *down_},
      [this] { return (*clock_)(); }, std::move(stopping));
}

}  // namespace jumpgate::jumpgen
