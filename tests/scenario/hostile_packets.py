#!/usr/bin/env python3
"""Sends what no honest peer sends, with scapy: to the gateway's outer port, or (--inner) to its inner one."""

import argparse
import os
import struct

from scapy.all import ARP, ICMP, IP, UDP, Ether, IPv6, Raw, fragment, get_if_hwaddr, rdpcap, sendp, srp1

GATEWAY, US = "198.51.100.2", "198.51.100.1"


def gateway_mac(interface, address):
    answer = srp1(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(pdst=address), iface=interface, timeout=3, verbose=False)
    if answer is None:
        raise SystemExit(f"{address} does not answer ARP")
    return answer[ARP].hwsrc


def outer(interface, capture):
    mac = gateway_mac(interface, GATEWAY)
    ether = Ether(src=get_if_hwaddr(interface), dst=mac)

    def datagram(payload, **udp):
        return ether / IP(src=US, dst=GATEWAY) / UDP(**{"sport": 5555, "dport": 51820, **udp}) / Raw(payload)

    def prefix(kind, flags=0, counter=0, cid=0x1122334455667788):
        return struct.pack("<BB", kind, flags) + counter.to_bytes(6, "little") + struct.pack("<Q", cid)

    frames = []
    for kind in range(0x81, 0x93):
        frames += [datagram(bytes([kind])), datagram(prefix(kind)), datagram(prefix(kind) + bytes(16)),
                   datagram(prefix(kind) + os.urandom(272)), datagram(prefix(kind, flags=0xF8) + os.urandom(272)),
                   datagram(prefix(kind) + os.urandom(1440))]
    frames += [datagram(b""), datagram(os.urandom(32)), datagram(bytes([0x00]) + os.urandom(100)), datagram(bytes([0x7F]) * 64)]
    frames.append(datagram(struct.pack("<BBHIQ", 0x81, 0, 1, 0, 77) + os.urandom(496)))    # HELLO, wrong mac1
    frames.append(datagram(struct.pack("<BBHIQ", 0x81, 0, 999, 0, 77) + os.urandom(496)))  # HELLO of no known version
    frames.append(datagram(os.urandom(64), chksum=0x1234))
    frames.append(ether / IP(src=US, dst=GATEWAY, chksum=0x4321) / UDP(sport=1, dport=51820) / Raw(os.urandom(64)))
    frames.append(datagram(os.urandom(64), dport=9))
    frames += [ether / f for f in fragment(IP(src=US, dst=GATEWAY) / UDP(sport=1, dport=51820) / Raw(os.urandom(2000)), 600)]
    frames += [ether / Raw(os.urandom(n)) for n in (0, 1, 20, 60)]
    frames += [ether / IPv6(src="2001:db8:1::1", dst="2001:db8:1::2") / UDP(dport=51820, chksum=0) / Raw(os.urandom(64))]
    frames += [ether / IP(src="127.0.0.1", dst=GATEWAY) / UDP(dport=51820) / Raw(os.urandom(64)),
               ether / IP(src="224.0.0.1", dst=GATEWAY) / UDP(dport=51820) / Raw(os.urandom(64))]
    frames += [ether / IP(src=US, dst=GATEWAY, proto=200) / Raw(os.urandom(40)), ether / IP(src=US, dst=GATEWAY) / ICMP(type=3, code=4)]

    # Real packets of the live session: replayed whole, with a bit flipped, cut short, and from elsewhere.
    real = [p for p in rdpcap(capture) if UDP in p and p[UDP].dport == 51820]
    for packet in real:
        payload = bytes(packet[UDP].payload)
        source = packet[IP].src if IP in packet else None
        if source is None:
            continue
        again = dict(sport=packet[UDP].sport)
        for _ in range(2):
            frames.append(datagram(payload, **again))
        frames.append(datagram(payload))  # another source port: a relay's replay
        flipped = bytearray(payload)
        flipped[2:8] = (int.from_bytes(payload[2:8], "little") + 5000).to_bytes(6, "little")
        frames.append(datagram(bytes(flipped), **again))
        flipped = bytearray(payload)
        flipped[-1] ^= 1
        frames.append(datagram(bytes(flipped), **again))
        frames.append(datagram(payload[:-3], **again))
    sendp(frames, iface=interface, verbose=False)
    print(f"{len(frames)} frames sent, {len(real)} real packets abused")


def inner(interface):
    mac = gateway_mac(interface, "10.9.0.1")
    ether = Ether(src=get_if_hwaddr(interface), dst=mac)
    frames = [ether / IP(src="10.9.0.2", dst="203.0.113.9") / UDP(dport=9) / Raw(b"no route"),
              ether / IP(src="10.9.0.2", dst="10.8.0.77") / UDP(dport=9) / Raw(b"no peer"),
              ether / IP(src="10.9.0.2", dst="10.8.0.2", ttl=1) / UDP(dport=9) / Raw(b"ttl"),
              ether / IP(src="10.9.0.2", dst="10.8.0.2", len=9000) / UDP(dport=9) / Raw(b"len"),
              ether / IP(src="10.9.0.2", dst="10.8.0.2", ihl=15) / Raw(b"x"),
              ether / Raw(os.urandom(60))]
    frames += [ether / Raw(bytes([0x45]) + os.urandom(n)) for n in range(0, 40)]
    sendp(frames, iface=interface, verbose=False)
    print(f"{len(frames)} frames sent")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", required=True)
    parser.add_argument("--capture")
    parser.add_argument("--inner", action="store_true")
    args = parser.parse_args()
    if args.inner:
        inner(args.interface)
    else:
        outer(args.interface, args.capture)


if __name__ == "__main__":
    main()
