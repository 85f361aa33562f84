# IPv6 lets no link refuse 1280 bytes (RFC 8200 section 5), and hosts send them whatever they are told. Two TCP connections
# over IPv6, one each way, are under way when the path narrows to 1280 bytes, of which the tunnel takes 60: they go on, and
# both files arrive. Pings of 1280 bytes pass, before and behind a jump onto a path of 1280 where the tunnel takes 80.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
bear_losses
start_server 6M
serve server web6 fd00:9::2 8000
start_gateway
start_client
wait_for 5 answers fd00:9::2
serve client web6-client fd00:8::2 8001
slow_down 12mbit
wait_for 10 gateway_found 1500
wait_for 10 client_found 1500

ns client curl -s -g --max-time 60 -o "$JG_RUN/down.bin" "http://[fd00:9::2]:8000/file.bin" &
down=$!
ns server curl -s -g --max-time 60 --limit-rate 1500k -o "$JG_RUN/up.bin" "http://[fd00:8::2]:8001/file.bin" &
up=$!
wait_for 5 test -s "$JG_RUN/down.bin"
wait_for 5 test -s "$JG_RUN/up.bin"
narrow wifi
wait "$down" || fail "the transfer to the client broke off"
wait "$up" || fail "the transfer from the client broke off"
for file in down up; do
  cmp "$JG_RUN/$file.bin" "$JG_RUN/www/file.bin" || fail "$file.bin did not come through whole"
done
figure() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters'].get('$1', 0))"; }
(($(figure inner_parted) > 500)) || fail "the segments to the client did not go in two parts"
(($(figure inner_joined) > 500)) || fail "the segments from the client did not come in two parts"

largest() { ns "$1" ping -n -c 1 -W 1 -M do -s 1232 "$2"; }
wait_for 5 largest client fd00:9::2
wait_for 5 largest server fd00:8::2
narrow cell
jump to cell >/dev/null
wait_for 10 is_on cell
# Packets of the first probe's size share its fate, for a second.
wait_for 10 largest client fd00:9::2
wait_for 10 largest server fd00:8::2
(($(counter inner_part_lost) < 10)) || fail "$(counter inner_part_lost) parts were lost"
