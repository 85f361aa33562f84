# A client, a gateway and a server in a row, over ports of DPDK and with the real programs: what measurements of both
# programs share. The topology is drawn in the scripts that source this.
source "$(dirname "${BASH_SOURCE[0]}")/../scenario/lib.sh"
jump=$build/src/app/jump/jump
[[ -x $jump && -x $build/src/app/jumpgated/jumpgated ]] || fail "the gateway and the client are not built in $build"

lay_out() {
  make_ns client gw server
  make_veth client W gw wan
  make_veth server B gw lan
  add_address client W 198.51.100.1/24
  add_address server B 10.9.0.2/24
  ip -n "$prefix-server" route add default via 10.9.0.1
}

make_keys() { (umask 077 && "$jump" genkey >"$logs/gateway.key" && "$jump" genkey >"$logs/client.key"); }

# write_configs LINE: one more of the gateway's own section.
write_configs() {
  local huge=true
  [[ -z ${JUMPGATE_NO_HUGE:-} ]] || huge=false
  cat >"$logs/gateway.toml" <<EOT
[gateway]
private_key_file = "$logs/gateway.key"
state_dir = "$logs/gateway-state"
control_socket = "$logs/jumpgated.sock"
$1
[events]
file = "$logs/events.jsonl"
[eal]
huge = $huge
[limits]
max_sessions = 64
[[port]]
name = "wan"
role = "outer"
driver = "${JG_DRIVER:-af_xdp}"
interface = "wan"
addresses = ["198.51.100.2/24"]
[[port]]
name = "lan"
role = "inner"
driver = "${JG_DRIVER:-af_xdp}"
interface = "lan"
addresses = ["10.9.0.1/24"]
[[peer]]
name = "client"
public_key = "$("$jump" pubkey <"$logs/client.key")"
addresses = ["10.8.0.2/32"]
EOT
  cat >"$logs/client.toml" <<EOT
[client]
private_key_file = "$logs/client.key"
state_dir = "$logs/client-state"
control_socket = "$logs/jump.sock"
tun = "jump0"
allowed_ips = ["10.9.0.0/24"]
[gateway]
public_key = "$("$jump" pubkey <"$logs/gateway.key")"
endpoints = ["198.51.100.2:51820"]
[[uplink]]
name = "w"
interface = "W"
EOT
}

answers() { in_ns client ping -c 1 -W 1 10.9.0.2; }

# Starts both; their processes: $gateway, $client.
start_pair() {
  start gw jumpgated "$build/src/app/jumpgated/jumpgated" --config "$logs/gateway.toml"
  gateway=$started
  wait_for 20 logged jumpgated ready
  start client jump "$jump" up "$logs/client.toml"
  client=$started
  wait_for 20 answers
}
