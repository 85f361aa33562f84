# The gateway dies without a word and comes back with no memory: its stateless reset tells the client, which makes a new
# session by itself.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

up
id=$(field session_id)
kill -KILL "$(ip netns pids "$prefix-gw" | head -n 1)"
reap "$gateway"
start_gateway
wait_for 15 has_event "$client_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'gateway_lost_session'"
wait_for 15 is_attached
wait_for 5 answers
[[ $(field session_id) != "$id" ]] || fail "a new session has a new identity"
