# What cannot become a session says so within a stated time, exits 1, and is counted by reason at the gateway.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
sed -i '/^\[client\]/a connect_timeout = "4s"' "$JG_RUN/client.toml"
refused() { # refused CONFIG PATTERN
  local status=0
  ns client "$build/src/app/jump/jump" up "$1" >"$logs/refused.log" 2>&1 || status=$?
  ((status == 1)) || fail "$1: exit status $status: $(cat "$logs/refused.log")"
  grep -qiE "$2" "$logs/refused.log" || fail "$1: does not say why: $(cat "$logs/refused.log")"
}

# No gateway at all.
refused "$JG_RUN/client.toml" 'no answer'

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
