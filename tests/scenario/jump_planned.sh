# A planned jump in the middle of a TCP transfer and of a UDP stream: nothing lost, nothing twice, one connection.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
start_server 4M
start_gateway
start_client
id=$(field session_id)
begin_streams 800k
jump to cell
wait_for 10 is_on cell
streams_arrived
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"
has_event "$gateway_events" "e['event_type'] == 'TransportSwitch'" || fail "no TransportSwitch event"
