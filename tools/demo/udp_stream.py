#!/usr/bin/env python3
"""A paced UDP stream and its receiver, which keeps its own count.

  udp_stream.py send ADDRESS PORT --count N --rate PACKETS_PER_SECOND
  udp_stream.py receive ADDRESS PORT --idle SECONDS

The receiver ends when nothing came for --idle seconds after the first packet (longer than any gap to be measured), and prints one JSON object: received (distinct
sequence numbers), duplicated, highest, and the longest silence in ms with the CLOCK_BOOTTIME (ns) at which it began.
"""

import argparse
import ipaddress
import json
import select
import socket
import struct
import sys
import time

PACKET = struct.Struct("<QQ")
PADDING = bytes(184)  # 200 bytes of payload: the size of a voice packet


def make_socket(address):
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
    return sock


def send(args):
    sock = make_socket(args.address)
    start = time.monotonic_ns()
    interval = 1_000_000_000 / args.rate
    failed = 0
    for sequence in range(args.count):
        wait = start + sequence * interval - time.monotonic_ns()
        if wait > 0:
            time.sleep(wait / 1e9)
        try:
            sock.sendto(PACKET.pack(sequence, time.clock_gettime_ns(time.CLOCK_BOOTTIME)) + PADDING, (args.address, args.port))
        except OSError:
            failed += 1  # the kernel refused it: nothing was sent, and the receiver will miss it
    print(json.dumps({"sent": args.count, "refused": failed, "seconds": round((time.monotonic_ns() - start) / 1e9, 3)}))


def receive(args):
    sock = make_socket(args.address)
    sock.bind((args.address, args.port))
    seen = set()
    duplicated = 0
    last = None
    longest, longest_at = 0, 0
    while True:
        ready, _, _ = select.select([sock], [], [], args.idle if last else args.first)
        if not ready:
            break
        data = sock.recv(2048)
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        if last and now - last > longest:
            longest, longest_at = now - last, last
        last = now
        sequence, _ = PACKET.unpack_from(data)
        if sequence in seen:
            duplicated += 1
        seen.add(sequence)
    print(json.dumps({"received": len(seen), "duplicated": duplicated, "highest": max(seen, default=-1),
                      "gap_ms": round(longest / 1e6, 3), "gap_at_ns": longest_at}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    sender = verbs.add_parser("send")
    sender.add_argument("address")
    sender.add_argument("port", type=int)
    sender.add_argument("--count", type=int, default=6000)
    sender.add_argument("--rate", type=float, default=1000)
    sender.set_defaults(run=send)
    receiver = verbs.add_parser("receive")
    receiver.add_argument("address")
    receiver.add_argument("port", type=int)
    receiver.add_argument("--idle", type=float, default=4.0)
    receiver.add_argument("--first", type=float, default=15.0)
    receiver.set_defaults(run=receive)
    args = parser.parse_args()
    args.run(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
