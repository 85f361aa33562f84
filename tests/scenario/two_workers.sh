# Two workers on ports with two queues each (net_af_packet): packets come to whichever worker a hash of their addresses
# says, and go over the hand-off rings to the one that owns the session. TCP and UDP, both ways and over a planned jump,
# know nothing of it.
# limit: 90
JG_DRIVER=af_packet
source "$(dirname "$0")/lib_tunnel.sh"

# worker_count WORKER NAME: a counter of one worker.
worker_count() { jumpctl counters --worker "$1" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters']['$2'])"; }

lay_out
# One cpu may have to do for all three threads.
mapfile -t cpus < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)), sep="\n")')
sed -i "/^listen_port/a workers = 2\nlcores = [${cpus[0]}, ${cpus[-1]}, ${cpus[0]}]" "$JG_RUN/gateway.toml"
start_server 8M
start_gateway
start_client
wait_for 5 answers 10.9.0.2
wait_for 5 answers fd00:9::2
id=$(field session_id)
serve_from_client

begin_streams 2M
jump to cell
wait_for 10 is_on cell
fetch_back || fail "the file did not come through whole, from the client"
streams_arrived
[[ $(field session_id) == "$id" ]] || fail "the session's identity changed"

# One session: one worker owns it, and the other's queues got packets of it, since flows of many ports are spread: of
# thirty-two, each of five packets at least, fewer than four would come by them once in a million times.
for port in {9000..9031}; do ns client curl -s --max-time 1 --local-port "$port" -o /dev/null http://10.9.0.2:8000/ || true; done
owner=$(jumpctl session alice --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["worker"])')
other=$((1 - owner))
handed=$(worker_count "$other" handed_off)
((handed >= 20)) || fail "worker $other handed $handed packets to worker $owner"
(($(worker_count "$other" sealed) == 0)) || fail "worker $other sealed packets of a session that is not its own"
stop "$gateway"
