# A tunnel carries ping and TCP, IPv4 and IPv6 inside, between a client and a server that knows nothing of VPNs;
# SIGTERM ends both programs in good order and each tells the other.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

up
start_server
fetch || fail "the file did not come through whole"
[[ $(field uplink) == wifi ]] || fail "the first uplink of the configuration was not chosen"

# The other direction: the server reaches the client by its own inner address.
wait_for 5 ns server ping -c 1 -W 1 10.8.0.2

stop "$client"
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'"
stop "$gateway"
