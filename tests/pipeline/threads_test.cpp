// Workers' threads beside the controller's: the channels, hand-off and what workers read, under ThreadSanitizer.
// Nothing sleeps; each side goes on until it has seen what it waits for.
#include <array>
#include <atomic>
#include <thread>

#include "harness.hpp"
#include "net/filter_image.hpp"
#include "net/frames.hpp"
#include "net/rate_image.hpp"

namespace jumpgate::test {
namespace {

/// All workers of a harness, each in a thread of its own as long as this lives.
class Running {
 public:
  explicit Running(Harness& h) : clock_(h.now.ns) {
    for (auto& worker : h.workers)
      threads_.emplace_back([this, &worker] {
        // Relaxed, so that the clock does not order what the workers do. There are more threads than processors.
        const auto tick = [this] {
          std::this_thread::yield();
          return MonoNs{clock_.fetch_add(1'000, std::memory_order_relaxed)};
        };
        worker->run(stop_, tick, [](Duration) {});
      });
  }
  ~Running() {
    stop_ = true;
    for (std::thread& thread : threads_)
      thread.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> clock_;
  std::vector<std::thread> threads_;
};

/// What the controller's thread does all the time: takes acknowledgements, reports and what was sent.
class Controller {
 public:
  explicit Controller(Harness& h) : h_(h) {}

  void collect() {
    for (unsigned worker = 0; worker < h_.workers.size(); ++worker) {
      while (bus::Command* back = h_.commands[worker]->poll_ack()) {
        EXPECT_TRUE(back->applied);
        ++acknowledged_;
        h_.commands[worker]->release(back);
      }
      h_.reports(worker);
    }
    while (rte_mbuf* mbuf = h_.outer.take())
      rte_pktmbuf_free(mbuf);
    while (rte_mbuf* mbuf = h_.inner.take()) {
      rte_pktmbuf_free(mbuf);
      ++delivered_;
    }
  }
  void send(const bus::SessionRef& ref, const bus::CommandBody& body) {
    bus::CommandChannel& channel = *h_.commands[ref.worker];
    bus::Command* command = channel.obtain();
    for (; command == nullptr; command = channel.obtain())
      collect();
    command->session = ref;
    command->body = body;
    channel.send(command);
    ++sent_;
  }
  void settle() {
    while (acknowledged_ < sent_)
      collect();
  }
  /// A session from its first command to its first packet.
  Client begin(const bus::SessionRef& ref, std::uint32_t peer) {
    Client client;
    client.ref = ref;
    client.address = endpoint("198.51.100.7:40000");
    client.gateway = endpoint("192.0.2.1:51820");
    client.gateway_cid = h_.make_cid(client.ref);
    client.client_cid = {h_.random.nonzero_u64()};
    client.keys = h_.make_keys(1, 0, Suite::kAes256Gcm);
    bus::InstallSession install;
    install.peer = peer;
    install.gateway_cid = client.gateway_cid;
    install.client_cid = client.client_cid;
    install.control.key = client.control;
    install.epoch = client.keys;
    install.liveness = h_.policy;
    install.replay_window_packets = 1024;
    send(client.ref, install);
    send(client.ref, bus::Attach{Harness::path_to(client)});
    h_.peers->set(peer, client.ref);
    return client;
  }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  Harness& h_;
  std::uint64_t sent_{0};
  std::uint64_t acknowledged_{0};
  std::uint64_t delivered_{0};  // frames that left by the inner port
};

TEST(Threads, ControllerAndWorker) {
  Harness h;
  constexpr std::uint32_t kLives = 200;
  Controller controller(h);
  {
    const Running running(h);
    for (std::uint32_t life = 1; life <= kLives; ++life) {
      Client client = controller.begin({.worker = 0, .slot = life % 4, .life = life}, 0);
      h.put(client, client.data(to_server()));
      h.put(client, client.sealed_control(wire::Type::kRekey, client.gateway_cid, 1, h.random));
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
      h.neighbours->set_mac(kRouterNeighbour, kRouterMac);
      controller.send(client.ref, bus::RemoveSession{.reason = Reason::kNone, .send_close = true});
      controller.collect();
    }
    controller.settle();
  }
  controller.collect();
  EXPECT_EQ(controller.acknowledged(), 3 * kLives);
  EXPECT_EQ(h.session_counters[0]->operator[](0).life.get(), kLives);
  h.poll();
  controller.collect();
}

/// Two sessions, one a worker, whose packets come to either queue, while a third comes and goes and the controller
/// publishes, traces and counts.
class TwoWorkers : public testing::Test {
 protected:
  static constexpr std::uint32_t kSlot = 3;
  static constexpr std::uint64_t kRounds = 60;
  static constexpr std::array kAddresses{"10.8.0.2", "10.8.0.3"};

  TwoWorkers() {
    h.shared->inner.filters = &filters;
    h.shared->inner.rates = &rates;
  }

  static std::unique_ptr<const net::FilterImage> filter_image() {
    const net::FilterSet set{.name = "f", .otherwise = net::FilterAction::kAllow, .rules = {{}}};
    return std::move(*net::FilterImage::build({&set, 1}, {0, 0, net::kNoFilter}));
  }
  static std::unique_ptr<const net::RateImage> rate_image() {
    net::RateSet set{.name = "r"};
    set.session[0].packets = 1'000'000'000;
    return net::RateImage::build({&set, 1}, {0, 0, net::kNoRates}, 2);
  }
  [[nodiscard]] const bus::SessionCounters& of(std::size_t session) const {
    return h.session_counters[session]->operator[](kSlot);
  }

  /// One packet of each kind for each of the two, all by one queue.
  void put_traffic(std::uint16_t queue) {
    for (std::size_t i = 0; i < 2; ++i) {
      Client& client = clients[i];
      h.put(client, client.data(inner_packet(kAddresses[i], "10.0.0.9")), queue);
      h.put(client, client.data(inner_packet(kAddresses[i], kAddresses[1 - i])), queue);
      h.put(client, client.heartbeat(), queue);
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", kAddresses[i])), queue);
    }
  }
  void change(std::uint32_t life) {
    // Several at once: the first ones are out of use while a worker may still hold them.
    for (int i = 0; i < 3; ++i)
      while (!filters.publish(filter_image()) || !rates.publish(rate_image()))
        controller.collect();
    h.neighbours->set_mac(kRouterNeighbour, kRouterMac);
    const bus::SessionRef third{
        .worker = static_cast<std::uint8_t>(life % 2), .slot = 5, .life = life};
    controller.begin(third, 2);
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.4")), life / 2 % 2);
    controller.send(third, bus::RemoveSession{.reason = Reason::kNone, .send_close = true});
    for (std::size_t i = 0; i < 2; ++i) {
      for (bus::TracedPacket record; h.traces[i]->take(record);)
        traced += record.serial < life ? 1 : 0;
      h.traces[i]->request(
          {.session = clients[i].ref, .serial = life, .packets = 4, .until = h.now + seconds(60)});
    }
  }

  Harness h{2};
  net::Published<net::FilterImage> filters{h.quiescence, filter_image()};
  net::Published<net::RateImage> rates{h.quiescence, rate_image()};
  std::array<Client, 2> clients{h.attached(kSlot, 0, Suite::kAes256Gcm, false, 0),
                                h.attached(kSlot, 1, Suite::kChaCha20Poly1305, true, 1)};
  Controller controller{h};
  std::uint64_t traced{0};
};

TEST_F(TwoWorkers, HandEachOtherPacketsWhileTheControllerChangesWhatTheyRead) {
  {
    const Running running(h);
    for (std::uint64_t round = 1; round <= kRounds; ++round) {
      put_traffic(round % 2);
      change(static_cast<std::uint32_t>(round));
      // No ring overflows: the next packets wait for these.
      while (of(0).rx_packets.get() + of(1).rx_packets.get() < 4 * round ||
             of(0).tx_packets.get() + of(1).tx_packets.get() < 4 * round)
        controller.collect();
    }
    controller.settle();
  }
  controller.collect();
  EXPECT_EQ(controller.delivered(), 2 * kRounds);
  for (unsigned i = 0; i < 2; ++i) {
    EXPECT_EQ(of(i).rx_packets.get(), 2 * kRounds);
    EXPECT_EQ(of(i).tx_packets.get(), 2 * kRounds);
    EXPECT_EQ(of(i).drops.get(), 0U);
    EXPECT_GT(h.count(bus::WorkerCounter::kHandedOff, i), kRounds);
    EXPECT_GT(h.count(bus::WorkerCounter::kTakenOver, i), kRounds);
  }
  EXPECT_GT(traced, 0U);
}

}  // namespace
}  // namespace jumpgate::test
