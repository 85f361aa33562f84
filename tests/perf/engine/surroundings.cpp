#include "surroundings.hpp"

#include <algorithm>
#include <utility>

#include "wire/handshake.hpp"

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
  return true;
}

std::optional<bus::OuterPath> Outside::acquire(const Endpoint& local, const Endpoint& remote,
                                               MonoNs /*now*/) {
  return bus::OuterPath{
      .remote = remote, .local = local, .port = 0, .neighbour = 0, .next_hop = remote.address};
}

FreeHandshakes::FreeHandshakes(const PublicKey& everybody, Write write)
    : write_(std::move(write)), jobs_(limits::kHandshakeQueue), everybody_(everybody) {
  for (ctl::HandshakeJob& job : jobs_)
    free_.push_back(&job);
}

ctl::HandshakeJob* FreeHandshakes::obtain() {
  if (free_.empty()) return nullptr;
  ctl::HandshakeJob* job = free_.back();
  free_.pop_back();
  return job;
}

ctl::HandshakeJob* FreeHandshakes::poll() {
  if (queue_.empty()) return nullptr;
  ctl::HandshakeJob* job = queue_.front();
  queue_.pop_front();
  if (job->kind == ctl::HandshakeJob::Kind::kReadHello) {
    read(*job);
  } else {
    write_(*job);
  }
  return job;
}

void FreeHandshakes::read(ctl::HandshakeJob& job) {
  job.peer = static_cast<std::uint32_t>(job.header.client_cid.value) - 1;
  wire::encode_hello_payload(
      {.counter = 1, .versions = {wire::kVersion}, .suites = {Suite::kAes256Gcm}}, job.payload);
  job.remote = everybody_;
}

void FreeHandshakes::release(ctl::HandshakeJob* job) {
  ctl::clear_job(*job);
  free_.push_back(job);
}

}  // namespace jumpgate::bench
