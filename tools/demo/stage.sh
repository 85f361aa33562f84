# Keys, configurations and processes for the topology of topology.sh. Sourced, after it; functions only.
# JG_RUN holds everything: configs, keys, sockets, logs. Programs are taken from the meson build folder $1.

stage_keys() { # stage_keys BINDIR
  local name
  for name in gateway client; do
    (umask 077 && "$1/src/app/jump/jump" genkey >"$JG_RUN/$name.key")
    "$1/src/app/jump/jump" pubkey <"$JG_RUN/$name.key" >"$JG_RUN/$name.pub"
  done
}

stage_configs() { # stage_configs: both sides, product defaults wherever the topology does not speak
  local huge=true driver=${JG_DRIVER:-af_xdp}
  [[ -z ${JUMPGATE_NO_HUGE:-} ]] || huge=false
  cat >"$JG_RUN/gateway.toml" <<EOT
[gateway]
private_key_file = "$JG_RUN/gateway.key"
state_dir = "$JG_RUN/gateway-state"
control_socket = "$JG_RUN/jumpgated.sock"
listen_port = 51820

[events]
file = "$JG_RUN/gateway-events.jsonl"

[eal]
huge = $huge

[limits]
max_sessions = 1024

[[port]]
name = "outer"
role = "outer"
driver = "$driver"
interface = "outer"
addresses = ["198.51.100.2/24", "2001:db8:1::2/64"]
gateways = ["198.51.100.1", "2001:db8:1::1"]

[[port]]
name = "inner"
role = "inner"
driver = "$driver"
interface = "inner"
addresses = ["10.9.0.1/24", "fd00:9::1/64"]

[[peer]]
name = "alice"
public_key = "$(cat "$JG_RUN/client.pub")"
addresses = ["10.8.0.2/32", "fd00:8::2/128"]
EOT
  cat >"$JG_RUN/client.toml" <<EOT
[client]
private_key_file = "$JG_RUN/client.key"
state_dir = "$JG_RUN/client-state"
control_socket = "$JG_RUN/jump.sock"
tun = "jump0"
allowed_ips = ["10.9.0.0/24", "fd00:9::/64"]

[gateway]
public_key = "$(cat "$JG_RUN/gateway.pub")"
endpoints = ["198.51.100.2:51820", "[2001:db8:1::2]:51820"]

[events]
file = "$JG_RUN/client-events.jsonl"

[[uplink]]
name = "wifi"
interface = "wifi"

[[uplink]]
name = "cell"
interface = "cell"
EOT
}

stage_server() { # stage_server: a web server that knows nothing of VPNs, and a counter of the connections it accepts
  mkdir -p "$JG_RUN/www"
  head -c 2M /dev/urandom >"$JG_RUN/www/small.bin"
  head -c 16M /dev/urandom >"$JG_RUN/www/large.bin"
  ns server nft -f - <<'EOT'
table inet web {
  counter connections { }
  chain in { type filter hook input priority 0; tcp dport 8000 tcp flags & (syn | ack) == syn counter name connections; }
}
EOT
  ns server python3 "$(dirname "${BASH_SOURCE[0]}")/web_server.py" 10.9.0.2 8000 "$JG_RUN/www" >"$JG_RUN/web.log" 2>&1 &
}

stage_gateway() { # stage_gateway BINDIR
  ns gw "$1/src/app/jumpgated/jumpgated" --config "$JG_RUN/gateway.toml" >"$JG_RUN/jumpgated.log" 2>&1 &
}

stage_client() { # stage_client BINDIR
  ns client "$1/src/app/jump/jump" up "$JG_RUN/client.toml" >"$JG_RUN/jump.log" 2>&1 &
}

stage_wait() { # stage_wait SECONDS WHAT COMMAND...: polls the command; says what is missing at the deadline
  local limit=$1 what=$2 deadline=$((SECONDS + $1))
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { echo "$what: not within $limit s; logs in $JG_RUN" >&2; return 1; }
    read -rt 0.1 <> <(:) || true
  done
}
