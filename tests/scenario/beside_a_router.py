#!/usr/bin/env python3
"""Sends one packet after another to a host behind a hop and prints, a line each, what comes back: from whom, as what.

usage: beside_a_router.py INTERFACE US4 HOP4 HOST4 US6 HOP6 HOST6

Addresses are printed by their roles, so that the lines of two hops can be compared.
"""

import sys
import threading

from scapy.all import (ARP, ICMP, IP, TCP, UDP, AsyncSniffer, Ether, ICMPv6EchoRequest, IPOption, IPOption_NOP, IPOption_RR, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, Raw, conf,
                       get_if_hwaddr, srp1)

interface, us4, hop4, host4, us6, hop6, host6 = sys.argv[1:]
roles = {us4: "us", hop4: "hop", host4: "host", us6: "us", hop6: "hop", host6: "host"}
PORT = 33999
FENCE = 0xfe  # id of an echo to the host that is sent after a packet: once it is answered, the packet was
SILENCE = 0.1  # seconds past that, for what is answered elsewhere than it is forwarded
TRIES = 2  # a packet, or its answer, may be lost


def mac_of_hop():
    answer = srp1(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=us4, pdst=hop4), iface=interface, timeout=3, verbose=False)
    if answer is None:
        raise SystemExit(f"{hop4} does not answer ARP")
    return answer[ARP].hwsrc


def told(packet):
    """What an answer says: the sender's role, the message, its hops left, and for an error what it quotes."""
    if IP in packet and ICMP in packet:
        ip, icmp = packet[IP], packet[ICMP]
        text = f"{roles.get(ip.src, ip.src)}: icmp {icmp.type}/{icmp.code}"
        if icmp.type == 3 and icmp.code == 4:
            text += f" mtu {icmp.nexthopmtu}"
        if icmp.type == 0:
            text += f" ttl {ip.ttl} tos {ip.tos} of {ip.len}"
        return text
    if TCP in packet and ICMP not in packet:
        return f"{roles.get(packet.payload.src, packet.payload.src)}: tcp {packet[TCP].flags}"
    ip = packet[IPv6] if IPv6 in packet else None
    if ip is not None and (ip.nh == 58 or (ip.nh == 44 and ip.payload.nh == 58 and ip.payload.offset == 0)):
        body = bytes(ip.payload if ip.nh == 58 else ip.payload.payload)
        if body[0] in (133, 134, 135, 136, 143):
            return None
        text = f"{roles.get(ip.src, ip.src)}: icmp6 {body[0]}/{body[1]}"
        if body[0] == 2:
            text += f" mtu {int.from_bytes(body[4:8], 'big')}"
        if body[0] == 129:
            text += f" hops {ip.hlim} of {ip.plen}"
        return text
    return None


mac = mac_of_hop()
ether = Ether(src=get_if_hwaddr(interface), dst=mac)


wire = conf.L2socket(iface=interface)
heard, answered, fence_answered = [], threading.Event(), threading.Event()
fences = 0


def note(frame):
    if frame[Ether].src != mac:
        return
    if ICMP in frame and frame[ICMP].type == 0 and frame[ICMP].id == FENCE:
        if frame[ICMP].seq == fences:
            fence_answered.set()
        return
    text = told(frame)
    if text:
        heard.append(text)
        answered.set()


def pass_fence():
    global fences
    for _ in range(10):
        fences += 1
        fence_answered.clear()
        wire.send(ether / v4() / ICMP(id=FENCE, seq=fences))
        if fence_answered.wait(1):
            return
    raise SystemExit("the host has stopped to answer")


def probe(name, packet, whole=None, to=None, padding=b""):
    """`whole`: the bytes of an IPv4 packet, in place of one that scapy would build; `to`: another MAC than the hop's."""
    frame = ether / packet if whole is None else Ether(src=ether.src, dst=ether.dst, type=0x0800) / Raw(whole)
    if to:
        frame.dst = to
    heard.clear()
    answered.clear()
    for _ in range(TRIES):
        wire.send(Raw(bytes(frame) + padding))
        pass_fence()
        if answered.wait(SILENCE):
            break
    print(f"{name}: {'; '.join(heard) or 'silence'}", flush=True)


def v4(**fields):
    return IP(**{"src": us4, "dst": host4, "id": 5, "ttl": 64, **fields})


def v6(**fields):
    return IPv6(**{"src": us6, "dst": host6, "hlim": 64, **fields})


udp = UDP(sport=40000, dport=PORT) / Raw(bytes(32))
echo = ICMP(id=7, seq=1) / Raw(bytes(32))
echo6 = ICMPv6EchoRequest(id=7, seq=1, data=bytes(32))

