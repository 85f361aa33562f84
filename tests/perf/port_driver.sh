# Port drivers compared: a forwarder that only moves bursts between two ports, TCP and small UDP datagrams through it.
# usage: JUMPGATE_BUILD=build/release bash tests/perf/port_driver.sh [SECONDS]
#
#   a                       forwarder                    b
#   +------------+          +--------------+          +------------+
#   | 10.9.0.1 A o----------o P  DPDK    Q o----------o B 10.9.0.2 |
#   +------------+          +--------------+          +------------+
source "$(dirname "$0")/../scenario/lib.sh"
seconds=${1:-5}
forwarder=$build/tests/unit/ethdev/port_reflector
make_ns a forwarder b
make_veth a A forwarder P
make_veth b B forwarder Q
no_stack forwarder P Q
add_address a A 10.9.0.1/24
add_address b B 10.9.0.2/24
start b iperf iperf3 -s
answers() { in_ns a ping -c 1 -W 1 10.9.0.2; }
result() { python3 -c "import json,sys; e=json.load(sys.stdin)['end']; print($1)"; }

for driver in af_xdp af_packet; do
  start forwarder "$driver" "$forwarder" "$driver" P Q
  pid=$started
  wait_for 20 logged "$driver" '^ready'
  wait_for 10 answers
  tcp=$(in_ns a iperf3 -c 10.9.0.2 -t "$seconds" -J | result "'%.2f Gbit/s' % (e['sum_received']['bits_per_second'] / 1e9)")
  udp=$(in_ns a iperf3 -c 10.9.0.2 -u -l 64 -b 0 -t "$seconds" -J |
    result "'%.0f k/s sent, %.1f %% lost' % (e['sum']['packets'] / e['sum']['seconds'] / 1e3, e['sum']['lost_percent'])")
  rtt=$(in_ns a ping -q -i 0.002 -c 500 10.9.0.2 | sed -n 's|^rtt.* = [^/]*/\([^/]*\)/.*|\1 ms|p')
  echo "$driver: TCP $tcp; UDP 64 B $udp; ping $rtt"
  stop "$pid"
done
