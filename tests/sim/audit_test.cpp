// The log may be slow, broken or gone: no decision changes, no time, and what is lost is counted exactly.
#include <memory>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../support/temp_folder.hpp"
#include "audit/audit_thread.hpp"
#include "audit/datagram_sink.hpp"
#include "audit/json_line.hpp"
#include "digest.hpp"
#include "script.hpp"

namespace jumpgate::sim {
namespace {

/// Of a script in which the gateway gives up no session: the world, which does not get its events here, would take what
/// the client does then for a fault. Nor does it end in a burst of events, of which the listener's kernel drops the last.
constexpr std::uint64_t kSeed = 15;
constexpr std::size_t kSmallRing = 64;
constexpr std::size_t kAuditActions = 40;
constexpr unsigned kSlicesEach = 5;
constexpr unsigned kSlices = kAuditActions * kSlicesEach;
constexpr unsigned kLast = kSlices - 10;        // from here on the log is read again
constexpr Duration kSlice = milliseconds(100);  // how often the audit thread gets its turn

/// Numbers that a stream accounts for: each event by itself, lost ones by the range that names them.
struct Account {
  std::uint64_t told{0};
  std::uint64_t lost{0};
  bool gap_free{true};
  std::uint64_t next{1};

  void take(const audit::Event& event) {
    if (const auto* loss = std::get_if<audit::LostDetail>(&event.detail)) {
      gap_free = gap_free && loss->first_seq == next &&
                 loss->count == loss->last_seq - loss->first_seq + 1;
      lost += loss->count;
      next = loss->last_seq + 1;
      if (event.seq < next) return;  // a sink's own: it takes no number
    }
    gap_free = gap_free && event.seq == next;
    next = event.seq + 1;
    ++told;
  }
};

class AccountSink final : public audit::Sink {
 public:
  AccountSink(Account& account, const bool& frozen) : account_(account), frozen_(frozen) {}
  bool write(const audit::Event& event, std::string_view /*line*/) override {
    if (!frozen_) account_.take(event);
    return !frozen_;
  }
  [[nodiscard]] std::string_view name() const override { return "account"; }

 private:
  Account& account_;
  const bool& frozen_;
};

/// One run of the same script, with the log treated as `read` says in each slice.
struct Outcome {
  std::uint64_t digest{0};
  std::uint64_t numbered{0};  // events the gateway made
  std::uint64_t lost{0};      // at the ring
};

Outcome run(std::size_t ring,
            const std::function<void(World&, audit::EventLog&, unsigned slice)>& read) {
  World world({.seed = kSeed,
               .clients = 8,
               .policy = policy_variant(0),
               .commands = 64,
               .event_ring = ring,
               .drain_events = false});
  Digest digest(world);
  Attacker attacker(world, kSeed, kScriptMemory);
  unsigned slice = 0;
  for (const Action& action : make_script(kSeed, kAuditActions)) {
    perform(world, attacker, action);
    for (unsigned i = 0; i < kSlicesEach; ++i) {
      world.run(kSlice);
      read(world, world.gateway().events(), slice++);
    }
  }
  // A run that stops at a finding would compare equal to another one that stops there.
  EXPECT_TRUE(world.findings().clean()) << world.findings().text();
  EXPECT_EQ(slice, kSlices);
  EXPECT_GT(world.delivered(), 500U);
  return {.digest = digest.value(),
          .numbered = world.gateway().events().next_seq() - 1,
          .lost = world.gateway().events().lost()};
}

void drain(audit::AuditThread& audit) {
  while (audit.drain() > 0) {
  }
}

/// The run everything is compared with: a healthy log.
const Outcome& healthy() {
  static const Outcome outcome = [] {
    std::unique_ptr<audit::AuditThread> audit;
    Account account;
    const bool frozen = false;
    const Outcome made = run(16'384, [&](World&, audit::EventLog& log, unsigned) {
      if (!audit) {
        audit = std::make_unique<audit::AuditThread>(log, "5", [] { return std::uint64_t{0}; });
        audit->add_sink(std::make_unique<AccountSink>(account, frozen));
      }
      drain(*audit);
    });
    EXPECT_TRUE(account.gap_free);
    EXPECT_EQ(account.told, made.numbered);
    EXPECT_EQ(made.lost, 0U);
    return made;
  }();
  return outcome;
}

TEST(Audit, ASinkThatFreezesOrIsGoneChangesNothingAndIsCountedExactly) {
  std::unique_ptr<audit::AuditThread> audit;
  Account account;
  bool frozen = false;
  const Outcome outcome = run(16'384, [&](World&, audit::EventLog& log, unsigned slice) {
    if (!audit) {
      audit = std::make_unique<audit::AuditThread>(log, "5", [] { return std::uint64_t{0}; });
      audit->add_sink(std::make_unique<AccountSink>(account, frozen));
    }
    frozen = slice % 40 < 25;
    if (slice > kLast) frozen = false;
    drain(*audit);
  });
  EXPECT_EQ(outcome.digest, healthy().digest);
  EXPECT_EQ(outcome.numbered, healthy().numbered);
  EXPECT_TRUE(account.gap_free);
  EXPECT_GT(account.lost, 0U);
  EXPECT_EQ(account.told + account.lost, outcome.numbered);
  EXPECT_EQ(audit->lost_at_sinks(), account.lost);
}

