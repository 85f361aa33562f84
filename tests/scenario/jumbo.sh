# Jumbo frames: both ports of the gateway, and what they are wired to, have an MTU of 9000 (net_af_packet). TCP comes
# through whole, a frame of 9,000 bytes from the inner side is cut or refused by the gateway, one to itself is answered.
# limit: 90
JG_DRIVER=af_packet
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
for end in "net core" "gw outer" "gw inner" "server eth0"; do
  read -r name interface <<<"$end"
  ns "$name" ip link set "$interface" mtu 9000
done
sed -i 's/^role = .*/&\nmtu = 9000/; s/^max_sessions = .*/&\nmbufs = 4096/' "$JG_RUN/gateway.toml"
start_server 8M
start_gateway
start_client
wait_for 5 answers 10.9.0.2
fetch || fail "the file did not come through whole, to the client"
serve_from_client
fetch_back || fail "the file did not come through whole, from the client"
ns server ping -n -c 1 -W 2 -M do -s 8972 10.9.0.1 >/dev/null || fail "the gateway does not answer a frame of 9,000 bytes"
ns server ping -n -c 1 -W 2 -M dont -s 8972 10.8.0.2 >/dev/null || fail "9,000 bytes that may be cut did not arrive in pieces"
said=$(ns server ping -n -c 1 -W 2 -M do -s 8972 10.8.0.2 2>&1) && fail "9,000 bytes that may not be cut arrived"
grep -qiE 'frag needed|too long' <<<"$said" || fail "the server was not told that 9,000 bytes do not fit: $said"
said=$(ns server ping -n -c 1 -W 2 -M do -s 8952 fd00:8::2 2>&1) && fail "9,000 bytes arrived, IPv6"
grep -qiE 'too big|too long' <<<"$said" || fail "the server was not told that 9,000 bytes do not fit, IPv6: $said"
cut() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters']['inner_cut'])"; }
(($(cut) >= 1)) || fail "nothing was cut"
