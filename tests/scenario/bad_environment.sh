# What the machine lacks is named, with what mends it; nothing is left behind; exit status 1.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
refuses() { # refuses PATTERN COMMAND...: exits with 1 within 20 s and says so
  local pattern=$1 status=0
  shift
  timeout 20 "$@" >"$logs/refused.log" 2>&1 || status=$?
  ((status == 1)) || fail "'$pattern': exit status $status: $(tail -n 3 "$logs/refused.log")"
  grep -qiE "$pattern" "$logs/refused.log" || fail "does not say '$pattern': $(tail -n 3 "$logs/refused.log")"
}

jumpgated=$build/src/app/jumpgated/jumpgated
config=$JG_RUN/gateway.toml
# Somebody who is not root, whether or not the key can be read.
install -o nobody -m 600 "$JG_RUN/gateway.key" "$JG_RUN/nobody.key"
sed "s|gateway.key|nobody.key|" "$config" >"$JG_RUN/nobody.toml"
for file in "$config" "$JG_RUN/nobody.toml"; do
  refuses "needs root.*: sudo jumpgated --config $file" setpriv --reuid nobody --clear-groups "$jumpgated" --config "$file"
done
refuses "too few cpus.*workers" taskset -c 0 ip netns exec "$prefix-gw" "$jumpgated" --config "$config"

config=$JG_RUN/missing-port.toml
sed 's/^interface = "inner"/interface = "nowhere0"/' "$JG_RUN/gateway.toml" >"$config"
refuses "nowhere0" ip netns exec "$prefix-gw" "$jumpgated" --config "$config"

# More memory than hugepages are free: the plan's number, and nothing is taken.
sed 's/^huge = .*/huge = true/; s/^max_sessions = .*/mbufs = 4194304/' "$JG_RUN/gateway.toml" >"$JG_RUN/large.toml"
needed=$("$jumpgated" --plan "$JG_RUN/large.toml" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['hugepages']['needed'])")
refuses "$needed hugepages of .* sysctl -w vm.nr_hugepages=[0-9]+$" ip netns exec "$prefix-gw" "$jumpgated" --config "$JG_RUN/large.toml"

# An event log that can not be written is told at once, and the gateway serves all the same.
sed "s|gateway-events.jsonl|gateway.toml/events.jsonl|" "$JG_RUN/gateway.toml" >"$JG_RUN/mute.toml"
start gw mute "$jumpgated" --config "$JG_RUN/mute.toml"
wait_for 20 logged mute 'events.file .*/gateway.toml/events.jsonl: Not a directory'
wait_for 20 logged mute 'ready'
stop "$started"

start_gateway
config=$JG_RUN/second.toml
sed "s|jumpgated.sock|second.sock|; s|gateway-state|second-state|; s|gateway-events|second-events|" "$JG_RUN/gateway.toml" >"$config"
refuses "used by another" ip netns exec "$prefix-gw" "$jumpgated" --config "$config"
# The one that runs noticed nothing.
start_client
wait_for 5 answers

# What a killed run left is found by its name; a living one's is not.
gone=jgs$(bash -c 'echo $$')-gone
ip netns add "$gone"
namespaces+=("$gone")
ip netns exec "$gone" sleep 300 &
sleeper=$!
lives_there() { [[ $(ip netns pids "$gone") == "$sleeper" ]]; }
wait_for 5 lives_there
abandoned=$(abandoned_namespaces)
grep -qx "$gone" <<<"$abandoned" && ! grep -q "^$prefix-" <<<"$abandoned" || fail "taken for abandoned: '$abandoned'"
namespaces_down "$gone"
[[ ! -e /run/netns/$gone ]] && reap "$sleeper" || fail "$gone or its process is still there"
