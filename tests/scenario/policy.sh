# A policy as a document: checked whole, applied with grace (a running session follows at its next transition) and
# strictly (at once); what is in force and what was is shown; a refused one changes nothing, and its field is named. A
# peer goes by the profile it names. New keys follow a jump where the document says so.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

policy() { "$build/tools/jumpctl/jumpctl" policy "$1" --socket "$JG_RUN/jumpgated.sock" "${@:2}"; }
# document FILE MAX_LIFETIME HEARTBEAT: a whole policy.
document() {
  cat >"$1" <<EOT
[policy.session]
max_lifetime = "$2"
transport_lost_ttl = "10s"
[policy.switching]
max_switches_per_min = 30
recovery_window = "8s"
switch_cooldown = "0s"
[policy.volatility]
loss_volatile_threshold = 0.2
heartbeat_interval = "$3"
[policy.security]
reattach_proof_max_age = "5s"
[policy.keys]
rekey_after_transport_change = true
EOT
}
# in_force VERSION FIELD VALUE
in_force() {
  policy show --json | python3 -c "import json,sys; p=json.load(sys.stdin); print(p['version'], {f['name']: f['value'] for f in p['fields']}['$2'])" >"$logs/in-force.txt"
  [[ $(cat "$logs/in-force.txt") == "$1 $3" ]] || fail "in force is '$(cat "$logs/in-force.txt")', not '$1 $3'"
}

lay_out
start_gateway
start_client
id=$(field session_id)
document "$logs/graceful.toml" 4h 400ms
document "$logs/short.toml" 10s 400ms
document "$logs/bad.toml" 10s 5m

policy check "$logs/graceful.toml" || fail "a valid document is refused"
status=0
policy check "$logs/bad.toml" 2>"$logs/check.txt" || status=$?
((status == 2)) || fail "check of a bad document ended with $status"
grep -q "bad.toml:10:.*volatility.heartbeat_interval .*must lie between" "$logs/check.txt" || fail "the fault has no place: $(cat "$logs/check.txt")"
if policy diff "$logs/graceful.toml" >"$logs/diff.txt"; then fail "no difference is seen"; fi
grep -q "session.max_lifetime: .* -> 14400000 ms" "$logs/diff.txt" || fail "the difference is not told: $(cat "$logs/diff.txt")"
in_force 1 session.max_lifetime "$(sed -n 's/^session.max_lifetime: \(.*\) -> .*/\1/p' "$logs/diff.txt")"

policy apply "$logs/graceful.toml" --grace || fail "a valid document is not applied"
in_force 2 session.max_lifetime "14400000 ms"
policy diff "$logs/graceful.toml" || fail "what was applied differs from what is in force"
jump to cell
wait_for 10 is_on cell
(($(events "$gateway_events" "e['event_type'] == 'SessionStateChange' and e['new'] == 'VOLATILE' and e['policy_version'] == 1") == 1)) ||
  fail "the session did not go by the old policy until its next transition"
has_event "$gateway_events" "e['event_type'] == 'SessionStateChange' and e['new'] == 'ATTACHED' and e['policy_version'] == 2" ||
  fail "the session does not go by the new policy after a transition"

wait_for 10 has_event "$gateway_events" "e['event_type'] == 'KeyRotated' and e['session_id'] == '$id' and e['reason_code'] == 'transport_change'"

if policy apply "$logs/bad.toml" 2>"$logs/refused.txt"; then fail "a bad document was applied"; fi
grep -q "nothing was changed" "$logs/refused.txt" || fail "the refusal does not say that nothing was changed"
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'PolicyRejected' and e['field'] == 'volatility.heartbeat_interval'"
in_force 2 session.max_lifetime "14400000 ms"

policy apply "$logs/short.toml" || fail "the short one is not applied"
wait_for 15 has_event "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['session_id'] == '$id' and e['reason_code'] == 'session_lifetime_exceeded' and e['policy_version'] == 3"
# A profile: the peer gets it by a reload, its next session by WELCOME; a policy without it is refused.
sed -i 's/^name = "alice"$/name = "alice"\nprofile = "mobile"/' "$JG_RUN/gateway.toml"
cat >>"$JG_RUN/gateway.toml" <<EOT
[profiles.mobile.volatility]
heartbeat_interval = "300ms"
EOT
wait_for 15 is_attached
jumpctl reload >"$logs/reload.txt" || fail "the profile is not taken: $(cat "$logs/reload.txt")"
grep -q "peer alice: profile - -> mobile" "$logs/reload.txt" || fail "the new profile is not told: $(cat "$logs/reload.txt")"
in_force 4 profiles.mobile.volatility.heartbeat_interval "300 ms"
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'PolicyApplied' and e['policy_version'] == 4"
if policy apply "$logs/graceful.toml" 2>"$logs/lacking.txt"; then fail "a policy without the peer's profile was applied"; fi
grep -q "peer alice has the profile 'mobile'" "$logs/lacking.txt" || fail "the refusal does not say why: $(cat "$logs/lacking.txt")"
policy history --json | python3 -c "
import json, sys
made = [(p['version'], p['how'], p['application']) for p in json.load(sys.stdin)['policies']]
assert made == [(1, 'start', 'strict'), (2, 'graceful.toml', 'grace'), (3, 'short.toml', 'strict'), (4, 'reload', 'strict')], made" ||
  fail "the history is not what was done"
jumpctl events verify >"$logs/verify.txt" || fail "the log has faults: $(cat "$logs/verify.txt")"
