-- Plain packets into jumpgated's inner port, for docs/pktgen.md: UDP to the inner addresses of jumpgen's clients, one
-- after another. Run by: pktgen ... -- ... -f config/pktgen/down.lua
-- The five values below are the bench's own.
package.path = package.path .. ";?.lua"
require "Pktgen"

local gateway_mac = "02:00:00:00:00:01" -- of the gateway's inner port: jumpctl status
local clients = 1000                    -- jumpgen's --count, at most 250 x 254
local size = 64                         -- bytes of the Ethernet frame with its FCS, as Pktgen counts
local rate = 10                         -- percent of the port's line rate
local seconds = 30

local port = "0"
local last = string.format("10.64.%d.%d", math.floor(clients / 256), clients % 256)

pktgen.stop(port)
pktgen.clr()
pktgen.set_proto(port, "udp")
pktgen.range.dst_mac(port, "start", gateway_mac)
pktgen.range.src_ip(port, "start", "10.9.0.3")
pktgen.range.src_ip(port, "min", "10.9.0.3")
pktgen.range.src_ip(port, "max", "10.9.0.3")
pktgen.range.src_ip(port, "inc", "0.0.0.0")
pktgen.range.dst_ip(port, "start", "10.64.0.1")
pktgen.range.dst_ip(port, "min", "10.64.0.1")
pktgen.range.dst_ip(port, "max", last)
pktgen.range.dst_ip(port, "inc", "0.0.0.1")
pktgen.range.dst_port(port, "start", 9)
pktgen.range.dst_port(port, "inc", 0)
pktgen.range.pkt_size(port, "start", size)
pktgen.range.pkt_size(port, "min", size)
pktgen.range.pkt_size(port, "max", size)
pktgen.range.pkt_size(port, "inc", 0)
pktgen.set(port, "rate", rate)
pktgen.set_range(port, "on")

pktgen.start(port)
pktgen.delay(seconds * 1000)
pktgen.stop(port)
pktgen.delay(1000)
printf("sent %d packets\n", pktgen.portStats(port, "port")[0].opackets)
