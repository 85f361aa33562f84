# ./run test [GROUP...]: ASan and UBSan on the whole suite, TSan on the tests of suite tsan, and the scenarios with
# the programs of the ASan build. The last line is "N passed, N failed, N skipped" whatever happens on the way.
source tools/run/lib.sh

counted=false
trap '$counted || echo "0 passed, 1 failed, 0 skipped"' EXIT

groups=("$@")
((${#groups[@]})) || groups=(structure unit vectors fsm pipeline tsan scenario interop)
has_group() { [[ " ${groups[*]} " == *" $1 "* ]]; }
for group in "${groups[@]}"; do
  case $group in
    structure | unit | vectors | fsm | pipeline | tsan | scenario | interop) ;;
    *) die "no test group '$group'" 2 ;;
  esac
done

# What the scripts start; the rest is built beside them.
scenario_programs=(src/app/jumpgated/jumpgated src/app/jump/jump tools/jumpctl/jumpctl tools/jumpgen/jumpgen
  drivers/link_faulty/link_faulty tests/unit/ethdev/port_reflector)

need_root test
started=$SECONDS
need_packages build sanitizers test demo
configure asan
! has_group tsan || configure tsan
if has_group scenario || has_group interop; then
  compile asan "${scenario_programs[@]}"
  say "programs built after $((SECONDS - started)) s"
fi
huge_reserve 512

export JUMPGATE_BUILD=$PWD/build/asan
status=0
counted=true
python3 tools/run/tests.py "${groups[@]}" || status=$?
exit $status
