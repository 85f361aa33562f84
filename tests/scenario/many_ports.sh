# One gateway with two outer and two inner ports: a client on each outer side, a host behind each inner one, a network
# behind a next hop on either side. A client jumps from one outer port to the other with a download under way.
#
#   alice ─wifi── net ──core── outer   gateway   inner ── server   10.9.0.2, fd00:9::2
#         └cell── net ──core2─ outer2  (drawn    inner2 ─ server2  10.19.0.2, fd00:19::2; behind it 10.29.0.1
#   bob   ─dsl─── net ──┘              in tools/demo/topology.sh, with these besides)
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
make_ns server2
lay_out_bob
topology_wire net core2 gw outer2
topology_wire gw inner2 server2 eth0
ns net ip -6 address add 2001:db8:2::1/64 dev core2
ns client ip -6 route add 2001:db8:2::/64 via 2001:db8:c::1 dev cell
ns server2 ip address add 10.19.0.2/24 dev eth0
ns server2 ip -6 address add fd00:19::2/64 dev eth0
ns server2 ip address add 10.29.0.1/32 dev lo
ns server2 ip route add default via 10.19.0.1
ns server2 ip -6 route add default via fd00:19::1

sed -i '/2001:db8:1::/d' "$JG_RUN/gateway.toml" # outer: IPv4 alone
sed -i '/^role = "outer"/,/^$/ s/^interface = "outer"$/&\naddresses = ["198.51.100.2\/24"]\ngateways = ["198.51.100.1"]/' "$JG_RUN/gateway.toml"
cat >>"$JG_RUN/gateway.toml" <<EOT
[[port]]
name = "outer2"
role = "outer"
driver = "af_xdp"
interface = "outer2"
addresses = ["2001:db8:2::2/64"]

[[port]]
name = "inner2"
role = "inner"
driver = "af_xdp"
interface = "inner2"
addresses = ["10.19.0.1/24", "fd00:19::1/64"]

[[route]]
prefix = "2001:db8::/32"
port = "outer2"
via = "2001:db8:2::1"

[[route]]
prefix = "10.29.0.0/24"
port = "inner2"
via = "10.19.0.2"
EOT
sed -i 's/2001:db8:1::2/2001:db8:2::2/; s#^allowed_ips = .*#allowed_ips = ["10.0.0.0/8", "fd00::/16"]#' "$JG_RUN/client.toml"
stage_bob

start_server 16M
start_gateway
start_client
start bob bob "$build/src/app/jump/jump" up "$JG_RUN/bob.toml"
reached() { ns "$1" ping -n -c 1 -W 1 "$2"; }
everything() { # every host from both clients, and back, and the clients from each other
  local from to
  for from in client bob; do
    for to in 10.9.0.2 fd00:9::2 10.19.0.2 fd00:19::2 10.29.0.1; do wait_for 5 reached "$from" "$to"; done
  done
  for from in server server2; do
    for to in 10.8.0.2 fd00:8::2 10.8.0.3 fd00:8::3; do wait_for 5 reached "$from" "$to"; done
  done
  wait_for 5 reached client 10.8.0.3
  wait_for 5 reached bob fd00:8::2
}
wait_for 15 reached bob 10.9.0.2
is_on wifi || fail "alice does not begin on wifi: $(jump status)"
everything

# What belongs behind one inner port is not taken from another.
ns server ip address add 10.19.0.77/32 dev lo
ns server ping -n -c 1 -W 1 -I 10.19.0.77 10.8.0.2 >/dev/null && fail "a source of the other inner port was taken"
wait_for 5 counted inner_bad_source 1

# The jump, from IPv4 on one port to IPv6 on the other.
ns client curl -s --max-time 40 --limit-rate 4M -o "$JG_RUN/fetched.bin" http://10.9.0.2:8000/file.bin &
transfer=$!
wait_for 5 test -s "$JG_RUN/fetched.bin"
jump to cell >/dev/null || fail "the client will not go to cell: $(jump status)"
wait_for 10 is_on cell
sent() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters']['port.$1.tx_bytes'])"; }
over=$(sent outer)
wait "$transfer" || fail "the transfer broke off"
cmp "$JG_RUN/fetched.bin" "$JG_RUN/www/file.bin" || fail "the file did not come through whole"
(($(sent outer2) > 4000000)) || fail "the rest of the file did not leave by the other port: $(sent outer2)"
(($(sent outer) < over + 500000)) || fail "after the jump the file still left by the first port: $over, then $(sent outer)"
everything
