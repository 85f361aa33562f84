# What the gateway does to packets of two clients with nested networks, between real kernels: the longest prefix has the
# packet, and its owner alone may send from it; traffic between clients that is forbidden is refused by name; the outer
# DSCP is copied, fixed or zero and the inner one stays; SYNs and SYN-ACKs of both families and ways leave the tunnel with an
# MSS that fits it. tcpdump is the witness. alice is behind wifi (IPv4), bob behind dsl (IPv6).
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

start_bob() {
  start bob bob "$build/src/app/jump/jump" up "$JG_RUN/bob.toml"
  bob=$started
  wait_for 15 ns bob ping -c 1 -W 1 10.9.0.2
}
# from NS SOURCE: does the server answer a ping from there?
from() { ns "$1" ping -n -c 1 -W 1 -I "$2" "$3"; }

lay_out
lay_out_bob
stage_bob
sed -i 's#^addresses = \["10.8.0.2/32".*#&\nallowed_ips = ["10.50.0.0/16", "fd00:50::/32"]#; s#^addresses = \["10.8.0.3/32".*#&\nallowed_ips = ["10.50.7.0/24", "fd00:50:7::/48"]#' "$JG_RUN/gateway.toml"
sed -i 's#^allowed_ips = .*#allowed_ips = ["10.9.0.0/24", "fd00:9::/64", "10.8.0.0/24", "fd00:8::/64"]#' "$JG_RUN/client.toml" "$JG_RUN/bob.toml"
sed -i 's/^allowed_ips = .*/&\ndscp = "0"/' "$JG_RUN/bob.toml"
# Each has addresses of both networks.
for name in client bob; do
  for address in 10.50.1.1 10.50.7.1 fd00:50:1::1 fd00:50:7::1; do ns "$name" ip address add "$address" dev lo; done
done
start_server
serve server web6 fd00:9::2 8000
start_gateway
start_client
start_bob

# Who answers: each client has all four addresses, and counts the pings that come to it.
for name in client bob; do
  ns "$name" nft -f - <<'EOT'
table inet met {
  counter four { }
  counter six { }
  chain in { type filter hook input priority 0; iifname "jump0" icmp type echo-request counter name four; iifname "jump0" icmpv6 type echo-request counter name six; }
}
EOT
done
met() { ns "$1" nft -j list counter inet met "$2" | python3 -c "import json,sys; print([o['counter']['packets'] for o in json.load(sys.stdin)['nftables'] if 'counter' in o][0])"; }
for target in 10.50.1.1 fd00:50:1::1 10.50.7.1 fd00:50:7::1 10.50.7.1 fd00:50:7::1; do ns server ping -n -c 1 -W 2 "$target" >/dev/null || fail "$target does not answer"; done
[[ "$(met client four) $(met client six) $(met bob four) $(met bob six)" == "1 1 2 2" ]] || fail "alice has $(met client four) and $(met client six) pings, bob $(met bob four) and $(met bob six)"
for address in 10.50.1.1/10.50.7.1/10.9.0.2 fd00:50:1::1/fd00:50:7::1/fd00:9::2; do
  IFS=/ read -r alices bobs server <<<"$address"
  from client "$alices" "$server" >/dev/null || fail "alice may not speak from $alices"
  from bob "$bobs" "$server" >/dev/null || fail "bob may not speak from $bobs"
  ! from client "$bobs" "$server" >/dev/null || fail "alice speaks from $bobs"
  ! from bob "$alices" "$server" >/dev/null || fail "bob speaks from $alices"
done
wait_for 5 counted inner_bad_source 4

# between NS TARGET: what a ping to the other client hears.
between() { ns "$1" ping -n -c 1 -W 2 "$2" 2>&1 || true; }
[[ $(between client 10.8.0.3) == *"1 received"* && $(between bob fd00:8::2) == *"1 received"* ]] || fail "the clients do not reach each other"

