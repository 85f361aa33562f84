# Behind NAT boxes that give each flow another port and let in only what answers it: two clients behind one box do not
# disturb each other; a mapping that ran out while idle, or went in mid-stream, costs a rebinding and no connection;
# strangers do not get in; and a client jumps between two boxes at which it has the same private address.
#
#   alice ─wifi─ 10.10.0.2 ── net (NAT, 198.51.100.1) ──core── gateway      (the rest is drawn in tools/demo/topology.sh)
#         └cafe─ 10.10.0.2 ── box (NAT, 192.0.2.2) ─── net
#   bob   ─dsl── 10.10.1.2 ── net (the same NAT)       net ──── stranger 203.0.113.9
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

# wire NS_A IF_A ADDRESS_A NS_B IF_B ADDRESS_B: a cable of two IPv4 addresses.
wire() {
  topology_wire "$1" "$2" "$4" "$5"
  ns "$1" ip address add "$3/24" dev "$2"
  ns "$4" ip address add "$6/24" dev "$5"
}
# nat NS INTERFACE: what leaves by it has its address and a port by chance; what comes by it and answers nobody is dropped.
nat() {
  ns "$1" nft -f - <<EOT
table ip nat
delete table ip nat
table ip nat {
  chain after { type nat hook postrouting priority srcnat; ip saddr 10.10.0.0/16 oifname "$2" masquerade fully-random; }
  chain in { type filter hook input priority filter; meta l4proto udp ct state new drop; }
}
EOT
}
forgotten() { ! ns net conntrack -L -p udp --orig-src 10.10.0.2 2>/dev/null | grep -q dport=51820; }
# session PEER FIELD: as the gateway has it.
session() { jumpctl session "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['$2'])"; }
endpoint() { session "$1" endpoint; }
# rebound TIMES FROM: so often the gateway has followed alice to another port, which is not the one before.
rebound() {
  (($(events "$gateway_events" "e['event_type'] == 'TransportSwitch' and e['session_id'] == '$id' and e['reason_code'] == 'transport_rebound'") >= $1)) &&
    [[ $(endpoint alice) != "$2" ]]
}

lay_out
make_ns bob box stranger
wire bob dsl 10.10.1.2 net bob 10.10.1.1
wire client cafe 10.10.0.2 box lan 10.10.0.1
wire box wan 192.0.2.2 net box 192.0.2.1
wire stranger eth0 203.0.113.9 net stranger 203.0.113.1
ns client ip route add 198.51.100.0/24 via 10.10.0.1 dev cafe metric 100
for name in "bob 10.10.1.1" "box 192.0.2.1" "stranger 203.0.113.1"; do ns "${name% *}" ip route add default via "${name#* }"; done
for name in net box; do ns "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0; done
ns net sysctl -qw net.ipv4.conf.stranger.rp_filter=0
nat net core
nat box wan
sed -i 's/"cell"/"cafe"/' "$JG_RUN/client.toml"
stage_bob
start_server 3M
start_gateway
start_client
start bob bob "$build/src/app/jump/jump" up "$JG_RUN/bob.toml"
wait_for 15 ns bob ping -c 1 -W 1 10.9.0.2
wait_for 5 answers
is_on wifi || fail "the session did not begin on wifi"
id=$(field session_id)
bob=$(session bob id)
[[ $(endpoint alice) == 198.51.100.1:* && $(endpoint bob) == 198.51.100.1:* && $(endpoint alice) != "$(endpoint bob)" ]] ||
  fail "not two clients behind one address: $(endpoint alice), $(endpoint bob)"

# Both fetch; alice's mapping goes in the middle of it.
before=$(endpoint alice)
bobs_before=$(endpoint bob) bobs_version=$(session bob state_version)
fetch --limit-rate 800k &
transfer=$!
ns bob curl -s --max-time 40 --limit-rate 800k -o "$JG_RUN/bob.bin" http://10.9.0.2:8000/file.bin &
bobs=$!
wait_for 5 test -s "$JG_RUN/fetched.bin"
wait_for 5 test -s "$JG_RUN/bob.bin"
ns net conntrack -D -p udp --orig-src 10.10.0.2 >/dev/null 2>&1
wait_for 5 rebound 1 "$before"
wait "$transfer" || fail "alice's transfer did not survive the new port"
wait "$bobs" && cmp "$JG_RUN/bob.bin" "$JG_RUN/www/file.bin" || fail "bob's transfer was disturbed"
[[ $(endpoint bob) == "$bobs_before" && $(session bob state_version) == "$bobs_version" ]] || fail "alice's new port moved bob"

# Strangers, with the port of alice's mapping: from another address, from the gateway's with another port; and in
# disguise, which no NAT can tell from the gateway and alice does.
ns client nft -f - <<'EOT'
table ip met {
  counter strange { }
  counter disguised { }
  chain in {
    type filter hook input priority 0; iifname != "wifi" accept; meta l4proto != udp accept; udp length != 65 accept
    ip saddr 198.51.100.2 udp sport 51820 counter name disguised accept
    counter name strange
  }
}
EOT
met() { ns client nft -j list counter ip met "$1" | python3 -c "import json,sys; print([o['counter']['packets'] for o in json.load(sys.stdin)['nftables'] if 'counter' in o][0])"; }
came() { (($(met "$1") >= $2)); }
version=$(session alice state_version)
now_at=$(endpoint alice)
ns stranger python3 - "${now_at#*:}" <<'EOT'
import os, socket, struct, sys
wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
to = socket.inet_aton("198.51.100.1")
for source, port in (("203.0.113.9", 51820), ("203.0.113.9", 40000), ("198.51.100.2", 51821), ("198.51.100.2", 51820)):
    for kind in (0x82, 0x84, 0x85, 0x8B, 0x8F):
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 85, 0, 0, 64, 17, 0, socket.inet_aton(source), to)
        wire.sendto(header + struct.pack("!HHHH", port, int(sys.argv[1]), 65, 0) + bytes([kind]) + os.urandom(56), ("198.51.100.1", 0))
EOT
wait_for 5 came disguised 5
(($(met strange) == 0)) || fail "the box let $(met strange) strangers in"
wait_for 5 answers
[[ $(session alice state_version) == "$version" && $(endpoint alice) == "$now_at" ]] || fail "garbage moved the session"

# Idle, until the box itself has forgotten. Nobody reaches alice then, until she speaks.
ns net sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_udp_timeout_stream=1
wait_for 20 forgotten
ns net sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30 net.netfilter.nf_conntrack_udp_timeout_stream=120
ns server ping -c 1 -W 1 10.8.0.2 >/dev/null && fail "alice was reached behind a mapping that is gone"
before=$(endpoint alice)
fetch || fail "the first transfer over the new mapping broke off"
wait_for 5 rebound 2 "$before"
wait_for 5 ns server ping -c 1 -W 1 10.8.0.2

# To the other box and back, with the same private address at both.
rm "$JG_RUN/fetched.bin"
fetch --limit-rate 800k &
transfer=$!
wait_for 5 test -s "$JG_RUN/fetched.bin"
jump to cafe
wait_for 10 is_on cafe
[[ $(endpoint alice) == 192.0.2.2:* ]] || fail "the session is at $(endpoint alice)"
ns client ip link set cafe down
wait_for 10 is_on wifi
wait "$transfer" || fail "the transfer did not survive the way there and back"
[[ $(endpoint alice) == 198.51.100.1:* ]] || fail "the session is at $(endpoint alice)"
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"
[[ $(session bob id) == "$bob" && $(endpoint bob) == 198.51.100.1:* ]] || fail "bob was disturbed"
