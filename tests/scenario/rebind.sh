# The NAT forgets its flows and gives the client a new source port. Egress moves only after the new address has
# answered its challenge, and the session lives on. tcpdump on the outer leg is the witness.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
start_gateway
start_client
start client pinger ping -i 0.05 10.9.0.2
wait_for 5 logged pinger 'icmp_seq=20'
capture net core udp port 51820
old=$(jumpctl sessions --json | python3 -c "import json,sys; print(json.load(sys.stdin)['sessions'][0]['endpoint'].rsplit(':', 1)[1])")
topology_rebind 41000
wait_for 10 has_event "$gateway_events" "e['event_type'] == 'TransportSwitch' and e['reason_code'] == 'transport_rebound'"
wait_for 5 is_attached
wait_for 5 answers
PYTHONPATH=$root/tools/demo python3 - "$logs/core.pcap" "$old" <<'PY' || fail "egress moved before the new address had answered"
import sys, capture
sys.exit(0 if capture.egress_moved_after_answer(sys.argv[1], "198.51.100.2", int(sys.argv[2])) else 1)
PY
