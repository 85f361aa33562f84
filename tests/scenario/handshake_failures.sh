# What cannot become a session says so within a stated time, exits 1, and is counted by reason at the gateway.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
sed -i '/^\[client\]/a connect_timeout = "2s"' "$JG_RUN/client.toml"
refused() { # refused CONFIG PATTERN: exits with 1 at connect_timeout and says so
  local status=0 began=$(date +%s%N) took
  ns client "$build/src/app/jump/jump" up "$1" >"$logs/refused.log" 2>&1 || status=$?
  took=$((($(date +%s%N) - began) / 1000000))
  ((status == 1)) || fail "$1: exit status $status: $(cat "$logs/refused.log")"
  grep -qiE "$2" "$logs/refused.log" || fail "$1: does not say why: $(cat "$logs/refused.log")"
  ((took >= 1900 && took < 5000)) || fail "$1: gave up after $took ms"
}

# No gateway at all.
refused "$JG_RUN/client.toml" 'no answer'

# A gateway of another protocol version.
ns net ip address add 198.51.100.2/32 dev lo
start net other-version python3 -c '
import socket
gateway = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
gateway.bind(("198.51.100.2", 51820))
print("ready", flush=True)
while True:
    hello, client = gateway.recvfrom(2048)
    gateway.sendto(b"\x88" + bytes(7) + hello[8:16] + (2).to_bytes(2, "little") + bytes(6), client)'
wait_for 5 logged other-version ready
refused "$JG_RUN/client.toml" 'no protocol version of ours'
kill "$started"
ns net ip address delete 198.51.100.2/32 dev lo

start_gateway
# A gateway key that is not the gateway's: mac1 is wrong.
stranger=$("$build/src/app/jump/jump" genkey | "$build/src/app/jump/jump" pubkey)
sed "s|^public_key = .*|public_key = \"$stranger\"|" "$JG_RUN/client.toml" >"$JG_RUN/wrong-gateway.toml"
refused "$JG_RUN/wrong-gateway.toml" 'no answer'
counted hello_bad_mac1 1 || fail "the gateway did not count hello_bad_mac1"

# A client key that no peer has.
(umask 077 && "$build/src/app/jump/jump" genkey >"$JG_RUN/stranger.key")
sed "s|client.key|stranger.key|" "$JG_RUN/client.toml" >"$JG_RUN/unknown-peer.toml"
refused "$JG_RUN/unknown-peer.toml" 'no answer'
counted hello_unknown_peer 1 || fail "the gateway did not count hello_unknown_peer"

# A pre-shared key that the peer does not have: the gateway's answer does not verify, and its session is never bound.
(umask 077 && "$build/src/app/jump/jump" genkey >"$JG_RUN/client.psk")
sed "s|^public_key = .*|&\npreshared_key_file = \"$JG_RUN/client.psk\"|" "$JG_RUN/client.toml" >"$JG_RUN/wrong-psk.toml"
refused "$JG_RUN/wrong-psk.toml" 'did not verify: wrong pre-shared key'
wait_for 5 has_event "$gateway_events" 'e["event_type"] == "SessionCreated"'
has_event "$gateway_events" 'e.get("new") == "ATTACHED"' && fail "a session was bound: $(cat "$gateway_events")"

# With the keys right the same client gets in.
start_client
