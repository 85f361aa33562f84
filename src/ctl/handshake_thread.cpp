#include "ctl/handshake_thread.hpp"

#include <algorithm>

namespace jumpgate::ctl {

void HandshakeThreads::JobRing::push(HandshakeJob* job) {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  slots_[head % kCapacity] = job;
  head_.store(head + 1, std::memory_order_release);
  head_.notify_one();
}

HandshakeJob* HandshakeThreads::JobRing::pop() {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head_.load(std::memory_order_acquire)) return nullptr;
  HandshakeJob* job = slots_[tail % kCapacity];
  tail_.store(tail + 1, std::memory_order_release);
  return job;
}

void HandshakeThreads::JobRing::wake() {
  push(nullptr);
}

HandshakeThreads::HandshakeThreads(unsigned threads, const crypto::KeyPair& own,
                                   base::RandomSource& random) {
  for (std::size_t i = 0; i < kJobs; ++i) {
    jobs_.push_back(std::make_unique<HandshakeJob>());
    free_.push_back(jobs_.back().get());
  }
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
    lanes_.push_back(std::make_unique<Lane>());
    Lane& lane = *lanes_.back();
    lane.thread =
        std::thread([this, &lane, key = own.clone(), &random] { work(lane, key, random); });
  }
}

HandshakeThreads::~HandshakeThreads() {
  stopping_.store(true, std::memory_order_release);
  for (const auto& lane : lanes_)
    lane->down.wake();
  for (const auto& lane : lanes_)
    lane->thread.join();
}

void HandshakeThreads::work(Lane& lane, const crypto::KeyPair& own, base::RandomSource& random) {
  for (;;) {
    // In this order: whoever has seen what is pushed to wake it sees why, too.
    const std::size_t seen = lane.down.pushed();
    if (stopping_.load(std::memory_order_acquire)) return;
    HandshakeJob* job = lane.down.pop();
    if (job == nullptr) {
      lane.down.wait(seen);
      continue;
    }
    run_job(*job, own, random);
    lane.up.push(job);
  }
}

HandshakeJob* HandshakeThreads::obtain() {
  if (free_.empty()) return nullptr;
  HandshakeJob* job = free_.back();
  free_.pop_back();
  return job;
}

void HandshakeThreads::submit(HandshakeJob* job) {
  lanes_[next_down_]->down.push(job);
  next_down_ = (next_down_ + 1) % lanes_.size();
}

HandshakeJob* HandshakeThreads::poll() {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    HandshakeJob* job = lanes_[next_up_]->up.pop();
    next_up_ = (next_up_ + 1) % lanes_.size();
    if (job != nullptr) return job;
  }
  return nullptr;
}

void HandshakeThreads::release(HandshakeJob* job) {
  clear_job(*job);
  free_.push_back(job);
}

}  // namespace jumpgate::ctl
