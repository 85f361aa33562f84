# ./run fuzz [TARGET] [SECONDS]: each libFuzzer target of tests/fuzz for a bounded time. Seeds are read
# from tests/fuzz/corpus/TARGET when there are any; what is found goes to build/fuzz/found.
source tools/run/lib.sh
only='' seconds=60
for argument in "$@"; do
  if [[ $argument =~ ^[0-9]+$ ]]; then seconds=$argument; else only=$argument; fi
done

need_packages build sanitizers
configure fuzz
mapfile -t targets < <(profile_targets fuzz executables-in tests/fuzz)
((${#targets[@]})) || die "there are no fuzz targets in tests/fuzz" 2
compile fuzz "${targets[@]}"

mkdir -p build/fuzz/found
ran=0 failed=()
for target in "${targets[@]}"; do
  name=$(basename "$target")
  [[ -z $only || $name == "$only" || $name == "fuzz_$only" || $name == "${only}_fuzz" ]] || continue
  say "$name for $seconds s"
  ran=$((ran + 1))
  corpus=build/fuzz/corpus/$name seeds=tests/fuzz/corpus/$name
  mkdir -p "$corpus"
  [[ -d $seeds ]] || seeds=
  "build/fuzz/$target" -max_total_time="$seconds" -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="build/fuzz/found/$name-" "$corpus" ${seeds:+"$seeds"} \
    >"build/fuzz/$name.log" 2>&1 || failed+=("$name")
  grep -E '^stat::(number_of_executed_units|average_exec)|ERROR|SUMMARY' "build/fuzz/$name.log" || true
done
((ran)) || die "no fuzz target '$only'; there are: ${targets[*]}" 2
((${#failed[@]} == 0)) || die "found something: ${failed[*]}; see build/fuzz/found and build/fuzz/*.log"
say "$ran targets, nothing found"
