# `jumpgated --plan` says what a start would do, to a user who could start nothing, and leaves nothing behind; what it
# refuses a start refuses too.
source "$(dirname "$0")/lib_tunnel.sh"

mkdir -p "$JG_RUN"
stage_keys "$build"
stage_configs # the interfaces that they name are not there
install -o nobody -m 600 "$JG_RUN/gateway.key" "$JG_RUN/nobody.key"
sed "s|gateway.key|nobody.key|" "$JG_RUN/gateway.toml" >"$JG_RUN/nobody.toml"
jumpgated=$build/src/app/jumpgated/jumpgated
plan() { timeout 10 setpriv --reuid nobody --clear-groups "$jumpgated" --plan "$JG_RUN/nobody.toml" "$@"; }
everything() { ls -A "$JG_RUN" /run/lock; }

before=$(everything)
plan >"$logs/plan.txt" || fail "exit status $?"
for part in '^controller +[0-9]+' '^worker 0 +[0-9]+' '^outer +outer +af_xdp +outer +unknown +1 ' '^packet buffers' '^in all'; do
  grep -qE "$part" "$logs/plan.txt" || fail "the plan lacks '$part': $(cat "$logs/plan.txt")"
done
plan --json >"$logs/plan.json"
python3 - "$logs/plan.json" <<'PY' || fail "the plan's JSON: $(cat "$logs/plan.json")"
import json, sys
plan = json.load(open(sys.argv[1]))
assert [thread["thread"] for thread in plan["threads"]] == ["controller", "worker 0"]
assert [port["numa_node"] for port in plan["ports"]] == [None, None]
assert plan["memory_bytes"] == sum(line["bytes"] for line in plan["memory"]) > 0
PY
[[ $(everything) == "$before" ]] || fail "it left something: $(diff <(echo "$before") <(everything))"

# refuses STATUS PATTERN COMMAND...
refuses() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  timeout 10 "$@" >"$logs/refused.log" 2>&1 || status=$?
  ((status == wanted)) || fail "$*: exit status $status: $(cat "$logs/refused.log")"
  grep -qE "$pattern" "$logs/refused.log" || fail "$*: does not say '$pattern': $(cat "$logs/refused.log")"
}
sed 's/^\[gateway\]/[gateway]\nlcores = [99, 0]/' "$JG_RUN/gateway.toml" >"$JG_RUN/no-cpu.toml"
refuses 2 'lcores.*no cpu 99' "$jumpgated" --plan "$JG_RUN/no-cpu.toml"
refuses 2 'lcores.*no cpu 99' "$jumpgated" --config "$JG_RUN/no-cpu.toml"
refuses 1 'too few cpus' taskset -c 0 "$jumpgated" --plan "$JG_RUN/gateway.toml"
refuses 2 'requires' "$jumpgated" --json
