// What other threads do for the controller, and ask of it; under ThreadSanitizer as well.
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "crypto/x25519.hpp"
#include "ctl/handshake_thread.hpp"
#include "ctl/mailbox.hpp"

namespace jumpgate::ctl {
namespace {

TEST(MailboxOfOperators, IsServedByTheOtherThreadOrSaysBusy) {
  Mailbox mailbox;
  EXPECT_FALSE(mailbox.call([](MonoNs) {}, std::chrono::milliseconds(1)));
  MonoNs seen{};
  std::thread caller([&] {
    EXPECT_TRUE(mailbox.call([&](MonoNs now) { seen = now; }, std::chrono::seconds(20)));
  });
  while (mailbox.serve(MonoNs{5}) == 0)
    std::this_thread::yield();
  caller.join();
  EXPECT_EQ(seen.ns, 5U);
  mailbox.close();
  EXPECT_FALSE(mailbox.call([](MonoNs) {}, std::chrono::seconds(20)));
}

TEST(HandshakeThreadsTest, JobsComeBackAndAreBounded) {
  base::SystemRandom random;
  const auto own = crypto::KeyPair::generate(random);
  const auto peer = crypto::KeyPair::generate(random);
  HandshakeThreads threads(2, own, random);
  std::vector<HandshakeJob*> held;
  for (HandshakeJob* job = threads.obtain(); job != nullptr; job = threads.obtain()) {
    job->kind = HandshakeJob::Kind::kRekey;
    job->client_ephemeral = peer.public_key;
    job->generation = 1;
    held.push_back(job);
  }
  EXPECT_EQ(held.size(), HandshakeThreads::kJobs);
  for (HandshakeJob* job : held)
    threads.submit(job);
  std::size_t done = 0;
  while (done < held.size()) {
    HandshakeJob* job = threads.poll();
    if (job == nullptr) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_FALSE(job->failure);
    threads.release(job);
    ++done;
  }
  EXPECT_EQ(threads.in_use(), 0U);
}

}  // namespace
}  // namespace jumpgate::ctl
