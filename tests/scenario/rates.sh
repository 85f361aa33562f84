# What a peer may carry: each way its rate and no more, then its quota, told at 80 % and 100 % and final. The session lives
# on, and another client beside the greedy one notices nothing.
#
#   alice ─wifi── net ──core── outer   gateway   inner ── server   (drawn in tools/demo/topology.sh,
#   bob   ─dsl─── net ──┘                                           with bob besides)
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
lay_out_bob
cat >>"$JG_RUN/gateway.toml" <<EOT
rates = "narrow"

[rates.narrow]
in = "1 Mbit/s"
out = "2 Mbit/s"
burst = "100ms"
quota = "1 MiB"
EOT
stage_bob

start_server
start_gateway
start_client
start bob bob "$build/src/app/jump/jump" up "$JG_RUN/bob.toml"
wait_for 15 ns bob ping -n -c 1 -W 1 10.9.0.2

# Nearly twice each rate for two seconds, both ways at once, in IP packets of 228 bytes.
stream() { # stream WAY FROM TO ADDRESS PACKETS-A-SECOND
  start "$3" "$1" python3 "$root/tools/demo/udp_stream.py" receive "$4" 7000 --idle 1
  wait_for 5 ns "$3" sh -c 'ss -lun | grep -q :7000'
  start "$2" "$1-send" python3 "$root/tools/demo/udp_stream.py" send "$4" 7000 --count $((2 * $5)) --rate "$5"
}
stream in client server 10.9.0.2 1000
stream out server client 10.8.0.2 2000
ns bob ping -n -i 0.05 -c 40 -W 1 10.9.0.2 >"$logs/bob-ping.txt" || fail "bob's pings: $(tail -n 3 "$logs/bob-ping.txt")"
grep -q ' 0% packet loss' "$logs/bob-ping.txt" || fail "bob's pings suffered: $(tail -n 3 "$logs/bob-ping.txt")"
within() { # within WAY SENT BITS-A-SECOND: what came is what the bucket allows, what did not is counted
  wait_for 10 logged "$1" '"received"'
  python3 - "$logs/$1.log" "$logs/$1-send.log" "$2" "$3" "$(counter "rate_exceeded_$1")" <<'PY' || fail "$1: $(cat "$logs/$1.log") of $2, $(counter "rate_exceeded_$1") refused"
import json, sys
sent, rate, refused = map(int, sys.argv[3:])
received, seconds = (json.load(open(log))[figure] for log, figure in zip(sys.argv[1:3], ("received", "seconds")))
allowed = rate / 8 * (seconds + 0.1) / 228  # with the burst
assert 0.85 * allowed < received < 1.03 * allowed
assert abs(sent - received - refused) < 10
PY
}
within in 2000 1000000
within out 4000 2000000

# The rest of the quota, and the end of all data; the session stays.
ns client curl -s --max-time 30 -o /dev/null http://10.9.0.2:8000/file.bin &
greedy=$!
pids+=("$greedy")
told() { has_event "$gateway_events" "e['event_type'] == 'QuotaReached' and e['percent'] == $1 and e['quota_bytes'] == 1 << 20"; }
wait_for 15 told 80
wait_for 15 told 100
for way in client:10.9.0.2 server:10.8.0.2; do
  before=$(counter quota_exhausted)
  ns "${way%%:*}" ping -n -q -c 3 -i 0.1 -W 1 "${way#*:}" >/dev/null && fail "data passed behind the quota from ${way%%:*}"
  counted quota_exhausted $((before + 3)) || fail "what came from ${way%%:*} behind the quota is not counted"
done
[[ $(field state) == ATTACHED ]] || fail "the session did not outlive its quota: $(jump status)"
(($(events "$gateway_events" "e['event_type'] == 'QuotaReached'") == 2)) || fail "told more than once: $(cat "$gateway_events")"
ns bob ping -n -c 1 -W 1 10.9.0.2 >/dev/null || fail "alice's quota took bob's data"
