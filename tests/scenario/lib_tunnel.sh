# Harness of the scenarios with a whole tunnel: the demo's topology (drawn in tools/demo/topology.sh) with the real
# programs in it, under the names and the cleanup of lib.sh. A scenario sources this file instead of lib.sh.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ -x $build/src/app/jumpgated/jumpgated && -x $build/src/app/jump/jump ]] || fail "the gateway and the client are not built in $build"

export JG_PREFIX=$prefix JG_RUN=$logs/run
source "$root/tools/demo/topology.sh"
source "$root/tools/demo/stage.sh"

jump() { ns client "$build/src/app/jump/jump" "$1" --socket "$JG_RUN/jump.sock" "${@:2}"; }
jumpctl() { "$build/tools/jumpctl/jumpctl" "$1" --socket "$JG_RUN/jumpgated.sock" "${@:2}"; }
gateway_events="$logs/run/gateway-events.jsonl"
client_events="$logs/run/client-events.jsonl"

# lay_out [DELAY_WIFI DELAY_CELL]: namespaces, both uplinks (5 and 15 ms each way unless told), keys and configs.
lay_out() {
  local name
  for name in client link net gw server; do namespaces+=("$prefix-$name"); done
  topology_up
  start link link-wifi "$build/drivers/link_faulty/link_faulty" run w0 w1 --delay "${1:-5}" --control "$JG_RUN/wifi.ctl"
  start link link-cell "$build/drivers/link_faulty/link_faulty" run c0 c1 --delay "${2:-15}" --control "$JG_RUN/cell.ctl"
  stage_keys "$build"
  stage_configs
}

# lay_out_bob, stage_bob: a second client behind an uplink of its own, dsl (IPv6); its key, its peer in the gateway's
# configuration, and its own, made from the first client's.
lay_out_bob() {
  make_ns bob
  topology_wire bob dsl net bob
  ns net ip -6 address add 2001:db8:b::1/64 dev bob
  ns bob ip -6 address add 2001:db8:b::2/64 dev dsl
  ns bob ip -6 route add default via 2001:db8:b::1
}
stage_bob() {
  (umask 077 && "$build/src/app/jump/jump" genkey >"$JG_RUN/bob.key")
  cat >>"$JG_RUN/gateway.toml" <<EOT

[[peer]]
name = "bob"
public_key = "$("$build/src/app/jump/jump" pubkey <"$JG_RUN/bob.key")"
addresses = ["10.8.0.3/32", "fd00:8::3/128"]
EOT
  sed "s#client\.key#bob.key#; s#jump\.sock#bob.sock#; s#client-#bob-#; /^\[\[uplink\]\]/,\$d" "$JG_RUN/client.toml" >"$JG_RUN/bob.toml"
  printf '[[uplink]]\nname = "dsl"\ninterface = "dsl"\n' >>"$JG_RUN/bob.toml"
}

start_gateway() {
  start gw jumpgated "$build/src/app/jumpgated/jumpgated" --config "$JG_RUN/gateway.toml"
  gateway=$started
  wait_for 20 jumpctl status
}

start_client() {
  start client jump "$build/src/app/jump/jump" up "$JG_RUN/client.toml"
  client=$started
  wait_for 15 is_attached
}

# start_server [SIZE]: a web server with a file of random bytes (1M unless told).
start_server() {
  mkdir -p "$JG_RUN/www"
  head -c "${1:-1M}" /dev/urandom >"$JG_RUN/www/file.bin"
  serve server web 10.9.0.2 8000
}
# serve NS NAME ADDRESS PORT: the same file there.
serve() {
  local host=$3
  [[ $host != *:* ]] || host="[$host]"
  start "$1" "$2" python3 "$root/tools/demo/web_server.py" "$3" "$4" "$JG_RUN/www"
  wait_for 5 ns "$1" curl -s -g -o /dev/null "http://$host:$4/"
}

# fetch [CURL OPTION...]: the file through the tunnel, over one TCP connection; compared byte by byte.
fetch() {
  ns client curl -s --max-time 40 "$@" -o "$JG_RUN/fetched.bin" http://10.9.0.2:8000/file.bin &&
    cmp "$JG_RUN/fetched.bin" "$JG_RUN/www/file.bin"
}

