/// The threads that do Diffie-Hellman, behind bounded queues (ctl/handshake_job.hpp).
///
/// Owner threads: obtain, submit, poll and release are the controller's; each thread runs jobs of its own SPSC ring
/// and gives them back on another. The gateway's private key lives here alone. Bound: `jobs` objects in all, and rings
/// of that size, so no push can fail; limits::kHandshakeQueue of them for HELLOs, the rest for rekeys. Failure:
/// obtain() returns nothing. The destructor ends the threads; jobs under way are finished first (30 us each).
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "ctl/handshake_job.hpp"

namespace jumpgate::ctl {

class HandshakeThreads final : public HandshakeQueue {
 public:
  /// Rekeys beside a full queue of HELLOs.
  static constexpr std::size_t kRekeyJobs = 256;
  static constexpr std::size_t kJobs = limits::kHandshakeQueue + kRekeyJobs;

  /// `random` is shared by the threads: base::SystemRandom.
  HandshakeThreads(unsigned threads, const crypto::KeyPair& own, base::RandomSource& random);
  HandshakeThreads(const HandshakeThreads&) = delete;
  HandshakeThreads& operator=(const HandshakeThreads&) = delete;
  ~HandshakeThreads() override;

  HandshakeJob* obtain() override;
  void submit(HandshakeJob* job) override;
  HandshakeJob* poll() override;
  void release(HandshakeJob* job) override;
  [[nodiscard]] std::size_t in_use() const override { return kJobs - free_.size(); }

 private:
  /// One writer, one reader; the capacity is above kJobs, so it is never full.
  class JobRing {
   public:
    void push(HandshakeJob* job);
    HandshakeJob* pop();
    /// Until something was pushed since `seen`.
    void wait(std::size_t seen) const { head_.wait(seen, std::memory_order_acquire); }
    [[nodiscard]] std::size_t pushed() const { return head_.load(std::memory_order_acquire); }
    /// Wakes the reader without a job.
    void wake();

   private:
    static constexpr std::size_t kCapacity = 1024;
    static_assert(kCapacity > kJobs);
    std::array<HandshakeJob*, kCapacity> slots_{};
    alignas(64) std::atomic<std::size_t> head_{0};
    alignas(64) std::atomic<std::size_t> tail_{0};
  };
  struct Lane {
    JobRing down;
    JobRing up;
    std::thread thread;
  };

  void work(Lane& lane, const crypto::KeyPair& own, base::RandomSource& random);

  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<HandshakeJob>> jobs_;
  std::vector<HandshakeJob*> free_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t next_down_{0};
  std::size_t next_up_{0};
};

}  // namespace jumpgate::ctl
