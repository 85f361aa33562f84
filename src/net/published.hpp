/// Immutable images published by pointer, reclaimed after every worker has passed a quiescent state
/// (rte_rcu_qsbr).
///
/// Owner: the controller publishes and reclaims; each worker reads, and calls quiescent() once a
/// round, when it holds no pointer into any image. A worker that stops polling calls offline()
/// first. Bound: kMaxRetired images wait for reclaim at once; publish() beyond it is refused, so
/// that a stuck worker costs a refusal and no memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

struct rte_rcu_qsbr;

namespace jumpgate::net {

/// The workers' quiescent states; one for all images of a gateway.
class Quiescence {
 public:
  /// Needs no EAL. Every worker starts offline.
  explicit Quiescence(unsigned workers);
  ~Quiescence();
  Quiescence(const Quiescence&) = delete;
  Quiescence& operator=(const Quiescence&) = delete;

  // Worker side.
  void online(unsigned worker) noexcept;
  void quiescent(unsigned worker) noexcept;
  void offline(unsigned worker) noexcept;

  // Controller side. A token names now; it has passed when every online worker was quiescent since.
  [[nodiscard]] std::uint64_t start() noexcept;
  [[nodiscard]] bool passed(std::uint64_t token) noexcept;

 private:
  rte_rcu_qsbr* qsbr_{nullptr};
};

inline constexpr std::size_t kMaxRetired = 4;

/// One published pointer.
template <typename T>
class Published {
 public:
  Published(Quiescence& quiescence, std::unique_ptr<const T> first)
      : quiescence_{quiescence}, owned_{std::move(first)}, current_{owned_.get()} {}

  /// Workers: valid until their next quiescent(). Any thread with the controller's own lifetime may
  /// call it.
  [[nodiscard]] const T* get() const noexcept { return current_.load(std::memory_order_acquire); }

  /// Controller: replaces the image. False, and `next` is dropped, while kMaxRetired old images are
  /// still in use.
  [[nodiscard]] bool publish(std::unique_ptr<const T> next) {
    reclaim();
    if (retired_.size() >= kMaxRetired) return false;
    current_.store(next.get(), std::memory_order_release);
    retired_.push_back({std::move(owned_), quiescence_.start()});
    owned_ = std::move(next);
    return true;
  }

  /// Controller, each tick: frees what no worker can hold any more. Returns how many images still
  /// wait.
  std::size_t reclaim() {
    std::erase_if(retired_, [this](const Retired& r) { return quiescence_.passed(r.token); });
    return retired_.size();
  }

 private:
  struct Retired {
    std::unique_ptr<const T> image;
    std::uint64_t token;
  };

  Quiescence& quiescence_;
  std::unique_ptr<const T> owned_;
  std::atomic<const T*> current_;
  std::vector<Retired> retired_;
};

}  // namespace jumpgate::net
