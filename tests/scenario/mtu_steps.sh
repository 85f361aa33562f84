# A router on the path carries less and less in mid-stream, 1500, 1400, 1300, 1280 bytes, then 1500 again, at once for two
# clients: alice over IPv4, whose router says nothing of it, and bob over IPv6, whose router does. Each step is noticed by
# both ends, no stream stalls for longer than three probes and TCP's own patience, and tracepath through the tunnel shows what
# is left inside. A path found wide at a commit is used at once.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

# carries SIZE: so large a packet the router carries, both ways, in both families.
carries() {
  local route
  for route in "198.51.100.2/32 dev core" "10.10.0.2/32 dev wifi" "2001:db8:1::2/128 dev core" "2001:db8:b::2/128 dev bob"; do
    # shellcheck disable=SC2086
    ns net ip route replace $route mtu lock "$1"
  done
}
mtu_of() { jumpctl session "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['path_mtu'])"; }
bob_field() { ns bob "$build/src/app/jump/jump" status --socket "$JG_RUN/bob.sock" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
within() { (($1 >= $2 && $1 <= $3)); }
# found LEAST MOST: both ends of both tunnels.
found() { within "$(mtu_of alice)" "$@" && within "$(mtu_of bob)" "$@" && within "$(field path_mtu)" "$@" && within "$(bob_field path_mtu)" "$@"; }
# shown NS TARGET: the MTU at which tracepath arrives.
shown() { ns "$1" tracepath -n -m 3 "$2" | sed -n 's/.*Resume: pmtu \([0-9]*\).*/\1/p'; }
# pull NS NAME HOST: the file into NAME.bin; prints the longest time without a byte of it.
pull() {
  start "$1" "$2" python3 -c '
import socket, sys, time
with socket.create_connection((sys.argv[1], 8000)) as s, open(sys.argv[2], "wb", buffering=0) as file:
    s.sendall(b"GET /file.bin HTTP/1.0\r\n\r\n")
    head, longest, last = b"", 0, time.monotonic()
    while b"\r\n\r\n" not in head: head += s.recv(4096)
    data = head.partition(b"\r\n\r\n")[2]
    while True:
        file.write(data)
        if not (data := s.recv(65536)): break
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
print(f"{longest * 1000:.0f}")' "$3" "$JG_RUN/$2.bin"
}
# flow: both streams have gone on.
larger() { (($(stat -c %s "$JG_RUN/$1.bin") > $2)); }
flow() {
  local name size
  for name in alice bobs; do
    size=$(stat -c %s "$JG_RUN/$name.bin")
    wait_for 5 larger "$name" $((size + 100000))
  done
}

lay_out 5 5
lay_out_bob
ns net nft -f - <<'EOT'
table ip silent {
  counter words { }
  chain out { type filter hook output priority 0; icmp type destination-unreachable counter name words drop; }
}
EOT
start_server 24M
serve server web6 fd00:9::2 8000
bear_losses
stage_bob
start_gateway
start_client
start bob bob "$build/src/app/jump/jump" up "$JG_RUN/bob.toml"
wait_for 15 ns bob ping -c 1 -W 1 10.9.0.2
# Slow enough to last, and with so short a queue that TCP's patience stays short.
for interface in wifi cell bob; do ns net tc qdisc add dev "$interface" root tbf rate 6mbit burst 16k latency 20ms; done
pull client alice 10.9.0.2
alice=$started
pull bob bobs fd00:9::2
bob=$started
wait_for 10 found 1500 1500
carries 1400
wait_for 15 found 1380 1400
flow
# What the router named is the next size that bob tries.
bob_found() { (($(bob_field path_mtu) == $1)); }
wait_for 5 bob_found 1400
(($(shown client 10.9.0.2) == $(field path_mtu) - 60)) || fail "tracepath shows $(shown client 10.9.0.2) over IPv4 of $(field path_mtu)"
(($(shown bob fd00:9::2) == $(bob_field path_mtu) - 80)) || fail "tracepath shows $(shown bob fd00:9::2) over IPv6 of $(bob_field path_mtu)"
within "$(shown server 10.8.0.2)" 1320 1340 || fail "tracepath back shows $(shown server 10.8.0.2)"
carries 1300
wait_for 15 found 1280 1300
flow
carries 1280
wait_for 15 found 1280 1280
flow
[[ $(ns net nft list counter ip silent words) == *"packets "[1-9]* ]] || fail "the router had nothing to say of alice's packets"
kill -0 "$alice" "$bob" || fail "a stream has ended before its time"
carries 1500
jump to cell
wait_for 10 is_on cell
wait_for 5 client_found 1500
wait_for 5 gateway_found 1500
for interface in wifi cell bob; do ns net tc qdisc delete dev "$interface" root; done
for name in alice bobs; do
  wait_for 20 test -s "$logs/$name.log"
  cmp "$JG_RUN/$name.bin" "$JG_RUN/www/file.bin" || fail "the file of $name did not come whole"
  gap=$(cat "$logs/$name.log")
  echo "$name: longest gap $gap ms"
  ((gap < 5000)) || fail "the stream of $name stalled for $gap ms"
done
