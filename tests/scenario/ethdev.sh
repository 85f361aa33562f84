# A real port over veth: frames go out and come back through net_af_xdp and net_af_packet, the link's state follows the
# cable, a second process is refused, and so is the interface that is the host's own way in.
#
#   host                 port
#   +-------+            +------------------------------+
#   |     H o------------o P   port_reflector (DPDK)    |
#   +-------+            +------------------------------+
source "$(dirname "$0")/lib.sh"
reflector=$build/tests/unit/ethdev/port_reflector
[[ -x $reflector ]] || skip "port_reflector is not built"

make_ns host port
make_veth host H port P
no_stack host H
no_stack port P

# exchange COUNT: sends numbered frames of every size from 60 to 1514 in turn, one at a time; each must come back whole.
exchange() {
  in_ns host python3 - "$1" <<'PY'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
s.bind(("H", 0x88b5))
s.settimeout(2)
us, them = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
for n in range(int(sys.argv[1])):
    frame = them + us + b"\x88\xb5" + n.to_bytes(4, "big") + bytes(42 + n * 7 % 1455)
    s.send(frame)
    while True:
        back, address = s.recvfrom(2048)
        if address[2] != socket.PACKET_OUTGOING:
            break
    assert back == us + them + frame[12:], f"frame {n} came back changed"
PY
}

for driver in af_xdp af_packet; do
  start port "$driver" "$reflector" "$driver" P
  pid=$started
  wait_for 20 logged "$driver" '^ready'
  exchange 300 || fail "$driver lost or changed a frame"

  if in_ns port "$reflector" "$driver" P >"$logs/second-$driver.txt" 2>&1; then fail "a second process took the port"; fi
  grep -q 'used by another jumpgate process' "$logs/second-$driver.txt" || fail "the second process was not told why"

  ip -n "$prefix-host" link set dev H down
  wait_for 5 logged "$driver" '^link down'
  ip -n "$prefix-host" link set dev H up
  wait_for 5 logged "$driver" '^link up'
  wait_for 5 exchange 1
  stop "$pid"
  logged "$driver" '^rx 30[1-9]' || fail "$driver did not count its frames"
done

ip -n "$prefix-port" address add 192.0.2.1/24 dev P
ip -n "$prefix-port" route add default via 192.0.2.2
if in_ns port timeout 20 "$reflector" af_xdp P >"$logs/default-route.txt" 2>&1; then fail "the default route's interface was taken"; fi
grep -q "carries this host's IPv4 default route" "$logs/default-route.txt" || fail "no reason was given"
start port forced "$reflector" af_xdp P force
wait_for 20 logged forced '^ready'
stop "$started"

# spared PATTERN: P is not taken, and why.
spared() {
  if in_ns port timeout 20 "$reflector" af_xdp P >"$logs/spared.txt" 2>&1; then fail "taken, although: $1"; fi
  grep -q "$1" "$logs/spared.txt" || fail "'$1' is not the reason: $(cat "$logs/spared.txt")"
}
in_ns port ip address flush dev P
in_ns port sysctl -qw net.ipv6.conf.P.disable_ipv6=0
in_ns port ip route add default via fe80::2 dev P
spared "P carries this host's IPv6 default route"
in_ns port ip -6 route flush default

# The bridge has the route, and P is what it stands on.
in_ns port ip link add bridge0 type bridge
in_ns port ip link set P master bridge0
in_ns port ip link set bridge0 up
in_ns port ip address add 192.0.2.1/24 dev bridge0
in_ns port ip route add default via 192.0.2.2
spared "bridge0 stands on P and carries this host's IPv4 default route"
in_ns port ip link delete bridge0

# An established connection to port 22 of its address, and no default route.
in_ns port ip address add 192.0.2.1/24 dev P
in_ns host ip address add 192.0.2.2/24 dev H
for end in "port P" "host H"; do
  set -- $end
  ip -n "$prefix-$1" link set dev "$2" arp on
  in_ns "$1" ethtool -K "$2" tx off >/dev/null
done
# ssh_from PORT NAME: a connection from H to that port of P, to a program of that name.
ssh_from() {
  start port "sshd-$1" python3 -c '
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, sys.argv[2].encode())  # PR_SET_NAME
s = socket.create_server(("192.0.2.1", int(sys.argv[1])))
c, _ = s.accept()
print("ssh", flush=True)
c.recv(1)' "$1" "$2"
  start host "ssh-$1" python3 -c '
import socket, sys, time
while True:
    try:
        socket.create_connection(("192.0.2.1", int(sys.argv[1])), 1).recv(1)
        break
    except OSError:
        time.sleep(0.05)' "$1"
  wait_for 5 logged "sshd-$1" '^ssh'
}
# Whatever its port, by the name of who holds it.
ssh_from 2222 sshd
spared "P carries an SSH connection"
kill -TERM "$started"
closed() { ! in_ns port ss -tn state established | grep -q 192.0.2.1; }
wait_for 5 closed
ssh_from 22 other
spared "P carries an SSH connection"
