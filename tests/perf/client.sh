# The client's CPU time: iperf3 through jump and jumpgated, then through wireguard-go on both ends, over the same cables
# and in one run. Prints a table, writes client.json beside the other benchmarks' results.
# usage: JUMPGATE_BUILD=build/release bash tests/perf/client.sh [SECONDS [ROUNDS]]
#
#   client                    gw                        server
#   +-------------------+     +------------------+      +----------------+
#   | iperf3   jump or  |     | jumpgated or     |      | iperf3 -s      |
#   | 10.8.0.2 wg-go  W o-----o wan          lan o------o B 10.9.0.2     |
#   +-------------------+     +------------------+      +----------------+
#     198.51.100.1/24           198.51.100.2   10.9.0.1
#
# What a cable's end receives is handled by a kernel thread of its own (threaded NAPI, with GRO as on a card), and counts
# for the side it is on: else the sender's process would pay for it, on whichever side it is.
source "$(dirname "$0")/lib_pair.sh"
seconds=${1:-5}
rounds=${2:-3}
json=$root/build/bench/client.json
for program in iperf3 wireguard-go wg; do
  command -v "$program" >/dev/null || skip "no $program here: apt-get install iperf3 wireguard-go wireguard-tools"
done

lay_out
receive_apart() { # receive_apart NS IF
  in_ns "$1" ethtool -K "$2" gro on
  in_ns "$1" sh -c "echo 1 >/sys/class/net/$2/threaded"
  renice -n "$(nice)" -p "$(receiver "$2")" >/dev/null # as all the rest here
}
receiver() { pgrep -n "^napi/$1-"; }
receive_apart client W
receive_apart gw wan
receive_apart gw lan
receive_apart server B
start server iperf iperf3 -s
mtu=1420 # inner, of both: what wireguard-go takes by itself on this cable

# measure NAME CLIENT_PID GATEWAY_PID: each test in each round, one line of JSON each to $logs/NAME.jsonl.
measure() {
  local name=$1 round test options
  for ((round = 0; round < rounds; ++round)); do
    for test in tcp_up tcp_down udp_up; do
      options=(-c 10.9.0.2 -t "$seconds" -J)
      [[ $test != tcp_down ]] || options+=(-R)
      [[ $test != udp_up ]] || options+=(-u -b 200M -l 1372)
      in_ns client python3 "$root/tests/perf/client_trial.py" "$test" "$2,$(receiver W)" \
        "$3,$(receiver wan)" iperf3 "${options[@]}" \
        >>"$logs/$name.jsonl" || fail "$name: $test did not finish"
    done
  done
}

# ---- jump and jumpgated
no_stack gw wan lan
make_keys
write_configs "inner_mtu = $mtu"
start_pair
measure jump "$client" "$gateway"
stop "$client"
stop "$gateway"

# ---- wireguard-go on both ends, the kernel forwards
for interface in wan lan; do ip -n "$prefix-gw" link set dev "$interface" arp on; done
add_address gw wan 198.51.100.2/24
add_address gw lan 10.9.0.1/24
in_ns gw sysctl -qw net.ipv4.ip_forward=1
export WG_PROCESS_FOREGROUND=1 LOG_LEVEL=error
start gw wg-gateway wireguard-go -f "wgg$$"
gateway=$started
start client wg-client wireguard-go -f "wgc$$"
client=$started
has_device() { ip -n "$prefix-$1" link show dev "$2"; }
wait_for 10 has_device gw "wgg$$"
wait_for 10 has_device client "wgc$$"
in_ns gw wg set "wgg$$" listen-port 51821 private-key "$logs/gateway.key" \
  peer "$("$jump" pubkey <"$logs/client.key")" allowed-ips 10.8.0.2/32
in_ns client wg set "wgc$$" private-key "$logs/client.key" \
  peer "$("$jump" pubkey <"$logs/gateway.key")" allowed-ips 10.9.0.0/24 endpoint 198.51.100.2:51821
add_address client "wgc$$" 10.8.0.2/32
for side in gw client; do
  device=wgg$$
  [[ $side == gw ]] || device=wgc$$
  ip -n "$prefix-$side" link set dev "$device" mtu $mtu up
done
ip -n "$prefix-client" route add 10.9.0.0/24 dev "wgc$$"
ip -n "$prefix-gw" route add 10.8.0.2/32 dev "wgg$$"
wait_for 10 answers
measure wireguard_go "$client" "$gateway"

mkdir -p "${json%/*}"
python3 "$root/tests/perf/client_report.py" "$logs/jump.jsonl" "$logs/wireguard_go.jsonl" "$json"
echo "written: $json"
