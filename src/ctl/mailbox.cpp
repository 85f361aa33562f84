#include "ctl/mailbox.hpp"

namespace jumpgate::ctl {

bool Mailbox::call(const std::function<void(MonoNs)>& request, std::chrono::milliseconds patience) {
  const auto letter = std::make_shared<Letter>();
  letter->request = &request;
  std::unique_lock lock(mutex_);
  if (closed_ || waiting_.size() >= kMaxRequests) return false;
  waiting_.push_back(letter);
  answered_.wait_for(lock, patience, [&] { return letter->begun || closed_; });
  if (!letter->begun) {
    std::erase(waiting_, letter);
    return false;
  }
  answered_.wait(lock, [&] { return letter->done; });
  return true;
}

std::size_t Mailbox::serve(MonoNs now) {
  std::size_t served = 0;
  for (; served < kRequestsPerTick; ++served) {
    std::shared_ptr<Letter> letter;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) break;
      letter = waiting_.front();
      waiting_.pop_front();
      letter->begun = true;
    }
    (*letter->request)(now);
    {
      const std::lock_guard lock(mutex_);
      letter->done = true;
    }
    answered_.notify_all();
  }
  return served;
}

void Mailbox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  answered_.notify_all();
}

}  // namespace jumpgate::ctl
