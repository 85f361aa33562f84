#!/usr/bin/env bash
# Makes the captures of this folder again: small conversations of real programs over two veth cables and a kernel
# router. Root; a few seconds. usage: make_captures.sh [FOLDER]
#
#   client 172.20.1.2, 2001:db8:1::2 ─── router ─── 172.20.2.2, 2001:db8:2::2 server
#
# The links carry 1,500 bytes, the hosts send segments of what fits 1,440: SYNs ask for more than data then brings.
set -euo pipefail
folder=${1:-$(dirname "$0")}
run=jgc$$
c=$run-client r=$run-router s=$run-server
children=()
cleanup() {
  ((${#children[@]})) && kill "${children[@]}" 2>/dev/null
  for name in "$c" "$r" "$s"; do ip netns delete "$name" 2>/dev/null; done
  rm -rf "$work"
}
work=$(mktemp -d)
trap cleanup EXIT
at() { ip netns exec "$@"; }

for name in "$c" "$r" "$s"; do ip netns add "$name"; at "$name" ip link set lo up; done
ip link add c0 netns "$c" type veth peer name r0 netns "$r"
ip link add s0 netns "$s" type veth peer name r1 netns "$r"
for end in "$c c0 172.20.1.2/24 2001:db8:1::2/64" "$r r0 172.20.1.1/24 2001:db8:1::1/64" "$r r1 172.20.2.1/24 2001:db8:2::1/64" "$s s0 172.20.2.2/24 2001:db8:2::2/64"; do
  read -r name link v4 v6 <<<"$end"
  at "$name" ethtool -K "$link" tx off gso off tso off gro off >/dev/null 2>&1
  at "$name" ip link set "$link" up
  at "$name" ip address add "$v4" dev "$link"
  at "$name" ip -6 address add "$v6" dev "$link" nodad
done
at "$r" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for host in "$c 172.20.1.1 2001:db8:1::1" "$s 172.20.2.1 2001:db8:2::1"; do
  read -r name via4 via6 <<<"$host"
  at "$name" ip route add default via "$via4" mtu lock 1440 advmss 1460
  at "$name" ip -6 route add default via "$via6" mtu lock 1440 advmss 1440
  at "$name" sysctl -qw net.ipv4.tcp_ecn=1
done
server4=172.20.2.2 server6=2001:db8:2::2
wait_for() { for _ in {1..50}; do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; return 1; }
wait_for at "$c" ping -c 1 -W 1 "$server4"
wait_for at "$c" ping -c 1 -W 1 "$server6"

# capture NAME COMMAND...: what COMMAND says on the client's link, without neighbours' talk.
capture() {
  local name=$1 tcpdump
  shift
  at "$c" tcpdump --immediate-mode -Z root -i c0 -U -w "$work/$name.pcap" 'not arp and not (icmp6 and ip6[40] >= 130 and ip6[40] < 138)' 2>"$work/log" &
  tcpdump=$!
  wait_for grep -q listening "$work/log"
  at "$c" "$@" >/dev/null 2>&1 || true
  sleep 0.5
  kill "$tcpdump"
  wait "$tcpdump" || true
  cp "$work/$name.pcap" "$folder/$name.pcap"
}

head -c 6000 /dev/zero | tr '\0' x >"$work/page"
at "$s" python3 -m http.server --bind :: --directory "$work" 80 >/dev/null 2>&1 & children+=($!)
# What a shell over TCP, a name server and a QUIC endpoint look like from outside: small answers to small questions,
# and datagrams of 1,200 bytes.
cat >"$work/services.py" <<'PY'
import socket, threading
def shell():
    listener = socket.create_server(("::", 22), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        peer, _ = listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(b"SSH-2.0-echo\r\n")
        while data := peer.recv(4096):
            peer.sendall(data)
        peer.close()
def echo(port, answer):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", port))
    while True:
        data, peer = s.recvfrom(4096)
        for reply in answer(data):
            s.sendto(reply, peer)
threading.Thread(target=echo, args=(53, lambda q: [q[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + q[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xcb\0\x71\7"]), daemon=True).start()
threading.Thread(target=echo, args=(443, lambda q: [q[::-1], q[:40]] if len(q) >= 1200 else [q[:30]]), daemon=True).start()
shell()
PY
at "$s" python3 "$work/services.py" & children+=($!)
wait_for at "$c" curl -sf "http://$server4/page" -o /dev/null
wait_for at "$s" bash -c 'ss -Hlnt "sport = 22" | grep -q .'

talk='
import socket, sys
kind, host = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
if kind == "shell":
    s = socket.create_connection((host, 22)); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1); s.recv(99)
    for key in b"ls -l\n": s.sendall(bytes([key])); s.recv(99)
    s.close()
elif kind == "dns":
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(1)
    s.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1", (host, 53)); s.recv(4096)
elif kind == "quic":
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(1)
    s.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_TCLASS) if family == socket.AF_INET6 else (socket.IPPROTO_IP, socket.IP_TOS)), 0xba)
    for size in (1200, 1200, 60): s.sendto(bytes(i % 256 for i in range(size)), (host, 443)); s.recv(4096)
elif kind == "fragments":
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(1)
    s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: never
    s.sendto(bytes(i % 251 for i in range(3000)), (host, 443)); s.recv(4096)
elif kind == "extensions":
    from scapy.all import IPv6, IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrRouting, ICMPv6EchoRequest, UDP, Raw, send, fragment6, PadN, Pad1
    ping = ICMPv6EchoRequest(id=7, data=b"x" * 32)
    for headers in (IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(2))]), IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(10))]), IPv6ExtHdrFragment(id=1),
                    IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(addresses=[], segleft=0) / IPv6ExtHdrDestOpt()):
        send(IPv6(dst=host) / headers / ping, verbose=False)
    for piece in fragment6(IPv6(dst=host) / IPv6ExtHdrFragment(id=9) / ICMPv6EchoRequest(id=8, data=b"y" * 2500), 1280):
        send(piece, verbose=False)
elif kind == "options":
    from scapy.all import IP, ICMP, IPOption, IPOption_RR, send
    for options in ([IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"])], [IPOption(b"\x94\x04\0\0")], [IPOption(b"\1"), IPOption(b"\x44\x0c\x05\0" + bytes(8))]):
        send(IP(dst=host, options=options) / ICMP(id=9) / (b"z" * 24), verbose=False)
'
for family in 4 6; do
  host=server$family
  capture "web-v$family" curl -s "http://$([[ $family == 6 ]] && echo "[${!host}]" || echo "${!host}")/page" -o /dev/null
  capture "shell-v$family" /usr/bin/python3 -c "$talk" shell "${!host}"
  capture "dns-v$family" /usr/bin/python3 -c "$talk" dns "${!host}"
  capture "quic-v$family" /usr/bin/python3 -c "$talk" quic "${!host}"
  capture "ping-v$family" ping -n -c 2 -i 0.2 -Q 0x28 "${!host}"
  capture "traceroute-v$family" traceroute -"$family" -n -q 1 -m 3 -w 1 "${!host}"
done
capture fragments-v4 /usr/bin/python3 -c "$talk" fragments "$server4"
capture options-v4 /usr/bin/python3 -c "$talk" options "$server4"
capture extensions-v6 /usr/bin/python3 -c "$talk" extensions "$server6"
