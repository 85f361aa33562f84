# ./run test [GROUP...]: ASan and UBSan on the whole suite, TSan on the tests of suite tsan, then the
# scenarios. The last line is "N passed, N failed, N skipped" whatever happens on the way.
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

need_root test
started=$SECONDS
need_packages build sanitizers test demo
configure asan
compile asan
if has_group tsan; then
  configure tsan
  mapfile -t targets < <(profile_targets tsan tests-of tsan)
  ((${#targets[@]} == 0)) || compile tsan "${targets[@]}"
fi
huge_reserve 512
say "built after $((SECONDS - started)) s"

export JUMPGATE_BUILD=$PWD/build/asan
status=0
counted=true
python3 tools/run/tests.py "${groups[@]}" || status=$?
exit $status
