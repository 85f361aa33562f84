# ./run soak [--jumps N] [--hostile N] [--seed N]: gateway and clients in simulated time, with the release build.
# Ends with 0 if nothing was found; build/soak/report.json says what was done and found.
source tools/run/lib.sh

jumps=1000000 hostile=10000000 seed=$(date +%s)
while (($#)); do
  [[ $1 =~ ^--(jumps|hostile|seed)$ ]] || die "soak knows --jumps, --hostile and --seed, not '$1'" 2
  [[ ${2:-} =~ ^[0-9]+$ ]] || die "$1 needs a number, not '${2:-}'" 2
  declare "${1#--}=$2"
  shift 2
done
need_packages build
configure release
compile release tests/sim/sim
mkdir -p build/soak
say "soak: $jumps jumps, $hostile hostile messages; again with: ./run soak --jumps $jumps --hostile $hostile --seed $seed"
status=0
build/release/tests/sim/sim --seed "$seed" --jumps "$jumps" --hostile "$hostile" \
  --report build/soak/report.json || status=$?
cat build/soak/report.json
exit $status
