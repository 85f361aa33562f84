# A worker without work sleeps unless it is told to poll; the tunnel lives either way.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

sleeps() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters']['sleeps'])"; }
has_slept() { (($(sleeps) > 0)); }

up
wait_for 10 has_slept
stop "$client"
stop "$gateway"

sed -i 's/^\[gateway\]/[gateway]\nidle = "poll"/' "$JG_RUN/gateway.toml"
start_gateway
start_client
wait_for 5 answers
(($(sleeps) == 0)) || fail "a worker that is to poll slept $(sleeps) times"
