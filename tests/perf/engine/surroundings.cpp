#include "surroundings.hpp"

#include <algorithm>

namespace jumpgate::bench {

Workers::Workers(std::size_t pool) : pool_(pool) {
  for (bus::Command& command : pool_)
    free_.push_back(&command);
}

bus::Command* Workers::obtain(std::uint8_t /*worker*/) {
  if (free_.empty()) return nullptr;
  bus::Command* command = free_.back();
  free_.pop_back();
  return command;
}

void Workers::send(std::uint8_t /*worker*/, bus::Command* command) {
  sent_.push_back(command);
  ++count_;
}

void Workers::release(std::uint8_t /*worker*/, bus::Command* command) {
  free_.push_back(command);
}

void Workers::take(std::vector<bus::Command*>& out, std::size_t most) {
  out.clear();
  for (; !sent_.empty() && out.size() < most; sent_.pop_front()) {
    sent_.front()->applied = true;
    out.push_back(sent_.front());
  }
}

bool Outside::send(const Endpoint& /*local*/, const Endpoint& remote,
                   std::span<const std::uint8_t> datagram) {
  Datagram& kept = sent.emplace_back();
  kept.remote = remote;
  kept.size = datagram.size();
  std::ranges::copy(datagram, kept.bytes.begin());
  ++count;
  return true;
}

std::optional<bus::OuterPath> Outside::acquire(const Endpoint& local, const Endpoint& remote,
                                               MonoNs /*now*/) {
  return bus::OuterPath{
      .remote = remote, .local = local, .port = 0, .neighbour = 0, .next_hop = remote.address};
}

}  // namespace jumpgate::bench
