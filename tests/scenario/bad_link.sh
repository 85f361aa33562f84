# A link that loses, swaps and doubles: files, streams and datagrams come through it both ways, over IPv4 and IPv6, no packet
# twice, and under a policy that bears such a link the session stays where it is.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out 1 15
bear_losses
start_gateway
start_client
wait_for 5 answers 10.9.0.2
wait_for 5 answers fd00:9::2
is_on wifi || fail "the session did not begin on wifi"
start_server 512K
serve server web6 fd00:9::2 8000
serve client web-client 10.8.0.2 8001
serve client web-client6 fd00:8::2 8001
start server iperf iperf3 -s
udp() { start "$1" "$2" python3 "$root/tools/demo/udp_stream.py" "${@:3}"; }
udp server up receive 10.9.0.2 7000 --idle 2
udp client down receive fd00:8::2 7001 --idle 2
for port in server:5201 server:7000 client:7001; do
  wait_for 5 ns "${port%:*}" sh -c "ss -ltun | grep -q :${port#*:}"
done

faulty_set run/wifi --loss 0.01 --reorder 0.02 --reorder-ms 3 --duplicate 0.02

fetched() { # fetched NS URL: whole, over one TCP connection
  ns "$1" curl -s -g --max-time 30 -o "$JG_RUN/fetched.bin" "$2/file.bin" || fail "$2 broke off"
  cmp "$JG_RUN/fetched.bin" "$JG_RUN/www/file.bin" || fail "$2: the file did not come through whole"
}
fetched client http://10.9.0.2:8000
fetched client 'http://[fd00:9::2]:8000'
fetched server http://10.8.0.2:8001
fetched server 'http://[fd00:8::2]:8001'

udp client up-send send 10.9.0.2 7000 --count 2000 --rate 1000
udp server down-send send fd00:8::2 7001 --count 2000 --rate 1000
for way in up down; do
  wait_for 20 logged "$way" '"received"'
  python3 - "$logs/$way.log" <<'PY' || fail "UDP $way: $(cat "$logs/$way.log")"
import json, sys
stream = json.load(open(sys.argv[1]))
assert stream["duplicated"] == 0 and stream["highest"] >= 1980
assert 1900 < stream["received"] < 2000  # some were lost: the link was bad
PY
done

streams() { # streams OPTION...: TCP for two seconds, at least 1 Mbit/s of it
  ns client iperf3 -J -t 2 -c "$@" >"$logs/iperf.json" || fail "iperf3 $*: $(cat "$logs/iperf.json")"
  python3 - "$logs/iperf.json" <<'PY' || fail "iperf3 $*: too slow, $(tail -n 40 "$logs/iperf.json")"
import json, sys
assert json.load(open(sys.argv[1]))["end"]["sum_received"]["bits_per_second"] > 1e6
PY
}
streams 10.9.0.2
streams fd00:9::2 -R

# What came twice was seen on both sides, and the session did not mind.
counted replay_duplicate 20 || fail "the gateway met $(counter replay_duplicate) duplicates"
jump status --json >"$logs/status.json"
python3 - "$logs/status.json" <<'PY' || fail "the client: $(cat "$logs/status.json")"
import json, sys
status = json.load(open(sys.argv[1]))
assert status["drops"]["replay_duplicate"] >= 20 and status["state"] == "ATTACHED" and status["uplink"] == "wifi"
PY
(($(events "$gateway_events" 'e.get("new") == "VOLATILE"') == 0)) || fail "the session did not stay: $(cat "$gateway_events")"