TEST(Audit, AFullDiskChangesNothingAndIsCountedExactly) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  std::unique_ptr<audit::AuditThread> audit;
  const Outcome outcome = run(16'384, [&](World&, audit::EventLog& log, unsigned) {
    if (!audit) {
      audit = std::make_unique<audit::AuditThread>(log, "5", [] { return std::uint64_t{0}; });
      audit->add_sink(std::make_unique<audit::StreamSink>(full, "full disk"));
    }
    drain(*audit);
  });
  ::close(full);
  EXPECT_EQ(outcome.digest, healthy().digest);
  EXPECT_EQ(audit->lost_at_sinks(), outcome.numbered);
}

/// What listens to a DatagramSink, while it is there.
class Listener {
 public:
  explicit Listener(const std::string& path) : path_(path) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { go(); }

  void come() {
    if (fd_ >= 0) return;
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void go() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
    fd_ = -1;
  }
  /// Every line that has come: told, or a loss that it tells.
  void read(Account& account) {
    std::array<char, audit::kMaxLine> line{};
    for (ssize_t n = 0; fd_ >= 0 && (n = ::recv(fd_, line.data(), line.size(), 0)) > 0;) {
      const auto event = nlohmann::json::parse(line.data(), line.data() + n);
      if (event.at("event_type") == "EventsLost") {
        account.lost += event.at("count").get<std::uint64_t>();
      } else {
        ++account.told;
      }
    }
  }

 private:
  std::string path_;
  int fd_{-1};
};

TEST(Audit, AListenerThatGoesAndComesBackChangesNothingAndIsCountedExactly) {
  const jumpgate::testing::TempFolder folder;
  const std::string path = folder.path("listener");
  Listener listener(path);
  std::unique_ptr<audit::AuditThread> audit;
  Account account;
  const Outcome outcome = run(16'384, [&](World&, audit::EventLog& log, unsigned slice) {
    if (!audit) {
      audit = std::make_unique<audit::AuditThread>(log, "5", [] { return std::uint64_t{0}; });
      audit->add_sink(
          std::make_unique<audit::DatagramSink>(path, audit::DatagramSink::Form::kLine));
    }
    if (slice % 40 < 25 && slice <= kLast) {
      listener.go();
    } else {
      listener.come();
    }
    // The kernel keeps few datagrams that nobody reads.
    for (std::size_t taken = 1; taken > 0; listener.read(account))
      taken = audit->drain();
  });
  EXPECT_EQ(outcome.digest, healthy().digest);
  EXPECT_GT(account.lost, 0U);
  EXPECT_EQ(account.told + account.lost, outcome.numbered);
  EXPECT_EQ(audit->lost_at_sinks(), account.lost);
}

TEST(Audit, AFullRingChangesNothingAndIsCountedExactly) {
  Account account;
  const Outcome outcome = run(kSmallRing, [&](World& world, audit::EventLog& log, unsigned slice) {
    if (slice % 40 < 30 && slice <= kLast) return;  // nobody reads
    std::array<audit::Event, kSmallRing> batch;
    for (;;) {
      const std::size_t count = log.take(batch);
      for (std::size_t i = 0; i < count; ++i)
        account.take(batch.at(i));
      if (count == 0) break;
      log.flush_loss(world.now(), 1);  // as the controller does when it idles
    }
  });
  EXPECT_EQ(outcome.digest, healthy().digest);
  EXPECT_TRUE(account.gap_free);
  EXPECT_GT(outcome.lost, 0U);
  EXPECT_EQ(account.lost, outcome.lost);
  // The announcements of losses are numbered too.
  EXPECT_EQ(account.told + account.lost, outcome.numbered);
}

}  // namespace
}  // namespace jumpgate::sim
