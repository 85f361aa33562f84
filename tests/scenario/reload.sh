# Peers are added, and revoked, without a restart: the untouched session notices nothing, the revoked one ends; a broken
# file is refused whole. The control socket serves root and the members of its group, and nobody else.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
sed -i '/^\[gateway\]/a control_group = "operator"' "$JG_RUN/gateway.toml"
start_gateway
start_client
wait_for 5 answers
as() { setpriv --reuid nobody --regid nogroup "$@" "$build/tools/jumpctl/jumpctl" status --socket "$JG_RUN/jumpgated.sock"; }
as --groups operator >"$logs/member.txt" 2>&1 || fail "a member of the group is refused: $(cat "$logs/member.txt")"
if as --clear-groups >"$logs/stranger.txt" 2>&1; then fail "a stranger is served: $(cat "$logs/stranger.txt")"; fi
grep -q 'root or join its group' "$logs/stranger.txt" || fail "a stranger is not told why: $(cat "$logs/stranger.txt")"
# Whoever may open the file all the same is asked for by the kernel's word.
chmod 666 "$JG_RUN/jumpgated.sock"
if as --clear-groups >"$logs/stranger.txt" 2>&1; then fail "a stranger is served: $(cat "$logs/stranger.txt")"; fi
grep -q 'not allowed' "$logs/stranger.txt" || fail "a stranger is not told why: $(cat "$logs/stranger.txt")"

id=$(field session_id)

cp "$JG_RUN/gateway.toml" "$JG_RUN/good.toml"
cat >>"$JG_RUN/gateway.toml" <<EOT
[[peer]]
name = "bob"
public_key = "$("$build/src/app/jump/jump" genkey | "$build/src/app/jump/jump" pubkey)"
addresses = ["10.8.0.3/32"]
EOT
jumpctl reload | grep -q bob || fail "reload does not say that bob was added"
answers || fail "the untouched session noticed"
[[ $(field session_id) == "$id" ]] || fail "the untouched session was replaced"

echo 'nonsense = true' >>"$JG_RUN/gateway.toml"
if jumpctl reload 2>"$logs/refused.log"; then fail "a broken file was accepted"; fi
grep -q "nonsense" "$logs/refused.log" || fail "the refusal does not name the key: $(cat "$logs/refused.log")"
answers || fail "a refused reload touched the session"

sed '/\[\[peer\]\]/,$d' "$JG_RUN/good.toml" >"$JG_RUN/gateway.toml"
jumpctl reload | grep -q alice || fail "reload does not say that alice was revoked"
wait_for 5 has_event "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'operator_terminated'"
transitions() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters']['transition.$1'])"; }
(($(transitions operator_terminated) == 1 && $(transitions attached_to_transport) == 1)) || fail "transitions are not counted by reason"
