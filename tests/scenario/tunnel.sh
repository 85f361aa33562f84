# A tunnel carries ping and TCP, IPv4 and IPv6 inside, between a client and a server that knows nothing of VPNs;
# SIGTERM ends both programs in good order and each tells the other.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

up
start_server
fetch || fail "the file did not come through whole"
[[ $(field uplink) == wifi ]] || fail "the first uplink of the configuration was not chosen"

# A trace shows the packets of both directions, from the client's address to the server's and back.
jumpctl trace alice -n 40 --seconds 5 --json >"$logs/trace.json" &
trace=$!
ns client ping -c 10 -i 0.2 -W 1 10.9.0.2 >"$logs/ping.txt"
wait "$trace" || fail "no trace"
python3 - "$logs/trace.json" <<'END' || fail "the trace does not show the pings: $(cat "$logs/trace.json")"
import json, sys
packets = json.load(open(sys.argv[1]))["packets"]
pings = [p for p in packets if p["protocol"] == 1 and p["end"] == "sent"]
ways = {p["way"]: (p["inner_from"], p["inner_to"], p["stages"][-1]) for p in pings}
assert ways["in"] == ("10.8.0.2:0", "10.9.0.2:0", "forwarded"), ways
assert ways["out"] == ("10.9.0.2:0", "10.8.0.2:0", "sealed"), ways
END

# The other direction: the server reaches the client by its own inner address.
wait_for 5 ns server ping -c 1 -W 1 10.8.0.2

stop "$client"
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'"
stop "$gateway"
