# ./run bench [dataplane [OPTION...]]    the data plane beside its floor; results in build/bench
# ./run bench engine [--sessions N]      the session engine with a million sessions
# ./run bench client [SECONDS [ROUNDS]]  the client's CPU time beside wireguard-go's
# ./run bench --compare FILE [OTHER]     two results side by side; OTHER: the last run's
source tools/run/lib.sh
result=build/bench/dataplane.json

if [[ ${1:-} == --compare ]]; then
  (($# >= 2)) || die "usage: ./run bench --compare FILE [OTHER]" 2
  exec python3 tools/run/bench_compare.py "$2" "${3:-$result}"
fi
name=${1:-dataplane}
shift || true
if [[ $name == client ]]; then
  need_root bench
  need_packages build demo test bench
  configure release
  compile release src/app/jumpgated/jumpgated src/app/jump/jump
  huge_reserve 512
  JUMPGATE_BUILD=$PWD/build/release exec bash tests/perf/client.sh "$@"
fi
if [[ $name == engine ]]; then
  need_packages build bench
  configure release
  compile release tests/perf/engine/engine
  mkdir -p build/bench
  exec build/release/tests/perf/engine/engine --output build/bench/engine.json \
    --commit "$(git describe --always --dirty 2>/dev/null || echo unknown)" "$@"
fi
[[ $name == dataplane ]] || die "no benchmark '$name'; there are: dataplane engine client" 2

need_root bench
need_packages build bench
configure release
compile release tests/perf/dataplane/dataplane
# A million sessions with their windows and expanded keys; without them the table ends earlier.
huge_reserve 9000
options=()
[[ -z ${JUMPGATE_NO_HUGE:-} ]] || options+=(--no-huge --sessions 1,1000)
mkdir -p build/bench
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
build/release/tests/perf/dataplane/dataplane --commit "$commit" --output "$result" "${options[@]}" "$@"
# A part of the table was asked for: without the peer.
if (($# == 0)); then
  memory=(--huge)
  [[ -z ${JUMPGATE_NO_HUGE:-} ]] || memory=()
  python3 tests/perf/ipsec_secgw.py "$result" build/release/tests/perf/dataplane/dataplane "${memory[@]}"
fi
say "results in $result"
