# ./run soak [--jumps N] [--hostile N] [--seed N] [--no-model]: gateway and clients in simulated time, with the release
# build, then the protocol's models within their large bounds. Ends with 0 if nothing was found.
#   build/soak/report.json   what was done and found: every count but `jumps` is 0 in a good run
#   build/soak/model.txt     states and transitions of each search
source tools/run/lib.sh

jumps=1000000 hostile=10000000 seed=$(date +%s) model=true
while (($#)); do
  if [[ $1 == --no-model ]]; then
    model=false
    shift
    continue
  fi
  [[ $1 =~ ^--(jumps|hostile|seed)$ ]] ||
    die "soak knows --jumps, --hostile, --seed and --no-model, not '$1'" 2
  [[ ${2:-} =~ ^[0-9]+$ ]] || die "$1 needs a number, not '${2:-}'" 2
  declare "${1#--}=$2"
  shift 2
done
need_packages build test
configure release
compile release tests/sim/sim
mkdir -p build/soak
say "soak: $jumps jumps, $hostile hostile messages; again with: ./run soak --jumps $jumps --hostile $hostile --seed $seed"
status=0
build/release/tests/sim/sim --seed "$seed" --jumps "$jumps" --hostile "$hostile" \
  --report build/soak/report.json --details build/soak/details.json || status=$?
cat build/soak/report.json build/soak/details.json
if $model; then
  say "the models within their large bounds; build/soak/model.txt"
  bash tests/model/large.sh build/soak/model | tee build/soak/model.txt || status=1
fi
exit $status
