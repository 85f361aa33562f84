# ./run mutants [NAME...]: breaks one rule of the code at a time (tests/mutants/*.patch) in a copy of the tree;
# the test that the patch names must then fail. The head of a patch:
#   rule: what is broken, and the page of spec/ that says it
#   target: of ninja, an executable of GoogleTest
#   test: its filter
# A mutant that survives, does not compile or does not apply is an error. Some 5 s each on one core.
source tools/run/lib.sh
need_packages build test

whole=$PWD/build/mutants/whole tree=$PWD/build/mutants/tree log=$PWD/build/mutants/log.txt
mkdir -p "$tree"
rm -rf "$whole" && mkdir "$whole"
# The tree as it stands, changes that are not committed included; twice, to mend from.
git ls-files -z | while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
  tar --null -T - -c | tar -x -C "$whole"
find "$tree" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
cp -a "$whole/." "$tree"
: >"$log"
cd "$tree"
# What a mutant touches is built anew: of the last run a broken object may be left.
sed -n 's,^+++ b/,,p' tests/mutants/*.patch | sort -u | while read -r file; do [[ ! -e $file ]] || touch "$file"; done

header() { sed -n "s/^$2: //p" "$1" | head -n 1; }
patches=()
for patch in tests/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  (($# == 0)) || [[ " $* " == *" $name "* ]] || continue
  [[ -n $(header "$patch" rule) && -n $(header "$patch" target) && -n $(header "$patch" test) ]] ||
    die "$name.patch names no rule, target or test"
  patches+=("$patch")
done
((${#patches[@]})) || die "no mutant '$*'" 2
# Those of one target one after the other: less to link anew.
mapfile -t patches < <(for patch in "${patches[@]}"; do echo "$(header "$patch" target) $patch"; done |
  sort | cut -d ' ' -f 2)

CXX_LD=gold configure debug # links in a third of the time
declare -A filters
for patch in "${patches[@]}"; do
  target=$(header "$patch" target)
  filters[$target]+=${filters[$target]:+:}$(header "$patch" test)
done
compile debug "${!filters[@]}"
# Unbroken, each named test is there and passes.
for target in "${!filters[@]}"; do
  "build/debug/$target" --gtest_filter="${filters[$target]}" >>"$log" 2>&1 ||
    die "$target fails without a mutant, see $log"
done
for patch in "${patches[@]}"; do
  # A program may write lines of its own before the list.
  [[ $("build/debug/$(header "$patch" target)" --gtest_list_tests --gtest_filter="$(header "$patch" test)") == *$'\n  '* ]] ||
    die "$patch: there is no test $(header "$patch" test)"
done

export CCACHE_READONLY=1 # a broken object is not worth a place there
killed=0
for patch in "${patches[@]}"; do
  target=$(header "$patch" target)
  echo "== $patch" >>"$log"
  if ! patch -p1 --fuzz=2 --no-backup-if-mismatch -r - -i "$patch" >>"$log" 2>&1; then
    outcome=STALE # does not apply any more
  elif ! ninja -C build/debug "$target" >>"$log" 2>&1; then
    outcome=BROKEN # does not compile
  elif timeout 120 "build/debug/$target" --gtest_filter="$(header "$patch" test)" >>"$log" 2>&1; then
    outcome=SURVIVES
  else
    outcome=killed
    killed=$((killed + 1))
  fi
  printf '%-8s %-32s %s\n' "$outcome" "$(basename "$patch" .patch)" "$(header "$patch" rule)"
  while read -r file; do cp "$whole/$file" "$file"; done < <(sed -n 's,^+++ b/,,p' "$patch")
done
say "$killed of ${#patches[@]} mutants killed; the whole story is in $log"
((killed == ${#patches[@]}))
