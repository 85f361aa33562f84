# A tunnel carries ping and TCP, IPv4 and IPv6 inside, between a client and a server that knows nothing of VPNs;
# a trace shows it; SIGTERM ends both programs in good order and each tells the other. A service manager hears when they are
# ready and when they begin to stop.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
# In the service manager's place: prints who says what.
start gw manager python3 -c '
import selectors, socket, sys
sockets = selectors.DefaultSelector()
for name in ("gateway", "client"):
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(f"{sys.argv[1]}/{name}.notify")
    sockets.register(end, selectors.EVENT_READ, name)
print("listens", flush=True)
while True:
    for key, _ in sockets.select():
        print(key.data, key.fileobj.recv(4096).decode(), flush=True)' "$JG_RUN"
wait_for 5 logged manager listens
NOTIFY_SOCKET=$JG_RUN/gateway.notify start_gateway
wait_for 20 logged manager '^gateway READY=1$'
logged manager client && fail "the client is ready before it was started"
NOTIFY_SOCKET=$JG_RUN/client.notify start_client
wait_for 5 logged manager '^client READY=1$'
wait_for 5 answers 10.9.0.2
wait_for 5 answers fd00:9::2
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

logged manager STOPPING && fail "one stops that was not told to: $(cat "$logs/manager.log")"
stop "$client"
wait_for 5 logged manager '^client STOPPING=1$'
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'"
stop "$gateway"
wait_for 5 logged manager '^gateway STOPPING=1$'
for unit in jumpgated jump@; do
  grep -qx 'Type=notify' "$root/config/systemd/$unit.service" || fail "$unit.service does not wait for READY"
done
