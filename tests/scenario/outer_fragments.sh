# A path of 700 bytes whose router cuts what is larger, DF or not: without reassembly large packets of the client are lost,
# with it they arrive, in both directions and whole. Strangers' fragments take no place of the client's.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
# The router takes DF away before it looks at its links (RFC 791 forbids it; some do).
ns net nft -f - <<'EOT'
table ip careless {
  chain before { type filter hook prerouting priority mangle; udp sport 51820 ip frag-off set 0; udp dport 51820 ip frag-off set 0; }
}
EOT
ns net ip route add 198.51.100.2/32 dev core mtu lock 700
ns net ip route add 10.10.0.2/32 dev wifi mtu lock 700
ns client ip link set cell down
start_gateway
start_client
wait_for 5 answers 10.9.0.2
large() { ns client ping -n -c 1 -W 1 -s 1000 10.9.0.2; }
large >/dev/null && fail "a packet in pieces arrived, though nobody put it together"
wait_for 5 counted ip_fragment 2
stop "$gateway"

sed -i 's/^listen_port = 51820$/&\nouter_reassembly = true/' "$JG_RUN/gateway.toml"
"$build/src/app/jumpgated/jumpgated" --check --config "$JG_RUN/gateway.toml" | grep -q 'outer fragments' || fail "the footprint has no line for it"
start_gateway
wait_for 20 answers 10.9.0.2
wait_for 5 large
reassembled() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters'].get('reassembled', 0))"; }
(($(reassembled) > 0)) || fail "no datagram was put together"

# TCP with a checksum, both ways: each end serves a file to the other.
start_server 2M
fetch || fail "the file did not come through whole, to the client"
serve_from_client
before=$(reassembled)
fetch_back || fail "the file did not come through whole, from the client"
(($(reassembled) > before + 500)) || fail "the file from the client did not come in pieces"

# A stranger's halves, hundreds from one address, again and again: the client goes on.
ns net ping -c 1 -W 2 198.51.100.2 >/dev/null || fail "the gateway does not answer its router"
mac=$(ns net ip neigh show 198.51.100.2 dev core | sed -n 's/.*lladdr \([^ ]*\).*/\1/p')
ns net python3 - "$mac" >"$logs/stranger.log" 2>&1 <<'EOT' &
import os, sys
from scapy.all import IP, UDP, Ether, IPv6, IPv6ExtHdrFragment, Raw, get_if_hwaddr, sendp

ether = Ether(src=get_if_hwaddr("core"), dst=sys.argv[1])
halves = [ether / IP(src="203.0.113.7", dst="198.51.100.2", id=n, flags="MF") / UDP(sport=1, dport=51820, len=1400) / Raw(os.urandom(504)) for n in range(300)]
halves += [ether / IP(src="203.0.113.8", dst="198.51.100.2", id=1, flags=more, frag=n, proto=17) / Raw(os.urandom(512)) for n, more in ((0, "MF"), (32, "MF"), (96, 0))]
halves += [ether / IP(src="203.0.113.9", dst="198.51.100.2", id=1, flags="MF", proto=17) / Raw(os.urandom(8))]
halves += [ether / IPv6(src="2001:db8:99::9", dst="2001:db8:1::2") / IPv6ExtHdrFragment(id=n, m=1, nh=17) / Raw(os.urandom(512)) for n in range(300)]
# At a rate that fills the places of a source many times over, and not the port's receive ring.
sendp(halves, iface="core", verbose=False, count=10, inter=0.0005)
EOT
pids+=($!)
wait_for 20 counted ip_fragment_limit 100
for _ in 1 2 3 4 5; do large >/dev/null || fail "a stranger's fragments stood in the client's way"; done
wait_for 10 counted ip_fragment_timeout 50
wait_for 5 counted ip_fragment_bad 1
wait_for 5 counted ip_fragment_conflict 2
[[ $(field state) == ATTACHED ]] || fail "the session was harmed"
