"""What JVP/1 is built from: BLAKE2b, X25519, the AEADs, and Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b (spec/handshake.md)."""
import hashlib
import hmac
import os
import struct

import nacl.bindings
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AES_256_GCM, CHACHA20_POLY1305 = 1, 2


class Drop(Exception):
    """A datagram that must be dropped; the text is the drop reason's name."""


def u16(n): return struct.pack('<H', n)
def u32(n): return struct.pack('<I', n)
def u64(n): return struct.pack('<Q', n)
def need(condition, reason):
    if not condition:
        raise Drop(reason)


# ---- Primitives --------------------------------------------------------------------------------
def blake2b(data, size=64):
    return hashlib.blake2b(data, digest_size=size).digest()


def keyed(key, size, *parts):
    """B(key, size, parts...) of spec/keys.md."""
    return hashlib.blake2b(b''.join(parts), digest_size=size, key=key).digest()


def public_of(private):
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def x25519(private, public):
    """Raises Drop on the all-zero result (small-order points)."""
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Drop('hello_bad_noise') from None


def xchacha_seal(key, nonce, plain, ad):
    return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, ad, nonce, key)


def xchacha_open(key, nonce, sealed, ad):
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, ad, nonce, key)
    except nacl.exceptions.CryptoError:
        raise Drop('auth_failed') from None


def suite_aead(suite, key):
    return {AES_256_GCM: AESGCM, CHACHA20_POLY1305: ChaCha20Poly1305}[suite](key)


# ---- Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b -----------------------------------------------------
NOISE_NAME = b'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b'


def hkdf(chaining_key, material, outputs):
    secret = hmac.new(chaining_key, material, hashlib.blake2b).digest()
    result, last = [], b''
    for i in range(1, outputs + 1):
        last = hmac.new(secret, last + bytes([i]), hashlib.blake2b).digest()
        result.append(last)
    return result


class Cipher:
    def __init__(self, key):
        self.aead, self.n = ChaCha20Poly1305(key), 0

    def _nonce(self):
        nonce = bytes(4) + u64(self.n)
        self.n += 1
        return nonce

    def seal(self, plain, ad=b''):
        return self.aead.encrypt(self._nonce(), plain, ad)

    def open(self, sealed, ad=b''):
        try:
            return self.aead.decrypt(self._nonce(), sealed, ad)
        except InvalidTag:
            raise Drop('hello_bad_noise') from None


class Noise:
    """Either side of one handshake. The initiator knows `remote_static`, the responder learns it in read_1."""

    def __init__(self, initiator, static, prologue, psk=bytes(32), remote_static=None, ephemeral=None):
        self.static, self.psk, self.remote_static = static, psk, remote_static
        self.ephemeral = ephemeral or os.urandom(32)
        self.h = NOISE_NAME.ljust(64, b'\0')
        self.ck, self.cipher = self.h, None
        self._mix_hash(prologue)
        self._mix_hash(remote_static if initiator else public_of(static))

    def _mix_hash(self, data):
        self.h = blake2b(self.h + data)

    def _mix_key(self, material):
        self.ck, key = hkdf(self.ck, material, 2)
        self.cipher = Cipher(key[:32])

    def _mix_key_and_hash(self, material):
        self.ck, extra, key = hkdf(self.ck, material, 3)
        self._mix_hash(extra)
        self.cipher = Cipher(key[:32])

    def _seal(self, plain):
        sealed = self.cipher.seal(plain, self.h)
        self._mix_hash(sealed)
        return sealed

    def _open(self, sealed):
        plain = self.cipher.open(sealed, self.h)
        self._mix_hash(sealed)
        return plain

    def _send_ephemeral(self):
        public = public_of(self.ephemeral)
        self._mix_hash(public)
        self._mix_key(public)  # the psk modifier asks for it
        return public

    def _read_ephemeral(self, public):
        self.remote_ephemeral = public
        self._mix_hash(public)
        self._mix_key(public)

    def write_1(self, payload):  # e, es, s, ss
        out = self._send_ephemeral()
        self._mix_key(x25519(self.ephemeral, self.remote_static))
        out += self._seal(public_of(self.static))
        self._mix_key(x25519(self.static, self.remote_static))
        return out + self._seal(payload)

    def read_1(self, message):
        self._read_ephemeral(message[:32])
        self._mix_key(x25519(self.static, self.remote_ephemeral))
        self.remote_static = self._open(message[32:80])
        self._mix_key(x25519(self.static, self.remote_static))
        return self._open(message[80:])

    def write_2(self, payload):  # e, ee, se, psk
        out = self._send_ephemeral()
        self._mix_key(x25519(self.ephemeral, self.remote_ephemeral))
        self._mix_key(x25519(self.ephemeral, self.remote_static))
        self._mix_key_and_hash(self.psk)
        return out + self._seal(payload)

    def read_2(self, message):
        self._read_ephemeral(message[:32])
        self._mix_key(x25519(self.ephemeral, self.remote_ephemeral))
        self._mix_key(x25519(self.static, self.remote_ephemeral))
        self._mix_key_and_hash(self.psk)
        return self._open(message[32:])

    def split(self):
        """(k1, k2, h): initiator to responder, the other way, handshake hash."""
        k1, k2 = hkdf(self.ck, b'', 2)
        return k1[:32], k2[:32], self.h


def prologue(version, client_cid):
    return b'JVP/1' + u16(version) + u64(client_cid)
