"""ICMP echo over IPv4 and IPv6, built by hand: what the tests send through the tunnel."""
import socket
import struct


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ipv4(source, destination, body):
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(body), 0, 0x4000, 64, 1, 0, source, destination)
    return header[:10] + struct.pack('!H', checksum(header)) + header[12:] + body


def _ipv6(source, destination, body):
    pseudo = source + destination + struct.pack('!I3xB', len(body), 58)
    body = body[:2] + struct.pack('!H', checksum(pseudo + body)) + body[4:]
    return struct.pack('!IHBB', 6 << 28, len(body), 58, 64) + source + destination + body


def echo_request(source, destination, identifier, sequence, payload=b''):
    """An IP packet; addresses as text."""
    body = struct.pack('!HHH', 0, identifier, sequence) + payload
    if ':' in source:
        pton = lambda text: socket.inet_pton(socket.AF_INET6, text)
        return _ipv6(pton(source), pton(destination), b'\x80\0' + body)
    body = b'\x08\0' + body
    body = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
    return _ipv4(socket.inet_aton(source), socket.inet_aton(destination), body)


def answer(packet):
    """The echo reply to an echo request, else None."""
    if packet[0] >> 4 == 4:
        size = (packet[0] & 15) * 4
        body = packet[size:]
        if packet[9] != 1 or len(body) < 8 or body[0] != 8:
            return None
        body = b'\0\0\0\0' + body[4:]
        body = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
        return _ipv4(packet[16:20], packet[12:16], body)
    if packet[6] != 58 or len(packet) < 48 or packet[40] != 128:
        return None
    return _ipv6(packet[24:40], packet[8:24], b'\x81\0\0\0' + packet[44:])


def is_reply(packet, request):
    """Whether `packet` is the well-formed answer to `request`: right way, same identifier, sequence and payload."""
    if packet[0] >> 4 != request[0] >> 4:
        return False
    if packet[0] >> 4 == 4:
        head, body = packet[:(packet[0] & 15) * 4], packet[(packet[0] & 15) * 4:]
        return (packet[9] == 1 and packet[12:16] == request[16:20] and packet[16:20] == request[12:16] and
                body[0] == 0 and body[4:] == request[24:] and checksum(body) == 0 and checksum(head) == 0)
    pseudo = packet[8:40] + struct.pack('!I3xB', len(packet) - 40, 58)
    return (packet[6] == 58 and packet[8:24] == request[24:40] and packet[24:40] == request[8:24] and
            packet[40] == 129 and packet[44:] == request[44:] and checksum(pseudo + packet[40:]) == 0)
