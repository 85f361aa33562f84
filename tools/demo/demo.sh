#!/usr/bin/env bash
# Lays out topology.sh, starts the real programs and plays demo.py. --keep leaves everything up afterwards.
# `./run demo` has built the programs (JUMPGATE_BUILD) and tried to reserve hugepages (else JUMPGATE_NO_HUGE is set).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${JUMPGATE_BUILD:?set it to the build folder, or use ./run demo}
export JG_PREFIX=jg JG_RUN=/run/jumpgate-demo
source "$here/topology.sh"
source "$here/stage.sh"

keep=false
[[ ${1:-} != --keep ]] || keep=true

bash "$here/down.sh"
rm -rf "$JG_RUN"
$keep || trap 'bash "$here/down.sh"' EXIT

echo "== laying out five network namespaces: $JG_PREFIX-{client,link,net,gw,server}"
topology_up
topology_links "$bin"
stage_keys "$bin"
stage_configs
stage_server
echo "== starting jumpgated (log: $JG_RUN/jumpgated.log)"
stage_gateway "$bin"
stage_wait 30 "jumpgated" "$bin/tools/jumpctl/jumpctl" status --socket "$JG_RUN/jumpgated.sock" ||
  { tail -n 20 "$JG_RUN/jumpgated.log"; exit 1; }
echo "== starting jump (log: $JG_RUN/jump.log)"
stage_client "$bin"

status=0
python3 "$here/demo.py" --prefix "$JG_PREFIX" --run "$JG_RUN" --bin "$bin" --report build/demo/report.json || status=$?
mkdir -p build/demo
cp "$JG_RUN"/*.log "$JG_RUN"/*-events.jsonl build/demo/ 2>/dev/null || true

if $keep; then
  cat <<EOT
== left up. To try by hand:
   ip netns exec $JG_PREFIX-client ping 10.9.0.2
   ip netns exec $JG_PREFIX-client $bin/src/app/jump/jump to cell --socket $JG_RUN/jump.sock
   ip netns exec $JG_PREFIX-client $bin/src/app/jump/jump status --socket $JG_RUN/jump.sock
   $bin/tools/jumpctl/jumpctl sessions --socket $JG_RUN/jumpgated.sock
   ip netns exec $JG_PREFIX-net tcpdump -ni core udp port 51820
   ./run clean          takes it down again
EOT
fi
exit $status
