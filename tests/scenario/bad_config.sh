# Bad configurations: file, line and what is expected; nothing started; exit status 2.
source "$(dirname "$0")/lib_tunnel.sh"

mkdir -p "$JG_RUN"
stage_keys "$build"
stage_configs
gateway_refuses() { # gateway_refuses SED-EXPRESSION PATTERN
  local status=0
  sed "$1" "$JG_RUN/gateway.toml" >"$JG_RUN/bad.toml"
  timeout 10 "$build/src/app/jumpgated/jumpgated" --config "$JG_RUN/bad.toml" >"$logs/bad.log" 2>&1 || status=$?
  ((status == 2)) || fail "'$1': exit status $status: $(cat "$logs/bad.log")"
  grep -qE "bad.toml:[0-9]+" "$logs/bad.log" || fail "'$1': no file and line: $(cat "$logs/bad.log")"
  grep -qiE "$2" "$logs/bad.log" || fail "'$1': does not say '$2': $(cat "$logs/bad.log")"
}
gateway_refuses 's/^listen_port.*/listen_prot = 51820/' 'listen_port'
gateway_refuses 's/^listen_port.*/listen_port = "x"/' 'integer'
gateway_refuses 's/^listen_port.*/listen_port = 70000/' '65535'
gateway_refuses 's/^max_sessions.*/max_sessions = 0/' 'max_sessions'
gateway_refuses 's/^addresses = \["10.8.*/addresses = ["10.9.0.7\/32"]/' 'overlap'
gateway_refuses '$a [[peer]]\nname = "alice"\npublic_key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA="\naddresses = ["10.8.0.9/32"]' 'alice'
gateway_refuses '0,/^role/s//mtu = 1279\nrole/' '1280'
gateway_refuses '$a [[route]]\nprefix = "10.20.0.0/16"\nport = "inner"' "'via' is missing"
gateway_refuses '$a [[filter]]\nname = "f"\n[[filter.rule]]\naction = "deny"\nprotocol = "tcp"\nto_ports = "80000"' "'80000' found"
gateway_refuses 's/^name = "alice"$/&\nprofile = "mobil"/' "names 'mobil', which is not defined"
gateway_refuses 's|gateway.key|nowhere.key|' 'nowhere.key'
chmod 644 "$JG_RUN/gateway.key"
gateway_refuses 's/^$//' 'chmod|permission|mode|readable'
chmod 600 "$JG_RUN/gateway.key"

status=0
sed 's/^tun = .*/tunn = "x"/' "$JG_RUN/client.toml" >"$JG_RUN/bad.toml"
"$build/src/app/jump/jump" up "$JG_RUN/bad.toml" >"$logs/bad.log" 2>&1 || status=$?
((status == 2)) && grep -qE 'bad.toml:[0-9]+' "$logs/bad.log" || fail "client: status $status: $(cat "$logs/bad.log")"

# An option of the demo that was misspelt starts nothing either.
status=0
timeout 10 "$root/run" demo --kep >"$logs/bad.log" 2>&1 || status=$?
((status == 2)) && grep -q "not '--kep'" "$logs/bad.log" || fail "./run demo --kep: status $status: $(cat "$logs/bad.log")"
