// What an uplink's interface is worth, over its life: in a network namespace of a process of its own.
#include "udp/link_monitor.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

namespace jumpgate::udp {
namespace {

/// Ends the process with 1, and the reason, unless it holds.
void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::_Exit(1);
}

/// The kernel tells of a carrier in its own time (linkwatch), up to a second late.
template <typename Condition>
void soon(Condition holds, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds() && std::chrono::steady_clock::now() < deadline)
    ::usleep(1000);
  must(holds(), what);
}

void ip(const std::string& arguments) {
  must(std::system(("PATH=/usr/sbin:/sbin:/usr/bin:/bin ip " + arguments).c_str()) == 0,
       arguments.c_str());
}

LinkState uplink() {
  return LinkMonitor::state("up0");
}

[[noreturn]] void live_through_everything() {
  must(::unshare(CLONE_NEWNET) == 0, "a network namespace");
  const auto monitor = LinkMonitor::open();
  must(monitor.has_value(), "a monitor");
  must(uplink() == LinkState{}, "nothing there");

  ip("link add up0 type veth peer name far0");
  ip("link set up0 addrgenmode none");
  must(uplink().present && !uplink().running, "there, and down");
  must((*monitor)->poll(), "noticed");
  must(!(*monitor)->poll(), "noticed once");
  ip("link set up0 up");
  must(!uplink().running, "its other end is down");
  ip("link set far0 up");
  soon([] { return uplink().running; }, "carries");

  must(!uplink().usable(IpFamily::kV4) && !uplink().usable(IpFamily::kV6), "no address");
  ip("address add 169.254.7.7/16 dev up0");
  must(!uplink().usable(IpFamily::kV4), "what a host gives itself without DHCP reaches no gateway");
  ip("-6 address add fe80::7/64 dev up0 nodad");
  must(!uplink().usable(IpFamily::kV6), "link-local");
  ip("address add 192.0.2.7/24 dev up0");
  must(uplink().usable(IpFamily::kV4) && !uplink().usable(IpFamily::kV6), "IPv4");
  ip("-6 address add 2001:db8::7/64 dev up0 nodad");
  must(uplink().usable(IpFamily::kV6), "IPv6");

  const LinkState before = uplink();
  ip("address add 169.254.7.8/16 dev up0");
  must(uplink() == before, "an address that is not used changes nothing");
  ip("address delete 192.0.2.7/24 dev up0");
  ip("address add 192.0.2.8/24 dev up0");
  must(uplink().addresses != before.addresses, "another address");
  ip("link set far0 down");
  soon([] { return !uplink().usable(IpFamily::kV4); }, "the cable is out");
  ip("link delete up0");
  must(uplink() == LinkState{}, "gone");
  ip("link add up0 type veth peer name far0");
  must(uplink().index != before.index, "another of the same name");
  std::_Exit(0);
}

TEST(LinkMonitor, SeesAnUplinkComeAndGo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EXIT(live_through_everything(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace jumpgate::udp
