# The network of the demo and of the scenario tests that need a gateway. Sourced; functions only.
#
#   client                  link                    net                    gw                   server
#  ┌──────────┐   ┌────────────────────┐   ┌─────────────────────┐   ┌─────────────┐   ┌─────────────┐
#  │    wifi ─┼───┼─ w0 ─20 ms─── w1 ──┼───┼─ wifi (NAT44)       │   │  jumpgated  │   │             │
#  │ 10.10.0.2│   │    link_faulty     │   │ 10.10.0.1     core ─┼───┼─ outer      │   │ no VPN here │
#  │          │   │                    │   │      198.51.100.1   │   │  198.51.100.2   │             │
#  │    cell ─┼───┼─ c0 ─60 ms─── c1 ──┼───┼─ cell (routed IPv6) │   │  2001:db8:1::2  │             │
#  │ 2001:db8:c::2│  link_faulty     │   │ 2001:db8:c::1  2001:db8:1::1 │   inner ─┼───┼─ eth0       │
#  │ jump, tun│   │                    │   │                     │   │ 10.9.0.1, fd00:9::1 10.9.0.2, fd00:9::2
#  └──────────┘   └────────────────────┘   └─────────────────────┘   └─────────────┘   └─────────────┘
#
# Five namespaces named $JG_PREFIX-client and so on. The ports `outer` and `inner` of the gateway carry no kernel
# addresses: jumpgated owns them through DPDK. Checksum offload is off on every veth, because frames that DPDK or
# link_faulty reads would otherwise carry unfinished checksums.

JG_PREFIX=${JG_PREFIX:-jg}
JG_RUN=${JG_RUN:-/run/jumpgate-demo}

ns() { # ns NAME COMMAND...: runs a command in one of our namespaces
  local name=$1
  shift
  ip netns exec "$JG_PREFIX-$name" "$@"
}

topology_wire() { # topology_wire NS_A IF_A NS_B IF_B: a veth pair between two namespaces, both ends up
  ip link add "jgveth-a" netns "$JG_PREFIX-$1" type veth peer name "jgveth-b" netns "$JG_PREFIX-$3"
  ns "$1" ip link set jgveth-a name "$2"
  ns "$3" ip link set jgveth-b name "$4"
  local side
  for side in "$1 $2" "$3 $4"; do
    set -- $side
    ns "$1" ethtool -K "$2" tx off gso off tso off gro off >/dev/null 2>&1 || true
    ns "$1" ip link set "$2" up
  done
}

topology_up() {
  local name
  mkdir -p "$JG_RUN"
  for name in client link net gw server; do
    ip netns add "$JG_PREFIX-$name"
    ns "$name" ip link set lo up
    # Duplicate address detection would make IPv6 wait a second and a half in each namespace.
    ns "$name" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
  done
  # Only jumpgated speaks on these ports, nothing of the kernel's.
  ns gw sysctl -qw net.ipv6.conf.default.disable_ipv6=1
  ns link sysctl -qw net.ipv6.conf.default.disable_ipv6=1

  topology_wire client wifi link w0
  topology_wire link w1 net wifi
  topology_wire client cell link c0
  topology_wire link c1 net cell
  topology_wire net core gw outer
  topology_wire gw inner server eth0

  ns client ip address add 10.10.0.2/24 dev wifi
  ns client ip -6 address add 2001:db8:c::2/64 dev cell
  ns client ip route add 198.51.100.0/24 via 10.10.0.1 dev wifi
  ns client ip -6 route add 2001:db8:1::/64 via 2001:db8:c::1 dev cell

  ns net ip address add 10.10.0.1/24 dev wifi
  ns net ip -6 address add 2001:db8:c::1/64 dev cell
  ns net ip address add 198.51.100.1/24 dev core
  ns net ip -6 address add 2001:db8:1::1/64 dev core
  ns net sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  topology_nat 40000

  ns server ip address add 10.9.0.2/24 dev eth0
  ns server ip -6 address add fd00:9::2/64 dev eth0
  ns server ip route add default via 10.9.0.1
  ns server ip -6 route add default via fd00:9::1
}

topology_nat() { # topology_nat PORT: the NAT gives the client's flows source ports from PORT on, from the next flow on
  ns net nft -f - <<EOT
table ip nat
delete table ip nat
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr 10.10.0.0/24 udp dport 51820 masquerade to :$1-$(($1 + 99))
    ip saddr 10.10.0.0/24 masquerade
  }
}
EOT
}

topology_rebind() { # topology_rebind PORT: the NAT forgets the live flows; the next packet gets a new source port
  topology_nat "$1"
  ns net conntrack -D -p udp --dport 51820 >/dev/null 2>&1 || true
}

topology_blackhole() { # topology_blackhole wifi|cell: drops everything of that uplink beyond the client, silently
  ns net nft -f - <<EOT
table netdev blackhole_$1
delete table netdev blackhole_$1
table netdev blackhole_$1 {
  chain in { type filter hook ingress device $1 priority 0; policy drop; }
}
table inet blackhole_out_$1
delete table inet blackhole_out_$1
table inet blackhole_out_$1 {
  chain out { type filter hook forward priority 0; oifname "$1" drop; }
}
EOT
}

topology_heal() { # topology_heal wifi|cell: undoes topology_blackhole
  ns net nft delete table netdev "blackhole_$1"
  ns net nft delete table inet "blackhole_out_$1"
}

topology_link_up() { # topology_link_up wifi: brings a client link back, with the route that went with it
  ns client ip link set "$1" up
  ns client ip route replace 198.51.100.0/24 via 10.10.0.1 dev wifi
}

topology_links() { # topology_links BINDIR: starts the two relays (20 ms and 60 ms each way)
  local link_faulty=$1/drivers/link_faulty/link_faulty
  ns link "$link_faulty" run w0 w1 --delay 20 --control "$JG_RUN/wifi.ctl" >"$JG_RUN/link-wifi.log" 2>&1 &
  ns link "$link_faulty" run c0 c1 --delay 60 --control "$JG_RUN/cell.ctl" >"$JG_RUN/link-cell.log" 2>&1 &
}

topology_down() { namespaces_down "$JG_PREFIX"-{client,link,net,gw,server}; }

namespaces_down() { # namespaces_down NAMESPACE...: those that are there, with every process in them
  local name pid
  for name in "$@"; do
    [[ -e /run/netns/$name ]] || continue
    for pid in $(ip netns pids "$name"); do kill "$pid" 2>/dev/null || true; done
  done
  for name in "$@"; do
    [[ -e /run/netns/$name ]] || continue
    # Whoever does not end on SIGTERM within two seconds is killed: a namespace lives as long as its processes.
    for _ in $(seq 20); do
      [[ -n $(ip netns pids "$name") ]] || break
      read -rt 0.1 <> <(:) || true
    done
    for pid in $(ip netns pids "$name"); do kill -9 "$pid" 2>/dev/null || true; done
    ip netns delete "$name"
  done
}

abandoned_namespaces() { # those of scenarios (jgsPID-NAME in tests/scenario/lib.sh) whose process is gone
  local name pid
  for name in /run/netns/jgs*-*; do
    name=${name#/run/netns/}
    pid=${name#jgs}
    pid=${pid%%-*}
    [[ ! $pid =~ ^[0-9]+$ || -e /proc/$pid ]] || echo "$name"
  done
}
