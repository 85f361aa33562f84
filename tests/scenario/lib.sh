# Harness of the scenario scripts. A scenario:
#   source "$(dirname "$0")/lib.sh"
# draws its topology at the top, makes it with the functions below, starts programs, polls observables with
# wait_for, and ends: falling off its end is a pass, fail and any failing command are not, skip says why not.
# Whatever it made is gone when it ends, on every way out.
#
# JUMPGATE_BUILD names the build to take programs from; logs are kept in build/test/NAME/.
set -euo pipefail
# Debian's python3 has the modules that the scenarios import; another one on the PATH may not.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${JUMPGATE_BUILD:-$root/build/asan}
scenario=$(basename "$0" .sh)
logs=$root/build/test/$scenario
rm -rf "$logs"
mkdir -p "$logs"
# Namespace names are host-wide: the process id keeps two runs apart.
prefix=jgs$$
namespaces=()
pids=()

# A sanitizer's finding is an exit status of its own, and its text goes to the program's log.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:exitcode=99}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$root/tests/scenario/lsan.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1:exitcode=99}

[[ $EUID -eq 0 ]] || { echo "needs root"; exit 77; }

fail() {
  echo "FAILED: $*"
  exit 1
}

skip() {
  echo "skipped: $*"
  exit 77
}

cleanup() {
  local status=$? pid ns
  trap - EXIT TERM INT
  set +e
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null; done
  for pid in "${pids[@]}"; do reap "$pid" || kill -KILL "$pid" 2>/dev/null; done
  for ns in "${namespaces[@]}"; do ip netns delete "$ns" 2>/dev/null; done
  if ((status != 0 && status != 77)); then
    for log in "$logs"/*.log; do
      [[ -s $log ]] && echo "--- ${log##*/}" && tail -n 15 "$log"
    done
  elif grep -lsE 'ERROR: (Address|Leak)Sanitizer|runtime error:|invariant violated' "$logs"/*.log; then
    echo "FAILED: a sanitizer or an invariant spoke in the logs above"
    status=1
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 1' TERM INT

# reap PID: waits up to 5 s for its end.
reap() {
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    kill -0 "$1" 2>/dev/null || return 0
    read -rt 0.05 <> <(:) || true
  done
  return 1
}

# wait_for SECONDS COMMAND...: polls the command each 50 ms until it succeeds; at the deadline the scenario fails.
wait_for() {
  local limit=$1 deadline
  shift
  deadline=$(($(date +%s%N) + limit * 1000000000))
  until "$@" >/dev/null 2>&1; do
    (($(date +%s%N) < deadline)) || fail "not within $limit s: $*"
    read -rt 0.05 <> <(:) || true
  done
}

# make_ns NAME...: namespaces, with loopback up.
make_ns() {
  local name
  for name in "$@"; do
    ip netns add "$prefix-$name"
    namespaces+=("$prefix-$name")
    ip -n "$prefix-$name" link set dev lo up
  done
}

# in_ns NAME COMMAND...
in_ns() { ip netns exec "$prefix-$1" "${@:2}"; }

# make_veth NS_A IF_A NS_B IF_B: a cable, both ends up. Checksum offload is off at both: frames that a program
# reads from a packet socket or a DPDK port must carry whole checksums, else TCP never connects while ping works.
make_veth() {
  ip -n "$prefix-$1" link add name "$2" type veth peer name "$4" netns "$prefix-$3"
  in_ns "$1" ethtool -K "$2" tx off >/dev/null
  in_ns "$3" ethtool -K "$4" tx off >/dev/null
  ip -n "$prefix-$1" link set dev "$2" up
  ip -n "$prefix-$3" link set dev "$4" up
}

# no_stack NS IF...: the kernel's own stack keeps quiet there: no addresses, no IPv6, no ARP answers.
no_stack() {
  local ns=$1 interface
  shift
  for interface in "$@"; do
    in_ns "$ns" sysctl -qw "net.ipv6.conf.$interface.disable_ipv6=1"
    ip -n "$prefix-$ns" link set dev "$interface" arp off
  done
}

# add_address NS IF ADDRESS/LENGTH: IPv6 without duplicate address detection, which would take two seconds.
add_address() {
  if [[ $3 == *:* ]]; then
    ip -n "$prefix-$1" address add "$3" dev "$2" nodad
  else
    ip -n "$prefix-$1" address add "$3" dev "$2"
  fi
}

# start NS NAME COMMAND...: in the background, output in $logs/NAME.log; sets $started to its process id.
start() {
  local ns=$1 name=$2
  shift 2
  ip netns exec "$prefix-$ns" "$@" >"$logs/$name.log" 2>&1 </dev/null &
  started=$!
  pids+=("$started")
}

# stop PID: SIGTERM; its exit status must be 0, within 5 s.
stop() {
  kill -TERM "$1" || fail "process $1 had already ended"
  reap "$1" || fail "process $1 did not stop within 5 s"
  wait "$1" || fail "process $1 ended with status $?"
}

# logged NAME PATTERN: has the program said so? For wait_for.
logged() { grep -qsE "$2" "$logs/$1.log"; }

# faulty_link NS IF_A IF_B [OPTION...]: a bad wire between two interfaces of a namespace; its control socket is
# $logs/IF_A.ctl, for faulty_set.
faulty_link() {
  local ns=$1 a=$2 b=$3
  shift 3
  no_stack "$ns" "$a" "$b"
  start "$ns" "link-$a" "$build/drivers/link_faulty/link_faulty" run "$a" "$b" --control "$logs/$a.ctl" "$@"
  wait_for 5 logged "link-$a" '^ready'
}

# faulty_set IF_A [OPTION...]: changes the link made by faulty_link.
faulty_set() { "$build/drivers/link_faulty/link_faulty" set --control "$logs/$1.ctl" "${@:2}" >/dev/null; }
