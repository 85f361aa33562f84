# A peer's filter lets the web through and nothing else: real TCP, real ICMP answers, both families. A reload changes it
# under a running session. Rules that never decide are warned of.
# limit: 90
source "$(dirname "$0")/lib_tunnel.sh"

lay_out
start_server
cat >>"$JG_RUN/gateway.toml" <<'EOT'
filter = "web"

[[filter]]
name = "web"
default = "deny"
[[filter.rule]]
action = "allow"
direction = "in"
protocol = "tcp"
to = "10.9.0.2/32"
to_ports = "8000"
[[filter.rule]]
action = "allow"
direction = "out"
protocol = "tcp"
from_ports = "8000"
EOT
start_gateway
start_client
fetch || fail "what the filter allows did not come through"
filtered() { grep -qiE 'filtered|prohibited' <<<"$(ns "$1" ping -n -c 1 -W 2 "$2" 2>&1)"; }
filtered client 10.9.0.2 || fail "the client was not told that its ping is filtered"
filtered client fd00:9::2 || fail "IPv6: the client was not told that its ping is filtered"
filtered server 10.8.0.2 || fail "the server was not told that its ping is filtered"
wait_for 5 counted filter_denied 3
# They are the session's too.
drops=$(jumpctl session alice --json | python3 -c "import json,sys; print(json.load(sys.stdin)['drops'])")
((drops >= 3)) || fail "the session shows $drops drops"

sed -i 's/^default = "deny"/default = "allow"/' "$JG_RUN/gateway.toml"
jumpctl reload | grep -q 'filters: changed' || fail "the reload does not say that filters changed"
wait_for 5 answers 10.9.0.2
wait_for 5 answers fd00:9::2
wait_for 5 ns server ping -n -c 1 -W 1 10.8.0.2

cat >>"$JG_RUN/gateway.toml" <<'EOT'
[[filter.rule]]
action = "deny"
direction = "in"
protocol = "tcp"
to = "10.9.0.2/32"
to_ports = "8000"
EOT
line=$(grep -n '^\[\[filter.rule\]\]' "$JG_RUN/gateway.toml" | tail -1 | cut -d: -f1)
said=$("$build/tools/jumpctl/jumpctl" config check "$JG_RUN/gateway.toml" 2>&1) || fail "a valid file was refused: $said"
grep -q "gateway.toml:$line:1: .*never decides.*says the contrary" <<<"$said" || fail "no warning: $said"
