# A planned jump in the middle of a TCP transfer and of a UDP stream: nothing lost, nothing twice, one connection.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
start_server 4M
start_gateway
start_client
id=$(field session_id)
fetch --limit-rate 800k &
transfer=$!
start server udp python3 "$root/tools/demo/udp_stream.py" receive 10.9.0.2 7000 --idle 4
wait_for 5 ns server sh -c 'ss -lun | grep -q :7000'
start client udp-send python3 "$root/tools/demo/udp_stream.py" send 10.9.0.2 7000 --count 3000 --rate 1000
wait_for 5 test -s "$JG_RUN/fetched.bin"
jump to cell
wait_for 10 is_on cell
wait "$transfer" || fail "the transfer did not survive the jump"
wait_for 20 logged udp '"received"'
grep -q '"received": 3000, "duplicated": 0' "$logs/udp.log" || fail "UDP: $(cat "$logs/udp.log")"
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"
has_event "$gateway_events" "e['event_type'] == 'TransportSwitch'" || fail "no TransportSwitch event"
