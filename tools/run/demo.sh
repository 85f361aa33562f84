# ./run demo [--keep]: the main job, shown with figures measured here and now.
source tools/run/lib.sh
for argument in "$@"; do
  [[ $argument == --keep ]] || die "demo knows --keep, not '$argument'" 2
done
need_root demo
# Whatever ends this run early, no earlier one speaks for it.
rm -f build/demo/report.json
need_packages build demo
configure release
compile release src/app/jumpgated/jumpgated src/app/jump/jump tools/jumpctl/jumpctl drivers/link_faulty/link_faulty
huge_reserve 1024
export JUMPGATE_BUILD=$PWD/build/release
[[ -f tools/demo/demo.sh ]] || die "tools/demo/demo.sh is not in this tree" 2
exec bash tools/demo/demo.sh "$@"
