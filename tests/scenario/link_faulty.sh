# A faulty link gives the delay and the loss that it was told, and TCP passes.
#
#   left                    wire                      right
#   +----------+     +------------------+     +----------+
#   |  10.9.0.1 L====l   link_faulty    r====R 10.9.0.2  |
#   +----------+     | 20 ms each way   |     +----------+
#                    +------------------+
source "$(dirname "$0")/lib.sh"

make_ns left wire right
make_veth left L wire l
make_veth right R wire r
faulty_link wire l r --delay 20
link=$started
add_address left L 10.9.0.1/24
add_address right R 10.9.0.2/24
wait_for 5 in_ns left ping -c 1 -W 1 10.9.0.2

rtts=$(in_ns left ping -c 20 -i 0.05 10.9.0.2 | sed -n 's/.*time=\([0-9.]*\) ms/\1/p')
echo "$rtts" | awk '
  $1 < 40 { early++ }
  NR == 1 || $1 < least { least = $1 }
  END { print NR " answers, " early + 0 " before 40 ms, the least after " least; exit NR != 20 || early || least > 50 }' || fail "round trips: $rtts"

start right server python3 -c 'import socket
s = socket.create_server(("10.9.0.2", 80)); c, _ = s.accept(); n = 0
while d := c.recv(65536): n += len(d)
print("bytes", n, flush=True)'
wait_for 5 in_ns left python3 -c 'import socket
c = socket.create_connection(("10.9.0.2", 80), 2); c.sendall(bytes(300000))'
wait_for 5 logged server 'bytes 300000'

faulty_set l --loss 1
if in_ns left ping -c 5 -i 0.05 -W 1 10.9.0.2; then fail "answers came through a dead link"; fi
faulty_set l --loss 0
wait_for 5 in_ns left ping -c 1 -W 1 10.9.0.2

stop "$link"
logged "link-l" '"lost":[1-9]' || fail "the link did not count its losses"
