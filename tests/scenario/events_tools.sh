# The event log tells the whole life of a session that jumped, was asked for new keys and ended: online through the
# gateway, offline from the files of both sides; and a log that was cut, edited or put in another order is refused, line
# by line.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

# verify FILE...: offline; its findings go to $logs/verify.txt.
verify() { "$build/tools/jumpctl/jumpctl" events verify "$@" >"$logs/verify.txt"; }
# refused STATUS PATTERN FILE...: the exit status, and what is named.
refused() {
  local expected=$1 pattern=$2 status=0
  shift 2
  verify "$@" 2>"$logs/verify-err.txt" || status=$?
  ((status == expected)) || fail "verify ended with $status, not $expected: $(cat "$logs/verify.txt" "$logs/verify-err.txt")"
  grep -qE "$pattern" "$logs/verify.txt" "$logs/verify-err.txt" || fail "'$pattern' is not named: $(cat "$logs/verify.txt")"
}

lay_out
start_gateway
start_client
id=$(field session_id)
jump to cell
wait_for 10 is_on cell
jumpctl rekey alice >"$logs/rekey.txt" || fail "no new keys are asked for"
grep -q "session $id of alice is asked for new keys (policy_trigger)" "$logs/rekey.txt" || fail "rekey says: $(cat "$logs/rekey.txt")"
rotated="e['event_type'] == 'KeyRotated' and e['reason_code'] == 'policy_trigger' and e['generation'] == 1"
wait_for 5 has_event "$gateway_events" "$rotated"
wait_for 5 has_event "$client_events" "$rotated"
wait_for 5 answers
if jumpctl rekey nobody 2>"$logs/nobody.txt"; then fail "nobody was asked for new keys"; fi

jumpctl timeline "$id" >"$logs/timeline.txt" || fail "no timeline of the running session"
grep -q "RECOVERING .*SessionStateChange policy_forced_recovery" "$logs/timeline.txt" || fail "the jump is not in the timeline: $(cat "$logs/timeline.txt")"
grep -q "ATTACHED when the log ends" "$logs/timeline.txt" || fail "the session's state is not told"
jumpctl events verify >"$logs/online.txt" || fail "the gateway's own log has faults: $(cat "$logs/online.txt")"

stop "$client"
stop "$gateway"
[[ $(jumpctl timeline "$id" --json --file "$gateway_events" |
  python3 -c "import json,sys; s=json.load(sys.stdin)['sessions']; print(len(s), s[0]['state'], s[0]['switches'], s[0]['rekeys'], s[0]['faults'])") == "1 TERMINATED 1 1 0" ]] ||
  fail "the timeline from the file is not the life it was"
verify "$gateway_events" || fail "the gateway's log has faults: $(cat "$logs/verify.txt")"
verify "$client_events" || fail "the client's log has faults: $(cat "$logs/verify.txt")"

bad=$logs/bad.jsonl
sed 's/"reason_code":"transport_retiring"/"reason_code":"heartbeat_timeout"/' "$gateway_events" >"$bad"
refused 1 "check does not fit" "$bad"
sed '6d' "$gateway_events" >"$bad"
refused 1 "bad.jsonl:6: .*number 6 is missing" "$bad"
awk 'NR == 5 { held = $0; next } { print } NR == 6 { print held }' "$gateway_events" >"$bad"
refused 1 "bad.jsonl:6: .*number 5 after number 6: repeated or out of order" "$bad"
head -c -30 "$gateway_events" >"$bad"
refused 1 "no newline: the file is cut short" "$bad"
sed '6s/"previous":"ATTACHED"/"previous":"DEGRADED"/' "$gateway_events" >"$bad"
refused 1 "bad.jsonl:6: .*illegal transition: DEGRADED with trigger instability" "$bad"
refused 2 "No such file" "$logs/none.jsonl"
