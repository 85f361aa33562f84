# Malformed, truncated, oversized, replayed, duplicated and foreign packets on both ports: each is a named drop, nothing
# else; the session beside them is unharmed and its state_version does not move.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

up
version() { jumpctl sessions --json | python3 -c "import json,sys; print(json.load(sys.stdin)['sessions'][0]['state_version'])"; }
before=$(version)

capture net core udp dst port 51820
for _ in 1 2 3 4 5; do answers; done
stop "$started"
ns net python3 "$root/tests/scenario/hostile_packets.py" --interface core --capture "$logs/core.pcap" >"$logs/hostile-outer.log" 2>&1 ||
  fail "the sender: $(tail -n 3 "$logs/hostile-outer.log")"
ns server python3 "$root/tests/scenario/hostile_packets.py" --interface eth0 --inner >"$logs/hostile-inner.log" 2>&1 ||
  fail "the sender: $(tail -n 3 "$logs/hostile-inner.log")"

for reason in wire_too_short wire_unknown_type wire_reserved_bits cid_invalid replay_duplicate auth_failed \
  hello_bad_mac1 hello_bad_version udp_bad_checksum ip_bad_checksum udp_wrong_port ip_fragment inner_no_route; do
  wait_for 5 counted "$reason" 1
done
answers || fail "the session was harmed"
[[ $(version) == "$before" ]] || fail "a stranger's packets moved the session: $before -> $(version)"
