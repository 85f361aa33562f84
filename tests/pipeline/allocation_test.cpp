// A worker takes all its memory at start: no malloc, and no mmap or brk behind it, in its rounds.
// With AddressSanitizer its own hook sees each malloc; without it operator new is counted, and the
// kernel ends a worker that maps memory (which the sanitizer itself does at any time).
#include <array>
#include <cstdlib>
#include <thread>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../support/allocations.hpp"
#include "cut_datagram.hpp"
#include "harness.hpp"

#if defined(__has_feature)
#define JG_ASAN __has_feature(address_sanitizer)
#else
#define JG_ASAN 0
#endif

namespace jumpgate::test {
namespace {

#if !JG_ASAN
/// From here on the kernel ends the process when this thread maps memory. False: it has no seccomp.
bool forbid_mappings() {
  const std::array<sock_filter, 6> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_brk, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  sock_fprog filter{.len = program.size(), .filter = const_cast<sock_filter*>(program.data())};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
#endif

/// Every kind of work a round knows, prepared before and done without memory of any kind.
class Rounds {
 public:
  Rounds() {
    for (int i = 0; i < 40; ++i) {
      h_.put(one_, one_.data(inner_packet("10.8.0.2", "10.0.0.9")));
      h_.put(two_, two_.data(inner_packet("10.8.0.3", "10.8.0.2")));
      h_.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.3")));
      h_.put(one_, one_.heartbeat(true));
      h_.put(one_, ByteVector(60, 0x84));
      h_.put(one_, one_.sealed_control(wire::Type::kRekey, one_.gateway_cid, 1, h_.random));
    }
    const CutDatagram cut(one_.frame(one_.data(inner_packet("10.8.0.2", "10.0.0.9", 1000))));
    for (const ByteVector& piece : cut.in_steps(512))
      h_.put(kOuterPort, piece);
    h_.put(kOuterPort, cut.frame({0, 512, true}));
    bus::ProposeEpoch propose;
    propose.epoch = h_.make_keys(2, 0, Suite::kAes256Gcm);
    propose.gateway_cid = h_.make_cid(one_.ref);
    send(one_.ref, propose);
    send(one_.ref, bus::Commit{.epoch = 2,
                               .path = Harness::path_to(one_),
                               .client_cid = {77},
                               .jump_ids = one_.jump_ids});
  }
  void run() {
    for (int round = 0; round < 100; ++round) {
      if (round == 50)
        send(two_.ref, bus::RemoveSession{.reason = Reason::kNone, .send_close = true});
      h_.advance(milliseconds(50));
      h_.workers[0]->poll_once(h_.now);
    }
  }
  [[nodiscard]] bool worked() const {
    return h_.count(bus::WorkerCounter::kCommands) >= 7 &&
           h_.count(bus::WorkerCounter::kOpened) > 0 && h_.count(bus::WorkerCounter::kSealed) > 0 &&
           h_.count(bus::WorkerCounter::kHeartbeatsOut) > 2 &&
           h_.count(bus::WorkerCounter::kControlOpened) > 0 &&
           h_.count(bus::WorkerCounter::kReassembled) > 0 &&
           h_.dropped(DropReason::kIpFragmentTimeout) > 0;
  }

 private:
  void send(const bus::SessionRef& ref, const bus::CommandBody& body) {
    bus::Command* command = h_.commands[0]->obtain();
    ASSERT_NE(command, nullptr);
    command->session = ref;
    command->body = body;
    h_.commands[0]->send(command);
  }

  static data::WorkerLimits everything() {
    data::WorkerLimits limits = Harness::small();
    limits.outer_reassembly = true;
    return limits;
  }

  Harness h_{1, everything()};
  Client one_{h_.attached(0, 0)};
  Client two_{h_.attached(1, 1, Suite::kChaCha20Poly1305)};
};

TEST(Allocation, NoRoundAsksForMemory) {
  ASSERT_TRUE(counts_allocations());
  Rounds rounds;
  start_counting_allocations();
  rounds.run();
  EXPECT_EQ(stop_counting_allocations(), 0U);
  EXPECT_TRUE(rounds.worked());
}

#if !JG_ASAN
TEST(Allocation, NoRoundMapsMemory) {
  Rounds rounds;
  bool forbidden = false;
  std::thread worker([&] {
    std::free(std::malloc(1));  // the C library's own memory of a thread, which its end needs
    forbidden = forbid_mappings();
    rounds.run();
  });
  worker.join();
  if (!forbidden) GTEST_SKIP() << "this kernel has no seccomp";
  EXPECT_TRUE(rounds.worked());
}
#endif

}  // namespace
}  // namespace jumpgate::test
