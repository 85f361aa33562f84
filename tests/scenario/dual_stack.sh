# Uplinks of one IP family each (wifi: IPv4, cell: IPv6) and one of both (dsl), under TCP of both families inside. Jumps,
# planned and hard, from one outer family to the other and back, lose neither connection; an uplink of both takes the
# first of the gateway's addresses. Then a gateway and a client of IPv6 alone, whose tunnel carries IPv4 too.
#
#   client ─dsl── net: 10.10.2.0/24, 2001:db8:d::/64      (the rest is drawn in tools/demo/topology.sh)
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

endpoint() { jumpctl session alice --json | python3 -c "import json,sys; print(json.load(sys.stdin)['endpoint'])"; }
# at UPLINK ADDRESS: the client is on the uplink, and the gateway has it there.
at() { is_on "$1" && [[ $(endpoint) == "$2"* ]]; }
# begin_both, both_arrived: a file over one TCP connection of each inner family, compared.
begin_both() {
  rm -f "$JG_RUN"/both-*.bin
  ns client curl -s --max-time 40 --limit-rate 600k -o "$JG_RUN/both-4.bin" http://10.9.0.2:8000/file.bin &
  four=$!
  ns client curl -s -g --max-time 40 --limit-rate 600k -o "$JG_RUN/both-6.bin" 'http://[fd00:9::2]:8000/file.bin' &
  six=$!
  wait_for 5 test -s "$JG_RUN/both-4.bin"
  wait_for 5 test -s "$JG_RUN/both-6.bin"
}
both_arrived() {
  wait "$four" || fail "the transfer over IPv4 did not survive $1"
  wait "$six" || fail "the transfer over IPv6 did not survive $1"
  cmp "$JG_RUN/both-4.bin" "$JG_RUN/www/file.bin" && cmp "$JG_RUN/both-6.bin" "$JG_RUN/www/file.bin" || fail "a file did not come whole over $1"
}

lay_out
topology_wire client dsl net dsl
ns net ip address add 10.10.2.1/24 dev dsl
ns net ip -6 address add 2001:db8:d::1/64 dev dsl
ns client ip address add 10.10.2.2/24 dev dsl
ns client ip -6 address add 2001:db8:d::2/64 dev dsl
ns client ip route add 198.51.100.0/24 via 10.10.2.1 dev dsl metric 100
ns client ip -6 route add 2001:db8:1::/64 via 2001:db8:d::1 dev dsl metric 2000
# dsl is for the jumps that ask for it.
printf '\n[[uplink]]\nname = "dsl"\ninterface = "dsl"\npreference = 9\n' >>"$JG_RUN/client.toml"
start_server 3M
serve server web6 fd00:9::2 8000
start_gateway
start_client
wait_for 5 answers fd00:9::2
at wifi 198.51.100.1: || fail "the session began at $(endpoint)"
id=$(field session_id)

begin_both
jump to cell
wait_for 10 at cell '[2001:db8:c::2]'
jump to wifi
wait_for 10 at wifi 198.51.100.1:
both_arrived "planned jumps"

begin_both
topology_blackhole wifi
wait_for 10 at cell '[2001:db8:c::2]'
topology_heal wifi
ns client ip link set cell down
wait_for 10 at wifi 198.51.100.1:
both_arrived "hard jumps"
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"
stop "$client"
stop "$gateway"

# IPv6 alone, at every outer interface.
sed -i '/^role = "outer"/,/^$/ { s/"198.51.100.2\/24", //; s/"198.51.100.1", // }' "$JG_RUN/gateway.toml"
start_gateway
sed -i 's/^endpoints = .*/endpoints = ["[2001:db8:1::2]:51820"]/' "$JG_RUN/client.toml"
ns client ip link set cell up
ns client ip -6 address replace 2001:db8:c::2/64 dev cell
ns client ip -6 route replace 2001:db8:1::/64 via 2001:db8:c::1 dev cell
start_client
wait_for 5 at cell '[2001:db8:c::2]'
wait_for 5 answers 10.9.0.2
begin_both
jump to dsl
wait_for 10 at dsl '[2001:db8:d::2]'
both_arrived "a jump within IPv6"
if jump to wifi >"$logs/to-wifi.txt" 2>&1; then fail "a jump to an uplink without IPv6 began"; fi