ready = threading.Event()
sniffer = AsyncSniffer(iface=interface, prn=note, store=False, started_callback=ready.set)
sniffer.start()
ready.wait(10)
pass_fence()

# One that the host answers: what the hop did to it is in the answer.
probe("echo", v4() / echo)
probe("echo with a mark and a class", v4(tos=0x4a) / echo)
probe("echo to the hop", v4(dst=hop4) / echo)
probe("closed port", v4() / udp)
probe("two hops", v4(ttl=2) / udp)
probe("one hop", v4(ttl=1) / udp)
probe("one hop, echo", v4(ttl=1) / echo)
probe("no hop", v4(ttl=0) / udp)
probe("one hop, to the hop", v4(dst=hop4, ttl=1) / echo)
probe("no route", v4(dst="203.0.113.9") / udp)
probe("fits to the byte", v4(flags="DF") / ICMP(id=7, seq=1) / Raw(bytes(1440 - 28)))
probe("a byte too large", v4(flags="DF") / ICMP(id=7, seq=1) / Raw(bytes(1441 - 28)))
probe("a byte too large, may be cut", v4() / ICMP(id=7, seq=1) / Raw(bytes(1441 - 28)))
# No error about these (RFC 1122 section 3.2.2, RFC 1812 section 4.3.2.7).
probe("error without a hop left", v4(ttl=1) / ICMP(type=3, code=1) / Raw(bytes(v4() / udp)))
probe("later fragment without a hop left", v4(ttl=1, frag=10, proto=17) / Raw(bytes(32)))
probe("from loopback", v4(src="127.0.0.1", ttl=1) / udp)
probe("from a group", v4(src="224.0.0.5", ttl=1) / udp)
probe("from everybody", v4(src="255.255.255.255", ttl=1) / udp)
probe("to loopback", v4(dst="127.0.0.1") / udp)
probe("to a group", v4(dst="224.0.0.251", ttl=1) / udp)
probe("loose source route", v4(options=[IPOption(b"\x83\x07\x04\x0a\x01\x02\x03")]) / echo)
probe("bad header checksum", v4(chksum=0x1234) / echo)
probe("header longer than the packet", None, bytes(v4(ihl=15, chksum=0))[:20])
probe("longer than the frame", v4(len=900) / echo)

