"""Reads what tcpdump wrote: just enough of pcap, Ethernet, IPv4 and UDP to see JVP/1 types by direction and port."""

import struct

DATA, HEARTBEAT, CHALLENGE, RESPONSE = 0x84, 0x85, 0x8B, 0x8C


def udp4_packets(path):
    """Yields (time in s, source address, source port, destination address, destination port, payload) in file order."""
    with open(path, "rb") as file:
        content = file.read()
    if len(content) < 24:
        return
    nanoseconds = struct.unpack_from("<I", content)[0] == 0xA1B23C4D
    offset = 24
    while offset + 16 <= len(content):
        seconds, fraction, captured, _ = struct.unpack_from("<IIII", content, offset)
        frame = content[offset + 16:offset + 16 + captured]
        offset += 16 + captured
        if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
            continue
        udp = 14 + (frame[14] & 15) * 4
        source, destination = struct.unpack_from("!HH", frame, udp)
        yield (seconds + fraction / (1e9 if nanoseconds else 1e6), ".".join(map(str, frame[26:30])), source,
               ".".join(map(str, frame[30:34])), destination, frame[udp + 8:])


def egress_moved_after_answer(path, gateway, old_port):
    """True when the gateway sent traffic to a new port only after a PATH_RESPONSE had come from it; None: it never moved."""
    answered = set()
    moved = None
    for _, source, sport, destination, dport, payload in udp4_packets(path):
        if not payload:
            continue
        if destination == gateway and payload[0] == RESPONSE:
            answered.add(sport)
        if source == gateway and dport != old_port and payload[0] in (DATA, HEARTBEAT):
            if dport not in answered:
                return False
            moved = True
    return moved
