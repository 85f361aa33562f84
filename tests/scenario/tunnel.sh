# A tunnel carries ping and TCP, IPv4 and IPv6 inside, between a client and a server that knows nothing of VPNs;
# a trace shows it; SIGTERM ends both programs in good order and each tells the other.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

up
start_server
fetch || fail "the file did not come through whole"
[[ $(field uplink) == wifi ]] || fail "the first uplink of the configuration was not chosen"

# The other direction: the server reaches the client by its own inner address.
wait_for 5 ns server ping -c 1 -W 1 10.8.0.2

# A trace tells the way of its next packets. Pings go on until it has them.
jumpctl trace alice -n 12 --seconds 20 --json >"$logs/trace.json" &
trace=$!
while kill -0 "$trace" 2>/dev/null; do ns server ping -q -c 2 -i 0.1 -W 1 10.8.0.2 >/dev/null || true; done
wait "$trace" || fail "jumpctl trace ended with $?"
python3 - "$logs/trace.json" <<'EOF' || fail "the trace does not show the pings: $(cat "$logs/trace.json")"
import json, sys
packets = json.load(open(sys.argv[1]))["packets"]
asked = [p for p in packets if p["way"] == "out" and p["inner_to"] == "10.8.0.2" and p["protocol"] == 1]
answered = [p for p in packets if p["way"] == "in" and p["inner_from"] == "10.8.0.2" and p["protocol"] == 1]
assert len(packets) == 12 and asked and answered
assert all(p["end"] == "sent" for p in asked + answered)
EOF
said=$(jumpctl trace nobody 2>&1) && fail "a trace of nobody began"
[[ $said == *nobody* ]] || fail "the fault does not name whom: $said"

stop "$client"
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'"
stop "$gateway"
