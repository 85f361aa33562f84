"""Vectors of JVP/1's own derivations, from spec/keys.md and spec/wire.md by hashlib and python3-cryptography alone.

usage: make_jvp_vectors.py > jvp.json
"""

import hashlib
import json
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def run(start, count):
    return bytes((start + i) % 256 for i in range(count))


def b(key, size, *parts):
    return hashlib.blake2b(b"".join(parts), key=key, digest_size=size).digest()


def public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def feistel(key, fields):
    node, worker, slot, generation = fields
    value = ((node << 6 | worker) << 22 | slot) << 20 | generation
    value = value << 8 | 0x5A
    left, right = value >> 32, value & 0xFFFFFFFF
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    for number in range(4):
        block = aes.update(struct.pack("<II8x", right, number))
        left, right = right, left ^ struct.unpack_from("<I", block)[0]
    return left << 32 | right


def main():
    session, k1, k2, h = run(1, 16), run(0x20, 32), run(0x60, 32), run(0x80, 64)
    root = b(k1 + k2, 64, b"JVP/1 root", session, h)
    context = struct.pack("<IQQQBB", 3, 9, 7, 2, 1, 2)
    client, gateway = X25519PrivateKey.from_private_bytes(run(5, 32)), X25519PrivateKey.from_private_bytes(run(77, 32))
    shared = client.exchange(gateway.public_key())
    static = run(0xC0, 32)
    cookie = b(run(9, 32), 16, bytes([4, 192, 0, 2, 1]) + bytes(12) + struct.pack("<H", 51820))
    cid_fields = [[0, 0, 0, 0], [255, 63, 4194303, 1048575], [1, 2, 3, 4], [7, 0, 123456, 999]]
    out = {
        "root": root,
        "control_key": b(root, 32, b"JVP/1 control", session, struct.pack("<IB", 3, 1)),
        "traffic_key": b(root, 44, b"JVP/1 traffic", session, context),
        "rekeyed_root": b(root, 64, b"JVP/1 rekey", session, struct.pack("<I", 4), shared, public(client), public(gateway)),
        "reset_token": b(run(0x30, 32), 16, b"JVP/1 reset", struct.pack("<Q", 0x0102030405060708)),
        "mac1_key": hashlib.blake2b(b"JVP/1 mac1" + static, digest_size=32).digest(),
        "cookie_key": hashlib.blake2b(b"JVP/1 cookie" + static, digest_size=32).digest(),
        "cookie": cookie,
    }
    out = {name: value.hex() for name, value in out.items()}
    out["connection_ids"] = [
        {"fields": fields, "cid": format(feistel(run(0x11, 16), fields), "016x")} for fields in cid_fields
    ]
    print(json.dumps(out, indent=1))


main()
