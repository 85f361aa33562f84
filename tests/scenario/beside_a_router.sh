# The gateway beside a kernel router: the same packets through each, what the hosts behind see and what they are told
# must be the same, IPv4 and IPv6. (A kernel forwards to 0/8, 169.254/16 and class E, which RFC 1812 section 5.3.7, RFC 3927
# section 7 and the gateway do not, answers TCP and unknown protocols to itself, and tells of redirects against RFC 4443
# section 2.4 (e.2): no packet asks that.) The gateway is between server and client of the demo's topology, the router between
# the same server and a host of its own:
#
#   client ══ tunnel ══ gateway ─── eth0 server eth1 ─── r0 router r1 ─── eth0 plain
#   10.8.0.2           10.9.0.1   10.9.0.2   10.7.0.2   10.7.0.1         10.6.0.2
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
for name in router plain; do make_ns "$name"; done
topology_wire server eth1 router r0
topology_wire router r1 plain eth0
# No mask rather than no limit: a limit of zero takes from the bucket that errors of missing routes need.
ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0
ns router ip link set r1 mtu 1440
for name in client plain; do ns "$name" sysctl -qw net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0; done
for end in "server eth1 10.7.0.2/24 fd00:7::2/64" "router r0 10.7.0.1/24 fd00:7::1/64" "router r1 10.6.0.1/24 fd00:6::1/64" "plain eth0 10.6.0.2/24 fd00:6::2/64"; do
  read -r name interface v4 v6 <<<"$end"
  ns "$name" ip address add "$v4" dev "$interface"
  ns "$name" ip -6 address add "$v6" dev "$interface" nodad
done
ns server ip route add 10.6.0.0/24 via 10.7.0.1
ns server ip -6 route add fd00:6::/64 via fd00:7::1
# The client sends 1,400 bytes into its tunnel at most.
ns plain ip route add default via 10.6.0.1 mtu lock 1400
ns plain ip -6 route add default via fd00:6::1 mtu lock 1400
start_gateway
start_client
wait_for 5 answers 10.9.0.2
wait_for 5 ns server ping -n -c 1 -W 1 fd00:8::2
wait_for 5 ns server ping -n -c 1 -W 1 fd00:6::2
# The path that carries 1500 is found: the tunnel's MTU is 1440 then, as the router's.
mtu_found() { [[ $(jumpctl session alice --json | python3 -c "import json,sys; print(json.load(sys.stdin)['path_mtu'])") == 1500 && $(field path_mtu) == 1500 ]]; }
wait_for 15 mtu_found

compare() { ns server python3 "$root/tests/scenario/beside_a_router.py" "$@"; }
compare eth0 10.9.0.2 10.9.0.1 10.8.0.2 fd00:9::2 fd00:9::1 fd00:8::2 >"$logs/gateway.txt" 2>"$logs/gateway.log" &
through_gateway=$!
compare eth1 10.7.0.2 10.7.0.1 10.6.0.2 fd00:7::2 fd00:7::1 fd00:6::2 >"$logs/router.txt" 2>"$logs/router.log" || fail "through the router: $(tail -n 3 "$logs/router.log")"
wait "$through_gateway" || fail "through the gateway: $(tail -n 3 "$logs/gateway.log")"
(($(wc -l <"$logs/router.txt") > 100)) || fail "too little was compared: $(cat "$logs/router.txt")"
diff "$logs/router.txt" "$logs/gateway.txt" >"$logs/difference.txt" || fail "a router does otherwise (<) than the gateway (>): $(cat "$logs/difference.txt")"
