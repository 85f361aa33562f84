# jumpgen plays clients and the server behind the gateway, over two cables: sessions open, traffic flows both ways
# without loss, sessions jump without loss, and all of them say goodbye. Bad arguments are refused.
# limit: 60
#
#   gen                                     gw
#   +-----------------------+               +-------------------+
#   | clients 198.18.0.0/15 |               |                   |
#   |   behind 192.0.2.1  W o---------------o wan  192.0.2.10   |
#   | server 10.9.0.2     L o---------------o lan  10.9.0.1     |
#   +-----------------------+               +-------------------+
source "$(dirname "$0")/lib.sh"
jumpgen=$build/tools/jumpgen/jumpgen
[[ -x $jumpgen && -x $build/src/app/jumpgated/jumpgated ]] || fail "jumpgen and the gateway are not built in $build"

# ---- What it refuses, before it touches anything
refused() { # refused WORD ARGUMENT...: exit status 2 and a message with the word
  local word=$1 status=0
  shift
  "$jumpgen" "$@" >"$logs/refused.log" 2>&1 || status=$?
  ((status == 2)) || fail "jumpgen $*: status $status, expected 2"
  grep -q -- "$word" "$logs/refused.log" || fail "jumpgen $*: no '$word' in: $(cat "$logs/refused.log")"
}
refused subcommand
refused count peers
refused "too small" peers --count 1000 --inner-net 10.0.0.0/24
refused IPv4 peers --count 1 --outer-net 2001:db8::/64
sides=(--gateway 192.0.2.10:51820 --gateway-key "$(head -c 32 /dev/zero | base64)" --outer-port af_packet:W
  --outer-address 192.0.2.1 --inner-port af_packet:L --inner-address 10.9.0.2 --inner-gateway 10.9.0.1)
refused size run --count 1 "${sides[@]}" --size 55
refused driver run --count 1 "${sides[@]/af_packet:W/ethernet:W}"
refused direction run --count 1 "${sides[@]}" --direction sideways

# ---- A gateway for eight of its clients
make_ns gen gw
make_veth gen W gw wan
make_veth gen L gw lan
no_stack gen W L
no_stack gw wan lan
(umask 077 && "$build/src/app/jump/jump" genkey >"$logs/gateway.key")
sides[3]=$("$build/src/app/jump/jump" pubkey <"$logs/gateway.key")
driver=${JG_DRIVER:-af_packet}
huge=true
[[ -z ${JUMPGATE_NO_HUGE:-} ]] || huge=false
{
  cat <<EOT
[gateway]
private_key_file = "$logs/gateway.key"
state_dir = "$logs/state"
control_socket = "$logs/jumpgated.sock"
[events]
file = "$logs/events.jsonl"
[inner]
path_mtu = "port"
[eal]
huge = $huge
[limits]
max_sessions = 64
[[port]]
name = "wan"
role = "outer"
driver = "$driver"
interface = "wan"
addresses = ["192.0.2.10/24"]
gateways = ["192.0.2.1"]
[[port]]
name = "lan"
role = "inner"
driver = "$driver"
interface = "lan"
addresses = ["10.9.0.1/24"]
EOT
  "$jumpgen" peers --count 8
} >"$logs/gateway.toml"
start gw jumpgated "$build/src/app/jumpgated/jumpgated" --config "$logs/gateway.toml"
gateway=$started
wait_for 20 logged jumpgated ready

# ---- Four seconds of traffic, two jumps a second
options=(--count 8 "${sides[@]}" --rate 500 --duration 4 --json "$logs/result.json")
[[ $huge == true ]] || options+=(--no-huge --memory 256)
in_ns gen "$jumpgen" run "${options[@]}" --jumps 2 >"$logs/jumpgen.log" 2>&1 || fail "jumpgen did not finish"
python3 - "$logs/result.json" <<'PY' || fail "jumpgen's result: $(cat "$logs/jumpgen.log"; "$build/tools/jumpctl/jumpctl" counters --socket "$logs/jumpgated.sock")"
import json, sys
result = json.load(open(sys.argv[1]))
trial = result["trials"][0]
assert result["sessions"]["attached"] == 8, "sessions"
for way in ("up", "down"):
    counts = trial[way]
    assert counts["sent"] >= 1900, (way, counts)
    assert counts["received"] == counts["sent"] and counts["lost"] == 0, (way, counts)
    assert counts["foreign"] == counts["stray"] == counts["late"] == 0, (way, counts)
    assert counts["latency"]["count"] == counts["received"], (way, counts)
    assert 0 < counts["latency"]["p50_us"] <= counts["latency"]["max_us"], (way, counts)
jumps = trial["jumps"]
assert jumps["begun"] >= 7 and jumps["done"] == jumps["begun"], jumps
assert jumps["unasked"] == 0 and trial["sessions_ended"] == 0, trial
assert result["misdirected"] == 0 and result["generator_refused"] == 0, result
PY

# ---- The gateway's own account: as many sessions and jumps, and every end was the peer's wish
python3 - "$logs/events.jsonl" "$logs/result.json" <<'PY' || fail "the gateway's events"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
def count(kind, reason=None):
    return sum(e["event_type"] == kind and reason in (None, e["reason_code"]) for e in events)
jumps = json.load(open(sys.argv[2]))["trials"][0]["jumps"]["done"]
assert count("TransportAttached") == 8, count("TransportAttached")
assert count("TransportSwitch") == jumps, (count("TransportSwitch"), jumps)
assert count("SessionTerminated") == count("SessionTerminated", "peer_closed") == 8
PY
stop "$gateway"
