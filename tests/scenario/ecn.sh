# ECN between real kernels, all sixteen combinations of what the sender marks inside and what a router makes of it outside, both
# ways and both families: the outer header leaves as a copy of the inner mark, and behind the tunnel comes what RFC 6040 says.
# tcpdump is the witness at both ends of the tunnel and in front of the router, which knows each packet by its length.
# limit: 60
source "$(dirname "$0")/lib_tunnel.sh"

# send NS INNER LENGTH TARGET: one packet of so many bytes; what becomes of it is the witnesses' matter.
send() {
  local headers=28
  [[ $4 != *:* ]] || headers=48
  ns "$1" ping -q -n -c 1 -W 1 -Q "$2" -s "$(($3 - headers))" "$4" >/dev/null &
  senders+=($!)
}

requests() { tcpdump -n -r "$logs/$1.pcap" 2>/dev/null | grep -c 'echo request'; }
# Of each end's own 32 all, of the other's all but the two that are dropped.
arrived() { (($(requests jump0) >= 62 && $(requests eth0) >= 62)); }

up
# A packet's length says what the router makes of its mark: 40 bytes more than inside, in steps of 32 by the outer mark.
marked() { ns net nft add rule ip marks forward "udp length { $((340 + 32 * $1))-$((364 + 32 * $1)), $((540 + 32 * $1))-$((564 + 32 * $1)), $((740 + 32 * $1))-$((764 + 32 * $1)), $((940 + 32 * $1))-$((964 + 32 * $1)) } ip ecn set $2"; }
ns net nft add table ip marks
ns net nft 'add chain ip marks forward { type filter hook forward priority 0; }'
marked 0 not-ect
marked 1 ect1
marked 2 ect0
marked 3 ce
captures=()
for witness in "client jump0" "server eth0" "net wifi" "net core"; do
  capture $witness
  captures+=("$started")
done
for outer in 0 1 2 3; do
  senders=()
  for inner in 0 1 2 3; do
    at=$((8 * (4 * outer + inner)))
    send client "$inner" $((300 + at)) 10.9.0.2
    send client "$inner" $((500 + at)) fd00:9::2
    send server "$inner" $((700 + at)) 10.8.0.2
    send server "$inner" $((900 + at)) fd00:8::2
  done
  for sender in "${senders[@]}"; do wait "$sender" || true; done
done
wait_for 10 arrived
for pid in "${captures[@]}"; do stop "$pid"; done
wait_for 5 counted inner_bad_ecn 2
(($(jump status --json | python3 -c "import json,sys; print(json.load(sys.stdin)['drops'].get('inner_bad_ecn', 0))") >= 2)) || fail "the client counts no mark that can not be"

python3 - "$logs" <<'PY' || fail "not as RFC 6040 says"
import sys
from scapy.all import IP, UDP, ICMP, ICMPv6EchoRequest, IPv6, rdpcap

OVERHEAD = 32  # of a DATA message
NAMES = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"]  # by their bits
DROP = None
BEHIND = {0: [0, 0, 0, DROP], 2: [2, 1, 2, 3], 1: [1, 1, 1, 3], 3: [3, 3, 3, 3]}  # inner mark: by the outer one


def inside(name):
    for packet in rdpcap(f"{sys.argv[1]}/{name}.pcap"):
        if ICMP in packet and packet[ICMP].type == 8:
            yield packet[IP].len, packet[IP].tos & 3
        elif ICMPv6EchoRequest in packet:
            yield packet[IPv6].plen + 40, packet[IPv6].tc & 3


def outside(name, port):
    for packet in rdpcap(f"{sys.argv[1]}/{name}.pcap"):
        if UDP in packet and getattr(packet[UDP], port) == 51820 and bytes(packet[UDP].payload)[0] == 0x84:
            yield len(packet[UDP].payload) - OVERHEAD, packet[IP].tos & 3


ways = {300: ("wifi", "dport", "eth0"), 500: ("wifi", "dport", "eth0"), 700: ("core", "sport", "jump0"), 900: ("core", "sport", "jump0")}
faults = 0
for base, (before, port, behind) in ways.items():
    sent, come = dict(outside(before, port)), dict(inside(behind))
    for outer in range(4):
        for inner in range(4):
            length = base + 8 * (4 * outer + inner)
            if sent.get(length) != inner or come.get(length) != BEHIND[inner][outer]:
                print(f"{length} bytes, {NAMES[inner]} inside: left as {sent.get(length)}, became {NAMES[outer]}, came as {come.get(length)}")
                faults += 1
sys.exit(faults != 0)
PY
