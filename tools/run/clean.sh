# ./run clean: takes the demo down and what a killed test run left, puts the host back, removes build/.
source tools/run/lib.sh
source tools/demo/topology.sh
say "taking the demo down"
bash tools/demo/down.sh
rm -rf /run/jumpgate-demo
mapfile -t abandoned < <(abandoned_namespaces)
if ((${#abandoned[@]})); then
  need_root clean
  say "taking down what a killed test run left: ${abandoned[*]}"
  namespaces_down "${abandoned[@]}"
fi
if [[ -f $host_state ]]; then
  need_root clean
  say "restoring hugepages and mounts"
  huge_restore
fi
say "removing build/"
rm -rf build
