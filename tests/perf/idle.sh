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
source "$(dirname "$0")/../scenario/lib.sh"
seconds=${1:-10}
pings=${2:-100}
jump=$build/src/app/jump/jump
[[ -x $jump && -x $build/src/app/jumpgated/jumpgated ]] || fail "the gateway and the client are not built in $build"

make_ns client gw server
make_veth client W gw wan
make_veth server B gw lan
add_address client W 198.51.100.1/24
add_address server B 10.9.0.2/24
ip -n "$prefix-server" route add default via 10.9.0.1
no_stack gw wan lan
(umask 077 && "$jump" genkey >"$logs/gateway.key" && "$jump" genkey >"$logs/client.key")
huge=true
[[ -z ${JUMPGATE_NO_HUGE:-} ]] || huge=false
write_configs() { # write_configs IDLE
  cat >"$logs/gateway.toml" <<EOT
[gateway]
private_key_file = "$logs/gateway.key"
state_dir = "$logs/gateway-state"
control_socket = "$logs/jumpgated.sock"
idle = "$1"
[events]
file = "$logs/events.jsonl"
[eal]
huge = $huge
[limits]
max_sessions = 64
[[port]]
name = "wan"
role = "outer"
driver = "${JG_DRIVER:-af_xdp}"
interface = "wan"
addresses = ["198.51.100.2/24"]
[[port]]
name = "lan"
role = "inner"
driver = "${JG_DRIVER:-af_xdp}"
interface = "lan"
addresses = ["10.9.0.1/24"]
[[peer]]
name = "client"
public_key = "$("$jump" pubkey <"$logs/client.key")"
addresses = ["10.8.0.2/32"]
EOT
  cat >"$logs/client.toml" <<EOT
[client]
private_key_file = "$logs/client.key"
state_dir = "$logs/client-state"
control_socket = "$logs/jump.sock"
tun = "jump0"
allowed_ips = ["10.9.0.0/24"]
[gateway]
public_key = "$("$jump" pubkey <"$logs/gateway.key")"
endpoints = ["198.51.100.2:51820"]
[[uplink]]
name = "w"
interface = "W"
EOT
}
answers() { in_ns client ping -c 1 -W 1 10.9.0.2; }
# cpu_seconds TASK: user and system time of a folder of /proc; the name before them may hold spaces.
cpu_seconds() { sed 's/.*) //' "$1/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) / hz }'; }
# The threads that ran: NAME SECONDS each.
threads() {
  local task
  for task in /proc/"$1"/task/*; do echo "$(cat "$task/comm") $(cpu_seconds "$task")"; done
}

printf '%-9s %12s %14s %14s %28s\n' idle 'process, %' 'worker, %' 'controller, %' 'ping min/mean/max, ms'
for idle in poll adaptive; do
  write_configs "$idle"
  start gw jumpgated "$build/src/app/jumpgated/jumpgated" --config "$logs/gateway.toml"
  gateway=$started
  wait_for 20 logged jumpgated ready
  start client jump "$jump" up "$logs/client.toml"
  client=$started
  wait_for 20 answers
  threads "$gateway" >"$logs/before"
  begun=$(cpu_seconds "/proc/$gateway")
  sleep "$seconds"
  ended=$(cpu_seconds "/proc/$gateway")
  threads "$gateway" >"$logs/after"
  share() { paste "$logs/before" "$logs/after" | awk -v name="$1" -v s="$seconds" '$1 == name { sum += $4 - $2 } END { printf "%.1f", 100 * sum / s }'; }
  rtt=$(in_ns client ping -q -i 0.1 -c "$pings" 10.9.0.2 | sed -n 's|^rtt .* = \([0-9.]*\)/\([0-9.]*\)/\([0-9.]*\)/.*|\1 / \2 / \3|p')
  printf '%-9s %12s %14s %14s %28s\n' "$idle" "$(awk "BEGIN { printf \"%.1f\", 100 * ($ended - $begun) / $seconds }")" \
    "$(share rte-worker-1)" "$(share jumpgated)" "$rtt"
  stop "$client"
  stop "$gateway"
done
