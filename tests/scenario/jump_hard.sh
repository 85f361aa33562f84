# Wi-Fi turns black beyond the client's interface, so nothing tells it: silence does, within heartbeat_volatile and one
# interval, and the session goes on over the other uplink. Then the same with the link itself taken down.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
start_server 4M
start_gateway
start_client
id=$(field session_id)
fetch --limit-rate 500k &
transfer=$!
wait_for 5 test -s "$JG_RUN/fetched.bin"
topology_blackhole wifi
wait_for 10 is_on cell
wait "$transfer" || fail "the transfer did not survive the black hole"
has_event "$client_events" "e.get('new') == 'VOLATILE' and e['reason_code'] == 'heartbeat_timeout'" || fail "not seen as silence"
topology_heal wifi

jump to wifi
wait_for 15 is_on wifi
ns client ip link set wifi down
wait_for 10 is_on cell
wait_for 5 answers
has_event "$client_events" "e.get('new') == 'VOLATILE' and e['reason_code'] == 'transport_dead'" || fail "not seen as a dead link"
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"
