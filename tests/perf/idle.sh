# What an idle gateway costs, and what its sleep costs a packet: the process's CPU time with one silent session, and the
# round trip of packets that come long after one another, with idle = "adaptive" and "poll". A table for
# docs/performance.md; nothing fails by a figure.
# usage: JUMPGATE_BUILD=build/release bash tests/perf/idle.sh [SECONDS [PINGS]]
#
#   client                     gw                       server
#   +------------------+      +------------------+      +---------------+
#   | jump           W o------o wan          lan o------o B 10.9.0.2    |
#   +------------------+      +------------------+      +---------------+
#     198.51.100.1/24           198.51.100.2   10.9.0.1
source "$(dirname "$0")/lib_pair.sh"
seconds=${1:-10}
pings=${2:-100}

lay_out
no_stack gw wan lan
make_keys
# cpu_seconds TASK: user and system time of a folder of /proc; the name before them may hold spaces.
cpu_seconds() { sed 's/.*) //' "$1/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) / hz }'; }
# The threads that ran: NAME SECONDS each.
threads() {
  local task
  for task in /proc/"$1"/task/*; do echo "$(cat "$task/comm") $(cpu_seconds "$task")"; done
}
# share NAME: of a core, in percent, that the threads of this name took.
share() { paste "$logs/before" "$logs/after" | awk -v name="$1" -v s="$seconds" '$1 == name { sum += $4 - $2 } END { printf "%.1f", 100 * sum / s }'; }

printf '%-9s %12s %14s %14s %28s\n' idle 'process, %' 'worker, %' 'controller, %' 'ping min/mean/max, ms'
for idle in poll adaptive; do
  write_configs "idle = \"$idle\""
  start_pair
  threads "$gateway" >"$logs/before"
  begun=$(cpu_seconds "/proc/$gateway")
  sleep "$seconds"
  ended=$(cpu_seconds "/proc/$gateway")
  threads "$gateway" >"$logs/after"
  rtt=$(in_ns client ping -q -i 0.1 -c "$pings" 10.9.0.2 | sed -n 's|^rtt .* = \([0-9.]*\)/\([0-9.]*\)/\([0-9.]*\)/.*|\1 / \2 / \3|p')
  printf '%-9s %12s %14s %14s %28s\n' "$idle" "$(awk "BEGIN { printf \"%.1f\", 100 * ($ended - $begun) / $seconds }")" \
    "$(share rte-worker-1)" "$(share jumpgated)" "$rtt"
  stop "$client"
  stop "$gateway"
done
