# A path that is up but bad. Loss, then latency, beyond the policy's thresholds move the session to the other uplink, each
# for its own reason. With no other uplink the session stays: VOLATILE, then DEGRADED, it goes on carrying data, and when
# the path is good again it heals through RECOVERING. Between the thresholds in force and the losses made here is more
# room than the hundred packets of a window stray.
# limit: 150
source "$(dirname "$0")/lib_tunnel.sh"

wifi() { faulty_set run/wifi "$@"; }
in_state() { [[ $(field state) == "$1" ]]; }
# became STATE REASON: both sides' last step to the state was for the reason.
became() {
  local log
  for log in "$client_events" "$gateway_events"; do
    [[ $(python3 - "$log" "$1" <<'PY'
import json, sys
steps = [json.loads(line) for line in open(sys.argv[1]) if line.endswith("\n")]
print([e["reason_code"] for e in steps if e.get("new") == sys.argv[2]][-1:])
PY
) == "['$2']" ]] || return 1
  done
}

lay_out
# Drops in a row are out of the way: with a loss that is meant to be judged in percent they happen too.
cat >>"$JG_RUN/gateway.toml" <<EOT

[policy.volatility]
heartbeat_interval = "200ms"
loss_volatile_threshold = 0.15
max_consecutive_drops = 100
latency_volatile_threshold = "400ms"

# Proofs in place spend the switch rate too, and four jumps come before the one here.
[policy.switching]
max_switches_per_min = 20
EOT
start_gateway
start_client
id=$(field session_id)
is_on wifi || fail "the session did not begin on wifi"
start client ping ping -i 0.02 10.9.0.2

wifi --loss 0.3
wait_for 20 is_on cell
wait_for 5 became VOLATILE loss_threshold_exceeded
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'TransportSwitch' and e['reason_code'] == 'loss_threshold_exceeded'"
wifi --loss 0

wait_for 15 jump to wifi
wait_for 10 is_on wifi
wifi --delay 300
wait_for 40 is_on cell
wait_for 5 became VOLATILE latency_threshold_exceeded
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'TransportSwitch' and e['reason_code'] == 'latency_threshold_exceeded'"
wifi --delay 5

wait_for 15 jump to wifi
wait_for 10 is_on wifi
ns client ip link set cell down
wifi --loss 0.3
wait_for 20 in_state DEGRADED
wait_for 10 became DEGRADED volatile_persisted
became VOLATILE loss_threshold_exceeded || fail "the session became volatile for another reason than its loss"
wait_for 10 answers
in_state DEGRADED || fail "a lossy path was taken for a healed one"
wifi --loss 0
wait_for 20 is_on wifi
wait_for 5 became RECOVERING in_place_recovery
wait_for 5 became ATTACHED reattach_success
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"
jumpctl events verify >"$logs/verify.txt" || fail "the log has faults: $(cat "$logs/verify.txt")"
