# The black box: a gateway records what its controller decides through a jump, a dead link and its stop; jumpctl replay
# does all of it again, to the same events. A file that was changed, cut or made by another version is named and refused.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

record=$JG_RUN/record.jgr
replay() { "$build/tools/jumpctl/jumpctl" replay "$@"; }
# refused FILE PATTERN: exit 2, and the reason is said.
refused() {
  local status=0
  replay "$1" >"$logs/refused.txt" 2>&1 || status=$?
  ((status == 2)) || fail "replay of $1 ended with $status: $(cat "$logs/refused.txt")"
  grep -qE "$2" "$logs/refused.txt" || fail "replay of $1 says: $(cat "$logs/refused.txt")"
}

lay_out
cat >>"$JG_RUN/gateway.toml" <<EOT

[record]
file = "$record"
EOT
start_gateway
start_client
jump to cell
wait_for 10 is_on cell
ns client ip link set cell down
wait_for 15 is_on wifi
wait_for 5 answers
jumpctl rekey alice >/dev/null
wait_for 10 has_event "$gateway_events" "e['event_type'] == 'KeyRotated' and e['reason_code'] == 'policy_trigger'"
jumpctl reload >/dev/null
jumpctl terminate alice >/dev/null
wait_for 15 is_attached
stop "$gateway"

[[ $(stat -c %a "$record") == 600 ]] || fail "others can read the recording"
replay "$record" --events >"$logs/replayed.txt" || fail "the replay differs: $(tail -n 1 "$logs/replayed.txt")"
grep -q "^identical: .* events; 0 sessions at the end" "$logs/replayed.txt" || fail "the replay says: $(tail -n 2 "$logs/replayed.txt")"
if grep -q "without a word" "$logs/replayed.txt"; then fail "the recording lacks its end"; fi
python3 - "$gateway_events" "$logs/replayed.txt" <<'PY' || fail "the replayed events are not those of the log"
import json, sys
stamps = ("seq", "ts_ms", "node_id", "check")
def events(path):
    lines = [json.loads(line) for line in open(path) if line.startswith("{")]
    return [{k: v for k, v in e.items() if k not in stamps} for e in lines]
logged, replayed = events(sys.argv[1]), events(sys.argv[2])
moves = [e for e in logged if e["event_type"] == "TransportSwitch"]
assert logged == replayed, f"{len(logged)} logged, {len(replayed)} replayed"
assert len(moves) >= 2, "the run had no jumps in it"
PY

python3 - "$record" "$logs" <<'PY'
import sys
whole = open(sys.argv[1], "rb").read()
def write(name, data):
    open(f"{sys.argv[2]}/{name}", "wb").write(data)
flipped = bytearray(whole)
flipped[len(whole) // 2] ^= 1
write("flipped.jgr", flipped)
write("cut.jgr", whole[:-5])
title, rest = whole.split(b"\n", 1)
write("version.jgr", title[:-1] + b"1\n" + rest)
PY
refused "$logs/flipped.jgr" "flipped.jgr: record [0-9]+: damaged or edited"
refused "$logs/cut.jgr" "cut.jgr: record [0-9]+: cut"
refused "$logs/version.jgr" "a recording of version 1; this program replays version "
refused "$gateway_events" "is no recording"

# A configuration that no record holds: the gateway says so instead of recording nothing.
python3 - "$JG_RUN/gateway.toml" <<'PY'
import base64, sys
with open(sys.argv[1], "a", encoding="utf-8") as config:
    config.write('max_bytes = "1MiB"\n')
    for i in range(16000):
        key = base64.b64encode((i + 9).to_bytes(32, "big")).decode()
        address = f"10.{100 + i // 65536}.{i // 256 % 256}.{i % 256}/32"
        config.write(f'[[peer]]\nname = "p{i}"\npublic_key = "{key}"\naddresses = ["{address}"]\n')
PY
status=0
ns gw "$build/src/app/jumpgated/jumpgated" --config "$JG_RUN/gateway.toml" >"$logs/too_large.txt" 2>&1 || status=$?
((status == 1)) || fail "a gateway that can not record its configuration ended with $status"
grep -q "record.file $record: the configuration with its 16001 peers alone is larger" "$logs/too_large.txt" ||
  fail "the gateway says: $(tail -n 3 "$logs/too_large.txt")"
