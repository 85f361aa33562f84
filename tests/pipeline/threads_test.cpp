// A controller's thread beside the worker's: the channels and what workers read, under
// ThreadSanitizer. Nothing sleeps; each side goes on until it has seen what it waits for.
#include <atomic>
#include <thread>

#include "harness.hpp"

namespace jumpgate::test {
namespace {

TEST(Threads, ControllerAndWorker) {
  Harness h;
  constexpr std::uint32_t kLives = 200;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> clock{h.now.ns};
  std::thread worker([&] {
    h.workers[0]->run(stop, [&] { return MonoNs{clock.fetch_add(1'000)}; }, [](Duration) {});
  });

  std::uint64_t acknowledged = 0;
  std::uint64_t sent = 0;
  std::uint64_t controls = 0;
  const auto collect = [&] {
    while (bus::Command* back = h.commands[0]->poll_ack()) {
      EXPECT_TRUE(back->applied);
      ++acknowledged;
      h.commands[0]->release(back);
    }
    for (const Taken& taken : h.reports())
      controls += taken.report.kind == bus::ReportKind::kControl ? 1 : 0;
    while (rte_mbuf* mbuf = h.outer.take())
      rte_pktmbuf_free(mbuf);
    while (rte_mbuf* mbuf = h.inner.take())
      rte_pktmbuf_free(mbuf);
  };
  const auto send = [&](const bus::SessionRef& ref, const bus::CommandBody& body) {
    bus::Command* command = h.commands[0]->obtain();
    for (; command == nullptr; command = h.commands[0]->obtain())
      collect();
    command->session = ref;
    command->body = body;
    h.commands[0]->send(command);
    ++sent;
  };
  for (std::uint32_t life = 1; life <= kLives; ++life) {
    Client client;
    client.ref = {.worker = 0, .slot = life % 4, .life = life};
    client.address = endpoint("198.51.100.7:40000");
    client.gateway = endpoint("192.0.2.1:51820");
    client.gateway_cid = h.make_cid(client.ref);
    client.client_cid = {life};
    client.keys = h.make_keys(1, 0, Suite::kAes256Gcm);
    bus::InstallSession install;
    install.gateway_cid = client.gateway_cid;
    install.client_cid = client.client_cid;
    install.control.key = client.control;
    install.epoch = client.keys;
    install.liveness = h.policy;
    install.replay_window_packets = 1024;
    send(client.ref, install);
    send(client.ref, bus::Attach{Harness::path_to(client)});
    h.peers->set(0, client.ref);
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
    h.put(client, client.sealed_control(wire::Type::kRekey, client.gateway_cid, 1, h.random));
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
    h.neighbours->set_mac(kRouterNeighbour, kRouterMac);
    send(client.ref, bus::RemoveSession{.reason = Reason::kNone, .send_close = true});
    collect();
  }
  while (acknowledged < sent)
    collect();
  stop = true;
  worker.join();
  collect();
  EXPECT_EQ(acknowledged, 3 * kLives);
  EXPECT_EQ(h.session_counters[0]->operator[](0).life.get(), kLives);
  h.poll();
  collect();
}

}  // namespace
}  // namespace jumpgate::test
