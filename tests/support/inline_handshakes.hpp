/// The handshake threads' place taken by the caller's: a job is done when its result is asked for.
///
/// Owner thread: the controller's. Bound: the product's pool of jobs, taken at construction; no memory after that.
/// Failure: obtain() gives nothing when the pool is used up.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <jumpgate/limits.hpp>

#include "ctl/handshake_job.hpp"

namespace jumpgate::test {

class InlineHandshakes final : public ctl::HandshakeQueue {
 public:
  using Work = std::function<void(ctl::HandshakeJob&)>;

  explicit InlineHandshakes(Work work, std::size_t jobs = limits::kHandshakeQueue)
      : work_(std::move(work)), jobs_(jobs) {
    free_.reserve(jobs);
    submitted_.reserve(jobs);
    for (ctl::HandshakeJob& job : jobs_)
      free_.push_back(&job);
  }
  /// The product's own work, with the gateway's key.
  InlineHandshakes(const crypto::KeyPair& own, base::RandomSource& random)
      : InlineHandshakes([&](ctl::HandshakeJob& job) { ctl::run_job(job, own, random); }) {}

  ctl::HandshakeJob* obtain() override {
    if (free_.empty() || exhausted) return nullptr;
    ctl::HandshakeJob* job = free_.back();
    free_.pop_back();
    return job;
  }
  void submit(ctl::HandshakeJob* job) override { submitted_.push_back(job); }
  ctl::HandshakeJob* poll() override {
    if (submitted_.empty()) return nullptr;
    ctl::HandshakeJob* job = submitted_.front();
    submitted_.erase(submitted_.begin());
    work_(*job);
    return job;
  }
  void release(ctl::HandshakeJob* job) override {
    ctl::clear_job(*job);
    free_.push_back(job);
  }
  [[nodiscard]] std::size_t in_use() const override {
    return jobs_.size() - free_.size() + pretended;
  }

  std::size_t pretended{0};  // jobs in use beyond those that are
  bool exhausted{false};     // as if none were free

 private:
  Work work_;
  std::vector<ctl::HandshakeJob> jobs_;
  std::vector<ctl::HandshakeJob*> free_;
  std::vector<ctl::HandshakeJob*> submitted_;  // oldest first
};

}  // namespace jumpgate::test
