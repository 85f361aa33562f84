#include "captures.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>

namespace jumpgate::test {
namespace {

constexpr std::array<std::string_view, 4> kFiles{"outer-in", "outer-out", "inner-in", "inner-out"};

void put32(std::ofstream& out, std::uint32_t value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}

/// The classic format: this machine's byte order, nanoseconds, Ethernet.
void put_file_header(std::ofstream& out) {
  constexpr std::uint32_t kNanoseconds = 0xa1b2'3c4d, kVersion24 = 2 | 4 << 16, kEthernet = 1;
  for (const std::uint32_t word : {kNanoseconds, kVersion24, 0U, 0U, 65'535U, kEthernet})
    put32(out, word);
}

}  // namespace

Captures::Captures() {
  const char* folder = std::getenv("JUMPGATE_CAPTURES");
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  if (folder == nullptr || test == nullptr) return;
  static std::string last;
  static unsigned number = 0;
  std::string name = std::string(test->test_suite_name()) + "." + test->name();
  std::ranges::replace(name, '/', '.');
  number = name == last ? number + 1 : 1;  // a test may have several harnesses
  last = name;
  name_ = std::string(folder) + "/" + name + "." + std::to_string(number) + ".";
}

void Captures::frame(std::uint8_t port, Way way, std::span<const std::uint8_t> bytes, MonoNs at) {
  if (name_.empty()) return;
  const std::size_t index = port * 2U + static_cast<unsigned>(way);
  File& file = files_[index];
  if (file.frames++ == 0) {
    file.out.open(name_ + std::string(kFiles[index]) + ".pcap", std::ios::binary);
    put_file_header(file.out);
  }
  if (file.frames > kMaxFrames) return;
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (const std::uint32_t word : {static_cast<std::uint32_t>(at.ns / kSecond),
                                   static_cast<std::uint32_t>(at.ns % kSecond), size, size})
    put32(file.out, word);
  file.out.write(reinterpret_cast<const char*>(bytes.data()), size);
}

void Captures::counters(unsigned worker, const bus::WorkerCounters& counters) {
  if (name_.empty()) return;
  std::ofstream out(name_ + "counters", worker == 0 ? std::ios::out : std::ios::app);
  const auto line = [&](std::string_view prefix, std::string_view name, std::uint64_t value) {
    if (value != 0) out << "worker " << worker << ": " << prefix << name << " " << value << "\n";
  };
  for (const bus::WorkerCounter counter : bus::kAllWorkerCounters)
    line("", to_string(counter), counters.get(counter));
  for (const DropReason reason : kAllDropReasons)
    line("drop.", to_string(reason), counters.dropped(reason));
}

}  // namespace jumpgate::test
