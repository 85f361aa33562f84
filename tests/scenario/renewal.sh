# A session that is replaced before its lifetime ends, over a path of a tenth of a second: two UDP
# streams, up and down, and a TCP transfer go from one session to the next; nothing is lost and nothing comes twice.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

superseded() { events "$gateway_events" "e['event_type'] == 'SessionTerminated' and e.get('reason_code') == 'superseded'"; }

lay_out 50 60
cat >>"$JG_RUN/gateway.toml" <<'EOT'
[policy.session]
max_lifetime = "10s"
transport_lost_ttl = "10s"
EOT
start_server 4M
start_gateway
start_client
wait_for 5 answers
first=$(field session_id)

fetch --limit-rate 300k &
transfer=$!
start server udp-up python3 "$root/tools/demo/udp_stream.py" receive 10.9.0.2 7000 --idle 4
start client udp-down python3 "$root/tools/demo/udp_stream.py" receive 10.8.0.2 7001 --idle 4
wait_for 5 ns server sh -c 'ss -lun | grep -q :7000'
wait_for 5 ns client sh -c 'ss -lun | grep -q :7001'
start client udp-up-send python3 "$root/tools/demo/udp_stream.py" send 10.9.0.2 7000 --count 12000 --rate 1000
start server udp-down-send python3 "$root/tools/demo/udp_stream.py" send 10.8.0.2 7001 --count 12000 --rate 1000
for stream in udp-up udp-down; do
  wait_for 40 logged "$stream" '"received"'
  grep -q '"received": 12000, "duplicated": 0' "$logs/$stream.log" || fail "$stream: $(cat "$logs/$stream.log")"
done
wait "$transfer" || fail "the transfer did not survive"
(($(superseded) >= 1)) || fail "no renewal in twelve seconds"
[[ $(field session_id) != "$first" ]] || fail "it is the first session still"

# What was superseded is gone soon after.
one_session() { [[ $(jumpctl sessions --json | python3 -c "import json,sys; print(len(json.load(sys.stdin)['sessions']))") == 1 ]]; }
wait_for 10 one_session
jumpctl events verify >"$logs/verified.txt" || fail "$(cat "$logs/verified.txt")"
stop "$gateway"
