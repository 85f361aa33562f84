// Recordings as a forger makes them: a genuine one, edited by the input, every check made anew. A
// replay names what is wrong or finds nothing, and no edit crashes it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/record/recorded_gateway.hpp"
#include "record/replayer.hpp"
#include "record/tape.hpp"

namespace {

using namespace jumpgate;
using Records = std::vector<record::Bytes>;

void require(bool condition) {
  if (!condition) std::abort();
}

/// A file of this process alone, in memory.
class Tape {
 public:
  void write(const Records& records) {
    require(::ftruncate(fd_, 0) == 0 && ::lseek(fd_, 0, SEEK_SET) == 0);
    record::TapeWriter writer([this](std::span<const std::uint8_t> bytes) { return put(bytes); });
    for (const record::Bytes& body : records)
      require(writer.write(body));
  }
  bool put(std::span<const std::uint8_t> bytes) {
    return ::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  int fd_{::memfd_create("tape", MFD_CLOEXEC)};
  std::string path_{"/proc/self/fd/" + std::to_string(fd_)};
};

/// What a gateway records of a short life with a bit of everything.
class Sample : public ctl::testing::RecordedGateway {
 public:
  static Records records(Tape& tape) {
    Sample sample;
    sample.SetUp();
    sample.live_briefly();
    require(tape.put(sample.tape_));
    auto reader = record::TapeReader::open(tape.path());
    Records records;
    for (auto next = reader->next(); next && *next; next = reader->next())
      records.emplace_back((*next)->begin(), (*next)->end());
    return records;
  }

 private:
  void TestBody() override {}
  void live_briefly() {
    require(attach(alice_));
    require(jump(alice_, ctl::testing::kCell));
    edge(alice_, bus::ReportKind::kSilence, ctl::testing::kCell);
    edge(alice_, bus::ReportKind::kAlive, ctl::testing::kCell);
    advance(seconds(1));
    require(gateway_->apply_policy({policy_}, "grace", ctl::PolicyApplication::kGrace, now_)
                .has_value());
    auto next = config_with(true, false);
    next->filters.push_back({.name = "web", .rules = {{.protocol = 6}}});
    next->inner.filter = 0;
    require(gateway_->reload(next, now_).has_value());
    gateway_->on_link(0, false);
    advance(milliseconds(20));
    send_reattach(alice_, reattach(alice_), ctl::testing::kWifi);
    advance(milliseconds(20));
    require(gateway_->terminate(alice_.welcome.session_id, now_));
    run();
    gateway_->begin_stop();
    run();
    recorder_->finish();
  }
};

/// The first bytes of a recording ask for tables, up to the largest that a gateway has: they stay.
std::size_t settled(const Records& records) {
  record::Reader reader(records.front());
  record::Input input{};
  MonoNs time;
  ctl::Settings settings;
  record::pass_all(reader, input, time, time, settings);
  return records.front().size() - reader.left();
}

void edit(Records& records, std::size_t settled, FuzzedDataProvider& input) {
  const auto up_to = [&](std::size_t last, std::size_t first = 0) {
    return input.ConsumeIntegralInRange<std::size_t>(std::min(first, last), last);
  };
  const std::size_t which = up_to(records.size() - 1);
  record::Bytes& body = records[which];
  const std::size_t at = up_to(body.size() - 1, which == 0 ? settled : 0);
  const auto place = body.begin() + static_cast<std::ptrdiff_t>(at);
  switch (input.ConsumeIntegralInRange<int>(0, 5)) {
    case 0:
      *place = input.ConsumeIntegral<std::uint8_t>();
      break;
    case 1:
      body.insert(place, input.ConsumeIntegral<std::uint8_t>());
      break;
    case 2:
      if (body.size() > 1) body.erase(place);
      break;
    case 3:
      body.resize(at + 1);
      break;
    case 4:
      records.insert(records.begin() + static_cast<std::ptrdiff_t>(which),
                     record::Bytes(records[up_to(records.size() - 1)]));
      break;
    default:
      std::swap(body, records[up_to(records.size() - 1)]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMaxEdits = 16;
  static Tape tape;
  static const Records genuine = Sample::records(tape);
  static const std::size_t tables = settled(genuine);
  FuzzedDataProvider input(data, size);
  Records records = genuine;
  for (int i = 0; i < kMaxEdits && input.remaining_bytes() > 0; ++i)
    edit(records, tables, input);
  tape.write(records);
  const auto result = record::replay(tape.path(), [](std::string_view) {});
  if (result) return 0;
  require(size > 0);
  require(result.error().text.find("record ") != std::string::npos);
  return 0;
}
