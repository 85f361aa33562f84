#!/usr/bin/env bash
# usage: run.sh small|large [FOLDER]: searches the state spaces of the models whole, and small also sees each
# mutant of mutants.h caught. One line a search; ends 0 when all is as it must be. How to read it: README.md.
set -euo pipefail
models=$(dirname "$(readlink -f "$0")")
size=${1:?small or large}
work=${2:-$(mktemp -d)}
[[ $# -ge 2 ]] || trap 'rm -rf "$work"' EXIT
command -v spin >/dev/null || { echo "run.sh: spin is missing, mend with: apt-get install spin" >&2; exit 2; }

# name | model | bounds | claims beside the assertions
small='
jump      | session   | -DJUMPS=2 -DDENIALS=1                        |
relay     | session   | -DJUMPS=2 -DRELAY=1                          |
rebind    | session   | -DCHECKS=1 -DNAT=1 -DPACKETS=1               |
rekey     | session   | -DREKEYS=2 -DPACKETS=1                       |
close     | session   | -DREKEYS=1 -DCLOSE=1 -DPACKETS=1             |
interplay | session   | -DCHECKS=1 -DREKEYS=1 -DPACKETS=1            |
handshake | handshake |                                              |
owner     | owner     |                                              |
crash     | session   | -DJUMPS=2 -DCLOSE=1 -DCRASH=1                |
recovery  | recovery  |                                              | ends lives leaves together
farewell  | recovery  | -DCHANGES=1 -DNAT=1 -DCLOSE=1                | ends lives leaves together'
large='
jump      | session   | -DJUMPS=4 -DDENIALS=1                              |
relay     | session   | -DJUMPS=3 -DRELAY=1                                |
rebind    | session   | -DCHECKS=1 -DNAT=1 -DPACKETS=2                     |
rekey     | session   | -DREKEYS=2 -DPACKETS=2                             |
close     | session   | -DREKEYS=1 -DCLOSE=1 -DPACKETS=2                   |
interplay | session   | -DCHECKS=1 -DREKEYS=1 -DNAT=1 -DPACKETS=1          |
closing   | session   | -DCHECKS=1 -DREKEYS=1 -DCLOSE=1 -DPACKETS=1        |
leaving   | session   | -DCHECKS=1 -DREKEYS=1 -DNAT=1 -DCLOSE=1 -DPACKETS=1 |
handshake | handshake | -DHELLOS=4 -DSESSIONS=4                            |
owner     | owner     | -DTAKEOVERS=4 -DCOMMITS=4                          |
crash     | session   | -DJUMPS=2 -DREKEYS=1 -DCRASH=1 -DPACKETS=1         |
recovery  | recovery  | -DCHANGES=4                                        | ends lives leaves together
farewell  | recovery  | -DCHANGES=2 -DNAT=1 -DCLOSE=1                      | ends lives leaves together'
case $size in
  small) table=$small optimize=-O0 compress= memory=1500 hash=18 ;;
  large) table=$large optimize=-O1 compress=-DCOLLAPSE memory=6000 hash=24 ;;
  *) echo "run.sh: no size '$size': small or large" >&2; exit 2 ;;
esac

bad=0
complain() { printf 'WRONG  %s\n' "$*"; bad=1; }

# search NAME [CLAIM]: runs the checker; its report in $work/NAME.out.
search() {
  local claim=()
  [[ -z ${2:-} ]] || claim=(-a -N "$2")
  (cd "$work/$1" && ./pan -m1000000 -w$hash -n "${claim[@]}") >"$work/$1.out" 2>&1 || true
}
figure() { sed -nE "s/$2/\\1/p" "$work/$1.out" | head -n 1; }

printf '%-10s %-9s %12s %12s %8s  %s\n' model claim states transitions depth bounds
while IFS='|' read -r name model bounds claims; do
  name=${name// /} model=${model// /}
  [[ -n $name ]] || continue
  mkdir -p "$work/$name"
  read -ra flags <<<"$bounds"
  (cd "$work/$name" && spin -a "${flags[@]}" "$models/$model.pml" >spin.log 2>&1 || cat spin.log)
  safety=-DSAFETY
  [[ -z ${claims// /} ]] || safety=
  gcc $optimize $safety -DNOREDUCE $compress -DMEMLIM=$memory -w -o "$work/$name/pan" "$work/$name/pan.c"
  for claim in ${claims:-safety}; do
    search "$name" "${claim/safety/}"
    printf '%-10s %-9s %12s %12s %8s  %s\n' "$name" "$claim" \
      "$(figure "$name" '^ *([0-9]+) states, stored.*')" \
      "$(figure "$name" '^ *([0-9.e+]+) transitions.*')" \
      "$(figure "$name" '.*depth reached ([0-9]+),.*')" "${bounds//  /}"
    grep -q 'errors: 0' "$work/$name.out" || complain "$name: $(grep -m 1 '^pan:1' "$work/$name.out")"
    ! grep -qE 'not completed|too small|out of memory' "$work/$name.out" || complain "$name: not searched whole"
  done
done <<<"$table"
[[ $size == small ]] || exit $bad

echo
caught=0
while read -r number mutant name rule; do
  claims=$(awk -F'|' -v name="$name" '$1 ~ "^" name " *$" {print $4}' <<<"$table")
  found=
  for claim in ${claims:-safety}; do
    MUTANT=$number search "$name" "${claim/safety/}"
    ! grep -q 'errors: 1' "$work/$name.out" || found=$claim
    [[ -z $found ]] || break
  done
  if [[ -n $found ]]; then
    caught=$((caught + 1))
    printf 'caught  %-28s %-10s %s\n' "$mutant" "$name" "$rule"
  else
    complain "mutant $mutant lives in $name: $rule"
  fi
done < <(sed -nE 's,^#define ([A-Z_]+) ([0-9]+) +/\* ([a-z]+): (.*) \*/$,\2 \1 \3 \4,p' "$models/mutants.h")
echo "$caught mutants caught"
((caught >= 20)) || complain "mutants.h was not read"
exit $bad
