# The gateway is a router to real kernels on both sides: traceroute shows it, both ways and in both families; a path
# with a smaller MTU behind it is found by tracepath and by ping; ECN marks of the outer network reach the inner flow.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

up

# hops NS TARGET [OPTION...]: the addresses that a traceroute shows, on one line. The last is an ICMP error of the target's
# own: nobody listens on the ports asked for.
hops() { ns "$1" traceroute -n -q 1 -w 2 -m 4 "${@:3}" "$2" | awk 'NR > 1 { printf "%s ", $2 }'; }
[[ $(hops client 10.9.0.2) == "10.9.0.1 10.9.0.2 " ]] || fail "the gateway is not hop 1 of $(hops client 10.9.0.2)"
[[ $(hops client fd00:9::2 -6) == "fd00:9::1 fd00:9::2 " ]] || fail "IPv6: the gateway is not hop 1 of $(hops client fd00:9::2 -6)"
[[ $(hops server 10.8.0.2) == "10.9.0.1 10.8.0.2 " ]] || fail "back: the gateway is not hop 1 of $(hops server 10.8.0.2)"
[[ $(hops server fd00:8::2 -6) == "fd00:9::1 fd00:8::2 " ]] || fail "IPv6, back: the gateway is not hop 1 of $(hops server fd00:8::2 -6)"

# Hosts of the inner network that are not there: the gateway asks for them, then says so from its own inner address. Of six
# packets and more that come meanwhile, four wait.
not_there() { ns client ping -n -l 6 -c 6 -w 6 "$1" >"$logs/not-there-$2.log" 2>&1 || true; }
not_there 10.9.0.77 v4 &
asking=$!
not_there fd00:9::77 v6
wait "$asking"
grep -q 'From 10.9.0.1 .*Destination Host Unreachable' "$logs/not-there-v4.log" || fail "nobody is told that 10.9.0.77 is not there"
grep -q 'From fd00:9::1 .*Address unreachable' "$logs/not-there-v6.log" || fail "nobody is told that fd00:9::77 is not there"
jumpctl counters --json >"$logs/counters.json"
python3 - "$logs/counters.json" <<'EOT' || fail "counters: $(grep -oE '"(ctl.neigh|drop.neigh)[^,]*' "$logs/counters.json" | tr '\n' ' ')"
import json, sys
c = json.load(open(sys.argv[1]))["counters"]
lost = c["ctl.neighbour_frames_replaced"] + 2 * 4
sys.exit(not (c["ctl.neighbours_failed"] >= 2 and c["ctl.neighbour_frames_replaced"] >= 2 * 2 and
              c["drop.neighbour_unresolved"] >= lost and c["ctl.neighbour_requests"] >= 2 * 3 and
              c["ctl.neighbours_resolved"] > 0 and c["ctl.neighbour_answers"] > 0 and c["ctl.neighbours_refused"] == 0))
EOT

# The inner MTU of 1400: don't-fragment is told so, both families, from the client's kernel and by the gateway.
refused() { grep -qiE 'too long|frag needed|too big' <<<"$(ns "$1" ping -n -c 1 -W 2 -M do -s "$3" "$2" 2>&1)"; }
refused client 10.9.0.2 1400 || fail "a packet of 1428 bytes was not refused"
refused server 10.8.0.2 1460 || fail "the gateway did not say that 1488 bytes do not fit"
ns server ip route get 10.8.0.2 | grep -q 'mtu 14' || fail "the server's kernel did not believe the gateway's MTU"
refused server fd00:8::2 1440 || fail "the gateway did not say that 1488 bytes do not fit, IPv6"
ns server ping -n -c 1 -W 2 -M dont -s 1472 10.8.0.2 >/dev/null || fail "a packet that may be cut did not arrive in pieces"
ns client ping -n -c 1 -W 2 -M dont -s 4000 10.9.0.2 >/dev/null || fail "fragments were not forwarded"
ns client tracepath -n -m 3 10.9.0.2 >"$logs/tracepath.log"
grep -q 'pmtu 1400' "$logs/tracepath.log" || fail "tracepath does not find 1400"
ns server tracepath -n -m 3 10.8.0.2 >"$logs/tracepath-back.log"
grep -qE 'pmtu 14[0-4]0' "$logs/tracepath-back.log" || fail "tracepath from the server finds no MTU"

# Congestion marked outside, on the way to the client, is seen inside: by an ECT(0) ping, and by no other.
ns net nft -f - <<'EOT'
table ip marking {
  chain forward { type filter hook forward priority 0; ip saddr 198.51.100.2 ip ecn != not-ect ip ecn set ce; }
}
EOT
ns client nft -f - <<'EOT'
table ip seen {
  counter ce { }
  counter plain { }
  chain in { type filter hook input priority 0; iifname "jump0" ip ecn ce counter name ce; iifname "jump0" ip ecn not-ect counter name plain; }
}
EOT
seen() { ns client nft -j list counter ip seen "$1" | python3 -c "import json,sys; print([o['counter']['packets'] for o in json.load(sys.stdin)['nftables'] if 'counter' in o][0])"; }
ns server ping -n -c 3 -i 0.2 -Q 2 -W 2 10.8.0.2 >/dev/null || fail "marked pings are lost"
(($(seen ce) >= 3)) || fail "the outer mark did not become an inner one: $(seen ce)"
ns server ping -n -c 3 -i 0.2 -W 2 10.8.0.2 >/dev/null
(($(seen plain) >= 3 && $(seen ce) < 6)) || fail "packets without ECN were marked"
