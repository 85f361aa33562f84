# A peer that was written from spec/ alone, and shares no code with the product, against the real gateway: handshake,
# data both ways, heartbeats, jumps between IPv4 and IPv6, rebinding, rekey, closes and resets, under both suites.
# limit: 120
source "$(dirname "$0")/../scenario/lib_tunnel.sh"

# peer [OPTION...]: all its steps; it prints one line each and stops at the first that fails.
peer() {
  ns client /usr/bin/python3 -B "$root/tests/interop/against_gateway.py" --gateway 198.51.100.2:51820 \
    --gateway-public "$(cat "$JG_RUN/gateway.pub")" --private "$(cat "$JG_RUN/client.key")" --inner "$1" \
    --local 10.10.0.2 --second '[2001:db8:1::2]:51820' --second-local 2001:db8:c::2 --second-device cell "${@:2}"
}

lay_out
start_gateway
peer 10.9.0.2 --suite 1
peer fd00:9::2 --suite 2

# The gateway's own account of it.
for expected in \
  "e['event_type'] == 'TransportSwitch' and e['reason_code'] == 'transport_rebound'" \
  "e['event_type'] == 'KeyRotated'" \
  "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'"; do
  (($(events "$gateway_events" "$expected") >= 2)) || fail "fewer than two events: $expected"
done
for reason in auth_failed replay_duplicate wire_unknown_type wire_wrong_role hello_counter_low wire_bad_field \
  wire_reserved_bits inner_too_short; do
  counted "$reason" 1 || fail "not counted: $reason"
done
stop "$gateway"
