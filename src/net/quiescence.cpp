#include <algorithm>
#include <cstdlib>
#include <new>

#include <rte_rcu_qsbr.h>

#include "base/invariant.hpp"
#include "net/published.hpp"

namespace jumpgate::net {

Quiescence::Quiescence(unsigned workers) {
  const unsigned threads = std::max(workers, 1U);
  const std::size_t size = rte_rcu_qsbr_get_memsize(threads);
  // aligned_alloc wants a multiple of the alignment.
  const std::size_t rounded =
      (size + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE * RTE_CACHE_LINE_SIZE;
  qsbr_ = static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, rounded));
  if (qsbr_ == nullptr) throw std::bad_alloc();
  const bool ready = rte_rcu_qsbr_init(qsbr_, threads) == 0;
  JG_INVARIANT(ready);
  for (unsigned worker = 0; worker < threads; ++worker) {
    const bool known = rte_rcu_qsbr_thread_register(qsbr_, worker) == 0;
    JG_INVARIANT(known);
  }
}

Quiescence::~Quiescence() {
  std::free(qsbr_);
}

void Quiescence::online(unsigned worker) noexcept {
  rte_rcu_qsbr_thread_online(qsbr_, worker);
}
void Quiescence::quiescent(unsigned worker) noexcept {
  rte_rcu_qsbr_quiescent(qsbr_, worker);
}
void Quiescence::offline(unsigned worker) noexcept {
  rte_rcu_qsbr_thread_offline(qsbr_, worker);
}
std::uint64_t Quiescence::start() noexcept {
  return rte_rcu_qsbr_start(qsbr_);
}
bool Quiescence::passed(std::uint64_t token) noexcept {
  return rte_rcu_qsbr_check(qsbr_, token, false) == 1;
}

}  // namespace jumpgate::net