# classes INTERFACE WORD: the traffic classes of large DATA messages that the capture has from and to the gateway.
classes() {
  python3 - "$logs/$1.pcap" <<'PY'
import sys
from scapy.all import IP, UDP, IPv6, rdpcap
seen = {"to": set(), "from": set()}
for packet in rdpcap(sys.argv[1]):
    if UDP in packet and len(packet[UDP].payload) > 800 and bytes(packet[UDP].payload)[0] == 0x84:
        way = "from" if packet[UDP].sport == 51820 else "to"
        seen[way].add(packet[IP].tos if IP in packet else packet[IPv6].tc)
print(*(f"{way} {' '.join(map(hex, sorted(found)))}" for way, found in seen.items()))
PY
}
# marked: each client pings with DSCP 10 inside, and gets its answers marked as they were.
marked() {
  capture net wifi udp
  wifi=$started
  capture net bob udp
  dsl=$started
  local name
  for name in client bob; do
    ns "$name" ping -n -c 3 -i 0.1 -W 2 -s 800 -Q 0x28 10.9.0.2 >/dev/null || fail "marked pings of $name are lost"
  done
  stop "$wifi"
  stop "$dsl"
}
# Behind the tunnel the inner class is as it was.
ns server nft add table ip classes
ns server nft 'add chain ip classes in { type filter hook input priority 0; meta length 828 icmp type echo-request ip dscp != 10 drop; }'
ns client nft add table ip classes
ns client nft 'add chain ip classes in { type filter hook input priority 0; meta length 828 icmp type echo-reply ip dscp != 10 drop; }'
marked
[[ $(classes wifi) == "to 0x28 from 0x28" ]] || fail "copies: $(classes wifi)"
[[ $(classes bob) == "to 0x0 from 0x28" ]] || fail "zero and copy: $(classes bob)"

# The gateway again, with another mind.
stop "$client"
stop "$bob"
stop "$gateway"
printf '\n[inner]\ndscp = "46"\nclient_to_client = false\n' >>"$JG_RUN/gateway.toml"
start_gateway
start_client
start_bob
marked
[[ $(classes wifi) == "to 0x28 from 0xb8" ]] || fail "fixed: $(classes wifi)"
[[ $(classes bob) == "to 0x0 from 0xb8" ]] || fail "zero and fixed: $(classes bob)"
[[ $(between client 10.8.0.3) == *"Packet filtered"* ]] || fail "alice is not told that she may not reach bob: $(between client 10.8.0.3)"
[[ $(between bob fd00:8::2) == *"prohibited"* ]] || fail "bob is not told that he may not reach alice: $(between bob fd00:8::2)"
wait_for 5 counted hairpin_denied 2

# The MSS. Hosts name what their own links carry; the client's is made to boast.
serve client web-client 10.8.0.2 8001
serve client web-client6 fd00:8::2 8001
ns client ip route change 10.9.0.0/24 dev jump0 advmss 1460
ns client ip -6 route change fd00:9::/64 dev jump0 advmss 1440
wait_for 10 client_found 1500
wait_for 10 gateway_found 1500
capture client jump0 tcp
tunnel=$started
capture server eth0 tcp
lan=$started
for target in "client http://10.9.0.2:8000/" "client http://[fd00:9::2]:8000/" "server http://10.8.0.2:8001/" "server http://[fd00:8::2]:8001/"; do
  ns "${target% *}" curl -s -g -m 5 -o /dev/null "${target#* }" || fail "no answer of ${target#* }"
done
stop "$tunnel"
stop "$lan"
python3 - "$logs/jump0.pcap" "$logs/eth0.pcap" <<'PY' || fail "the MSS is not lowered to 1360 and 1340 on the other side of the tunnel, or before"
import sys
from scapy.all import IP, TCP, IPv6, rdpcap
for path, side in zip(sys.argv[1:], ({"10.8.0.2", "fd00:8::2"}, {"10.9.0.2", "fd00:9::2"})):
    seen = {}
    for packet in rdpcap(path):
        if TCP in packet and packet[TCP].flags & 2:
            source = packet[IP if IP in packet else IPv6].src
            seen[IPv6 in packet, source in side, str(packet[TCP].flags)] = dict(packet[TCP].options)["MSS"]
    print(path, seen)
    for flags in ("S", "SA"):
        assert [seen[six, own, flags] for six in (False, True) for own in (True, False)] == [1460, 1360, 1440, 1340]
PY