# begin_streams RATE: fetches the file at so many bytes a second, and sends the server 3,000 UDP packets, 1,000 a second;
# returns when both flow. For a jump in their middle.
begin_streams() {
  fetch --limit-rate "$1" &
  transfer=$!
  start server udp python3 "$root/tools/demo/udp_stream.py" receive 10.9.0.2 7000 --idle 4
  wait_for 5 ns server sh -c 'ss -lun | grep -q :7000'
  start client udp-send python3 "$root/tools/demo/udp_stream.py" send 10.9.0.2 7000 --count 3000 --rate 1000
  wait_for 5 test -s "$JG_RUN/fetched.bin"
}

# streams_arrived: the file over its one connection, and every packet, once.
streams_arrived() {
  wait "$transfer" || fail "the transfer did not survive the jump"
  wait_for 20 logged udp '"received"'
  grep -q '"received": 3000, "duplicated": 0' "$logs/udp.log" || fail "UDP: $(cat "$logs/udp.log")"
}

# serve_from_client: at the client's inner address.
serve_from_client() { serve client web-client 10.8.0.2 8001; }

# fetch_back: from there to the server, over one TCP connection; compared byte by byte.
fetch_back() {
  ns server curl -s --max-time 40 -o "$JG_RUN/fetched-back.bin" http://10.8.0.2:8001/file.bin &&
    cmp "$JG_RUN/fetched-back.bin" "$JG_RUN/www/file.bin"
}

# up: the whole tunnel, carrying both families.
up() {
  lay_out
  start_gateway
  start_client
  wait_for 5 answers 10.9.0.2
  wait_for 5 answers fd00:9::2
}

# field NAME: one field of the client's status.
field() { jump status --json | python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
is_attached() { [[ $(field state) == ATTACHED ]]; }
is_on() { [[ $(field uplink) == "$1" && $(field state) == ATTACHED ]]; }
answers() { ns client ping -c 1 -W 1 "${1:-10.9.0.2}"; }

# counter NAME: a drop counter of the gateway, summed over workers.
counter() { jumpctl counters --json | python3 -c "import json,sys; print(json.load(sys.stdin)['counters'].get('drop.$1', 0))"; }
counted() { (($(counter "$1") >= $2)); }

# events FILE EXPRESSION: how many events of the log satisfy the Python expression over e.
events() {
  python3 - "$1" "$2" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1]) if line.endswith("\n")]
print(sum(bool(eval(sys.argv[2], {"e": e})) for e in lines))
PY
}
has_event() { (($(events "$1" "$2") > 0)); }

# capture NS INTERFACE [FILTER...]: a witness, into INTERFACE.pcap anew, with room in its ring for a burst: with whole
# packets of 256 KiB the ring has eight.
capture() {
  rm -f "$logs/tcpdump-$2.log"
  start "$1" "tcpdump-$2" tcpdump -i "$2" -s 2048 --immediate-mode -U -w "$logs/$2.pcap" "${@:3}"
  wait_for 5 logged "tcpdump-$2" "listening on $2"
}

# bear_losses: a path that swallows large packets loses packets; the session stays, so that its path's MTU alone mends it.
# Before start_gateway.
bear_losses() {
  cat >>"$JG_RUN/gateway.toml" <<'EOF'
[policy.volatility]
loss_volatile_threshold = 0.999
max_consecutive_drops = 20
EOF
}
# slow_down RATE: both uplinks, on the way to the client.
slow_down() {
  local interface
  for interface in wifi cell; do ns net tc qdisc add dev "$interface" root tbf rate "$1" burst 32k latency 100ms; done
}
path_mtu() { jumpctl session alice --json | python3 -c "import json,sys; print(json.load(sys.stdin)['path_mtu'])"; }
gateway_found() { [[ $(path_mtu) == "$1" ]]; }
client_found() { [[ $(field path_mtu) == "$1" ]]; }
# narrow IFACE: nothing above 1280 bytes passes over it, either way, and nobody is told.
narrow() {
  ns net nft -f - <<EOT
table inet narrow_$1 {
  chain forward { type filter hook forward priority 0; iifname "$1" meta length gt 1280 drop; oifname "$1" meta length gt 1280 drop; }
}
EOT
}
widen() { ns net nft delete table inet "narrow_$1"; }