# Options, flags, fragments and sums that a router does not mind, or does.
probe("record route", v4(options=[IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"])]) / echo)
probe("router alert", v4(options=[IPOption(b"\x94\x04\x00\x00")]) / echo)
probe("no operation", v4(options=[IPOption_NOP()] * 4) / echo)
probe("strict source route", v4(options=[IPOption(b"\x89\x07\x04\x0a\x01\x02\x03")]) / echo)
probe("the reserved flag", v4(flags=4) / echo)
probe("first fragment without a hop left", v4(ttl=1, flags="MF") / udp)
probe("may not be cut, and is a fragment", v4(flags="DF+MF", ttl=1) / udp)
probe("echo padded to a frame", v4() / ICMP(id=7, seq=1), padding=bytes(40))
probe("no checksum of UDP", v4() / UDP(sport=40000, dport=PORT, chksum=0) / Raw(bytes(32)))
probe("bad checksum of UDP", v4() / UDP(sport=40000, dport=PORT, chksum=0x1234) / Raw(bytes(32)))
probe("bad checksum of the echo", v4() / ICMP(id=7, seq=1, chksum=0x1234))
probe("bad checksum of the echo, to the hop", v4(dst=hop4) / ICMP(id=7, seq=1, chksum=0x1234))
probe("a protocol nobody knows", v4(proto=200) / Raw(bytes(32)))
probe("to the hop's closed port", v4(dst=hop4) / udp)
probe("to the hop's closed port, bad checksum", v4(dst=hop4) / UDP(sport=40000, dport=PORT, chksum=0x1234) / Raw(bytes(32)))
probe("version 5", None, bytes([0x55]) + bytes(v4() / echo)[1:])
probe("a header of 16 bytes", v4(ihl=4) / echo)
probe("shorter than its header", v4(len=19) / echo)
probe("in a frame to everybody", v4() / echo, to="ff:ff:ff:ff:ff:ff")
probe("in a frame to a group", v4() / echo, to="01:00:5e:00:00:01")
probe("in a frame to somebody else", v4() / echo, to="02:fe:fe:fe:fe:fe")
probe("from the host itself", v4(src=host4, ttl=1) / udp)
probe("from the hop itself", v4(src=hop4, ttl=1) / udp)
probe("to everybody", v4(dst="255.255.255.255") / echo)
probe("to all hosts of our own link", v4(dst=us4.rsplit(".", 1)[0] + ".255") / udp)
# TCP: what is done to the MSS of a SYN must leave its sum right, or nobody answers.
for name, options in (("none", []), ("an MSS", [("MSS", 1460)]), ("a small MSS", [("MSS", 536)]), ("an MSS of nothing", [("MSS", 0)]),
                      ("an MSS at an odd place", [("NOP", None), ("MSS", 9000)]), ("two", [("MSS", 9000), ("MSS", 8000)]),
                      ("all", [("MSS", 9000), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)])):
    probe(f"SYN, options: {name}", v4() / TCP(sport=40001, dport=PORT, flags="S", options=options))
    probe(f"SYN, options: {name}, v6", v6() / TCP(sport=40001, dport=PORT, flags="S", options=options))
probe("SYN, an option of length zero", v4() / TCP(sport=40001, dport=PORT, flags="S", dataofs=6) / Raw(b"\x02\x00\x23\x28"))
probe("SYN, an MSS cut short", v4() / TCP(sport=40001, dport=PORT, flags="S", dataofs=6) / Raw(b"\x01\x01\x02\x04"))
probe("SYN, bad checksum", v4() / TCP(sport=40001, dport=PORT, flags="S", chksum=0x1234, options=[("MSS", 9000)]))
probe("an MSS without SYN", v4() / TCP(sport=40001, dport=PORT, flags="A", options=[("MSS", 9000)]))

probe("echo, v6", v6() / echo6)
probe("echo to the hop, v6", v6(dst=hop6) / echo6)
probe("closed port, v6", v6() / udp)
probe("two hops, v6", v6(hlim=2) / udp)
probe("one hop, v6", v6(hlim=1) / udp)
probe("no route, v6", v6(dst="2001:db8:ffff::1") / udp)
probe("fits to the byte, v6", v6() / ICMPv6EchoRequest(id=7, data=bytes(1440 - 48)))
probe("a byte too large, v6", v6() / ICMPv6EchoRequest(id=7, data=bytes(1441 - 48)))
probe("behind destination options, v6", v6() / IPv6ExtHdrDestOpt() / echo6)
probe("first fragment without a hop left, v6", v6(hlim=1) / IPv6ExtHdrFragment(id=9, m=1, nh=17) / Raw(bytes(32)))
probe("from loopback, v6", v6(src="::1", hlim=1) / udp)
probe("from a group, v6", v6(src="ff02::1", hlim=1) / udp)
probe("from nobody, v6", v6(src="::", hlim=1) / udp)
probe("to loopback, v6", v6(dst="::1") / udp)
probe("longer than the frame, v6", v6(plen=900) / udp)
probe("behind hop-by-hop options, v6", v6() / IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(2))]) / echo6)
probe("behind four headers, v6", v6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(addresses=[], segleft=0)
      / IPv6ExtHdrDestOpt() / echo6)
probe("a routing header of type 0, v6", v6() / IPv6ExtHdrRouting(addresses=["fd00::77"], segleft=1) / echo6)
probe("an atomic fragment, v6", v6() / IPv6ExtHdrFragment(id=77) / echo6)
probe("a later fragment without a hop left, v6", v6(hlim=1) / IPv6ExtHdrFragment(id=9, offset=8, nh=17) / Raw(bytes(32)))
probe("no next header, v6", v6(nh=59) / Raw(bytes(8)))
probe("a protocol nobody knows, v6", v6(nh=200) / Raw(bytes(32)))
probe("no checksum of UDP, v6", v6() / UDP(sport=40000, dport=PORT, chksum=0) / Raw(bytes(32)))
probe("to the hop's closed port, v6", v6(dst=hop6) / udp)
probe("one hop, to the hop, v6", v6(dst=hop6, hlim=1) / echo6)
probe("error without a hop left, v6", v6(hlim=1, nh=58) / Raw(bytes([1, 0, 0, 0]) + bytes(44)))
probe("no hop, v6", v6(hlim=0) / udp)
probe("no payload, v6", v6(plen=0) / udp)
probe("echo padded to a frame, v6", v6() / echo6, padding=bytes(40))
probe("in a frame to a group, v6", v6() / echo6, to="33:33:00:00:00:01")
probe("from the host itself, v6", v6(src=host6, hlim=1) / udp)
probe("from the hop itself, v6", v6(src=hop6, hlim=1) / udp)
probe("to a group, v6", v6(dst="ff0e::77", hlim=1) / udp)
probe("a question of neighbours that was routed, v6", v6(dst=hop6, nh=58, hlim=64) / Raw(bytes([135, 0, 0, 0]) + bytes(20)))
sniffer.stop()
