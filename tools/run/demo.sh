# ./run demo [--keep]: the main job, shown with figures measured here and now.
source tools/run/lib.sh
need_root demo
need_packages build demo
configure release
compile release src/app/jumpgated/jumpgated src/app/jump/jump tools/jumpctl/jumpctl drivers/link_faulty/link_faulty
huge_reserve 1024
export JUMPGATE_BUILD=$PWD/build/release
[[ -f tools/demo/demo.sh ]] || die "tools/demo/demo.sh is not in this tree" 2
exec bash tools/demo/demo.sh "$@"
