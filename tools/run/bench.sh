# ./run bench [NAME...]: Google Benchmark executables of tests/perf, their JSON in build/bench.
source tools/run/lib.sh
need_packages build bench
configure release
mapfile -t targets < <(profile_targets release executables-in tests/perf)
((${#targets[@]})) || die "there are no benchmarks in tests/perf" 2
compile release "${targets[@]}"
((EUID != 0)) || huge_reserve 1024

mkdir -p build/bench
ran=0
for target in "${targets[@]}"; do
  name=$(basename "$target")
  (($# == 0)) || [[ " $* " == *" $name "* ]] || continue
  say "$name"
  ran=$((ran + 1))
  "build/release/$target" --benchmark_out="build/bench/$name.json" --benchmark_out_format=json
done
((ran)) || die "no benchmark '$*'; there are: ${targets[*]}" 2
say "results in build/bench"
