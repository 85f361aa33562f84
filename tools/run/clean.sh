# ./run clean: takes the demo down, puts the host back, removes build/.
source tools/run/lib.sh
if [[ -f tools/demo/down.sh ]]; then
  say "taking the demo down"
  bash tools/demo/down.sh
  rm -rf /run/jumpgate-demo
fi
if [[ -f $host_state ]]; then
  need_root clean
  say "restoring hugepages and mounts"
  huge_restore
fi
say "removing build/"
rm -rf build
