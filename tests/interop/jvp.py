"""JVP/1 as spec/ describes it: Noise, key schedule, AEADs and the codec. Shares no code with the product.

Needs Debian's python3-cryptography and python3-nacl (run with /usr/bin/python3).
"""
import os
import socket
import struct
from dataclasses import dataclass

from noise import (AES_256_GCM, CHACHA20_POLY1305, NOISE_NAME, Cipher, Drop, InvalidTag, Noise, blake2b, keyed, need,
                   prologue, public_of, suite_aead, u16, u32, u64, x25519, xchacha_open, xchacha_seal)  # noqa: F401: all of JVP/1 is had from here

VERSION = 1
HELLO, WELCOME, CONFIRM, DATA, HEARTBEAT, CLOSE = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86
COOKIE_REPLY, VERSION_REFUSAL, HELLO_REFUSAL = 0x87, 0x88, 0x89
REATTACH, PATH_CHALLENGE, PATH_RESPONSE, ACK, REFUSAL = 0x8A, 0x8B, 0x8C, 0x8D, 0x8E
REKEY, REKEY_REPLY, RESET, CONTROL_CLOSE = 0x8F, 0x90, 0x91, 0x92
NAMES = {v: k for k, v in dict(
    HELLO=0x81, WELCOME=0x82, CONFIRM=0x83, DATA=0x84, HEARTBEAT=0x85, CLOSE=0x86, COOKIE_REPLY=0x87,
    VERSION_REFUSAL=0x88, HELLO_REFUSAL=0x89, REATTACH=0x8A, PATH_CHALLENGE=0x8B, PATH_RESPONSE=0x8C,
    ACK=0x8D, REFUSAL=0x8E, REKEY=0x8F, REKEY_REPLY=0x90, RESET=0x91, CONTROL_CLOSE=0x92).items()}
CONTROL_TYPES = {CONFIRM, REATTACH, PATH_CHALLENGE, PATH_RESPONSE, ACK, REFUSAL, REKEY, REKEY_REPLY, CONTROL_CLOSE}
TRAFFIC_TYPES = {DATA, HEARTBEAT, CLOSE}

C2G, G2C = 1, 2
CONTROL_SIZE, CONTROL_PAYLOAD = 288, 232
HELLO_SIZE, WELCOME_SIZE, COOKIE_REPLY_SIZE = 512, 472, 72
VERSION_REFUSAL_SIZE, HELLO_REFUSAL_SIZE, RESET_SIZE = 24, 88, 24
NOTHING = (1 << 64) - 1

REASON = dict(
    none=0, heartbeat_timeout=12, transport_dead=14, transport_retiring=15, peer_closed=56, operator_terminated=55,
    stale_binding_version=75, cooldown_active=77, invalid_transport_candidate=78,
    stale_request=80, hello_counter_low=90, no_common_suite=91, capacity_exhausted=92, time_elapsed=100,
    policy_trigger=103, rekey_pending=105,
    wrong_generation=106)


# ---- Key schedule (spec/keys.md) ---------------------------------------------------------------
def root_0(k1, k2, session_id, h):
    return keyed(k1 + k2, 64, b'JVP/1 root', session_id, h)


def control_key(root, session_id, generation, direction):
    return keyed(root, 32, b'JVP/1 control', session_id, u32(generation), bytes([direction]))


def traffic_key(root, session_id, generation, epoch, binding_version, owner_epoch, suite, direction):
    out = keyed(root, 44, b'JVP/1 traffic', session_id, u32(generation), u64(epoch), u64(binding_version),
                u64(owner_epoch), bytes([suite, direction]))
    return out[:32], out[32:]


def next_root(root, session_id, generation, shared, client_ephemeral, gateway_ephemeral):
    """`generation` is the new one."""
    return keyed(root, 64, b'JVP/1 rekey', session_id, u32(generation), shared, client_ephemeral, gateway_ephemeral)


def mac1_key(gateway_public):
    return blake2b(b'JVP/1 mac1' + gateway_public, 32)


def cookie_key(gateway_public):
    return blake2b(b'JVP/1 cookie' + gateway_public, 32)


def make_cookie(secret, endpoint):
    e = encode_endpoint(endpoint)
    return keyed(secret, 16, e[0:1], e[4:20], e[2:4])


def reset_token(reset_key, cid):
    return keyed(reset_key, 16, b'JVP/1 reset', u64(cid))


def nonce_of(iv, counter):
    return bytes(a ^ b for a, b in zip(iv, bytes(4) + u64(counter)))


# ---- Elements (spec/wire.md) -------------------------------------------------------------------
def encode_address(text):
    """(family, 16 bytes)."""
    if ':' in text:
        return 6, socket.inet_pton(socket.AF_INET6, text)
    return 4, socket.inet_pton(socket.AF_INET, text) + bytes(12)


def decode_address(family, raw):
    if family == 4:
        need(raw[4:] == bytes(12), 'wire_bad_field')
        return socket.inet_ntop(socket.AF_INET, raw[:4])
    need(family == 6, 'wire_bad_field')
    return socket.inet_ntop(socket.AF_INET6, raw)


def encode_endpoint(endpoint):
    """`endpoint` is what a socket gives: (address, port, ...)."""
    family, raw = encode_address(endpoint[0])
    return bytes([family, 0]) + u16(endpoint[1]) + raw


def decode_endpoint(raw):
    need(raw[1] == 0, 'wire_bad_field')
    return decode_address(raw[0], raw[4:20]), struct.unpack('<H', raw[2:4])[0]


class Reader:
    """Walks a payload; whatever is left over must be zero."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        out = self.data[self.at:self.at + size]
        need(len(out) == size, 'wire_bad_field')
        self.at += size
        return out

    def num(self, size):
        return int.from_bytes(self.take(size), 'little')

    def zero(self, size):
        need(self.take(size) == bytes(size), 'wire_reserved_bits')

    def end(self):
        self.zero(len(self.data) - self.at)


# Control payloads as (name, size): an int of that many bytes, or bytes where the size is given as text.
LAYOUTS = {
    CONFIRM: [('session_id', '16'), ('hello_counter', 8)],
    REATTACH: [('jump_seq', 8), ('binding_version', 8), ('generation', 4), ('cause', 2), (None, 2), ('client_cid', 8),
               ('session_id', '16')],
    PATH_CHALLENGE: [('jump_seq', 8), ('challenge_seq', 8), ('token', '16'), ('epoch', 8), ('binding_version', 8),
                     ('owner_epoch', 8), ('gateway_id', '24'), ('observed', '20'), ('kind', 1), (None, 3),
                     ('client_cid', 8), ('jump_ids', '96')],
    PATH_RESPONSE: [('jump_seq', 8), ('challenge_seq', 8), ('token', '16'), ('epoch', 8), ('binding_version', 8),
                    ('client_cid', 8)],
    ACK: [('subject', 1), (None, 7), ('binding_version', 8), ('epoch', 8), ('jump_seq', 8), ('challenge_seq', 8)],
    REFUSAL: [('jump_seq', 8), ('reason', 2), (None, 2), ('retry_after_ms', 4), ('binding_version', 8), ('epoch', 8),
              ('generation', 4), (None, 4), ('gateway_cid', 8), ('client_cid', 8)],
    REKEY: [('generation', 4), ('reason', 2), (None, 2), ('binding_version', 8), ('ephemeral', '32'), ('rekey_seq', 8)],
    REKEY_REPLY: [('generation', 4), ('reason', 2), (None, 2), ('binding_version', 8), ('ephemeral', '32'),
                  ('epoch', 8), ('owner_epoch', 8), ('rekey_seq', 8)],
    CONTROL_CLOSE: [('close_seq', 8), ('reason', 2), (None, 6), ('session_id', '16')],
}
HEARTBEAT_LAYOUT = [('flags', 1), (None, 1), ('next_interval_ms', 2), ('send_time_us', 4), ('echo_time_us', 4),
                    ('echo_delay_us', 4), ('received_highest', 8), ('received_count', 8)]
CLOSE_LAYOUT = [('reason', 2), (None, 6)]
POLICY_FIELDS = ['max_lifetime', 'transport_lost_ttl', 'heartbeat_interval', 'heartbeat_volatile',
                 'idle_heartbeat_interval', 'volatile_to_degraded', 'recovery_window', 'switch_cooldown',
                 'reattach_proof_max_age', 'rekey_after', 'reject_after']
WELCOME_LAYOUT = ([('session_id', '16'), ('owner_epoch', 8), ('binding_version', 8), ('epoch', 8),
                   ('gateway_id', '24'), ('suite', 1), ('jump_id_count', 1), ('address_count', 1), (None, 1),
                   ('inner_mtu', 2), (None, 2)] + [(name + '_ms', 4) for name in POLICY_FIELDS] +
                  [('max_switches_per_min', 2), ('replay_window_packets', 2), ('max_candidate_count', 1),
                   ('max_consecutive_drops', 1), ('loss_volatile_permille', 2), ('loss_window_ms', 4),
                   ('observed', '20'), ('switch_improvement_permille', 2), ('latency_volatile_ms', 2), ('jump_ids', '96'),
                   ('addresses', '160')])
HELLO_LAYOUT = [('counter', 8), ('versions', '8'), ('suites', '4')]
REFUSAL_LAYOUT = [('reason', 2), (None, 6), ('highest_counter', 8)]


def pack(layout, size, values):
    out, left = b'', dict(values)
    for name, width in layout:
        if name is None:
            out += bytes(width)
        elif isinstance(width, str):
            value = left.pop(name)
            assert len(value) == int(width), name
            out += value
        else:
            out += left.pop(name).to_bytes(width, 'little')
    assert not left, left
    assert len(out) <= size
    return out.ljust(size, b'\0')


def unpack(layout, data):
    reader, out = Reader(data), {}
    for name, width in layout:
        if name is None:
            reader.zero(width)
        elif isinstance(width, str):
            out[name] = reader.take(int(width))
        else:
            out[name] = reader.num(width)
    reader.end()
    return out


@dataclass(frozen=True)
class IssuedId:
    cid: int
    token: bytes
    key_phase: int

    @staticmethod
    def read(raw, key_phase):
        return IssuedId(int.from_bytes(raw[:8], 'little'), raw[8:24], key_phase)

    def write(self):
        return u64(self.cid) + self.token


def read_jump_ids(raw, key_phase):
    """Those in use come first; the rest is zero."""
    out = []
    for i in range(0, 96, 24):
        chunk = raw[i:i + 24]
        if chunk == bytes(24):
            need(raw[i:] == bytes(96 - i), 'wire_bad_field')
            break
        need(chunk[:8] != bytes(8), 'wire_bad_field')
        out.append(IssuedId.read(chunk, key_phase))
    return out


def read_addresses(raw, count):
    out = []
    for i in range(0, 160, 20):
        chunk = raw[i:i + 20]
        if i // 20 >= count:
            need(chunk == bytes(20), 'wire_bad_field')
            continue
        need(chunk[2:4] == bytes(2), 'wire_bad_field')
        need(chunk[1] <= (32 if chunk[0] == 4 else 128), 'wire_bad_field')
        out.append((decode_address(chunk[0], chunk[4:20]), chunk[1]))
    return out


def write_addresses(addresses):
    out = b''
    for text, length in addresses:
        family, raw = encode_address(text)
        out += bytes([family, length, 0, 0]) + raw
    return out.ljust(160, b'\0')


# ---- Prefix, control, traffic ------------------------------------------------------------------
@dataclass(frozen=True)
class Prefix:
    type: int
    phase: int
    key_phase: int
    counter: int
    cid: int

    def write(self):
        return bytes([self.type, self.phase | self.key_phase << 2]) + u64(self.counter)[:6] + u64(self.cid)

    @staticmethod
    def read(datagram):
        need(not datagram[1] & 0xF8, 'wire_reserved_bits')
        prefix = Prefix(datagram[0], datagram[1] & 3, datagram[1] >> 2 & 1,
                        int.from_bytes(datagram[2:8], 'little'), int.from_bytes(datagram[8:16], 'little'))
        need(prefix.type in TRAFFIC_TYPES or prefix.counter == 0, 'wire_reserved_bits')
        need(prefix.cid != 0, 'cid_invalid')
        return prefix


FIXED = {HELLO: HELLO_SIZE, WELCOME: WELCOME_SIZE, CLOSE: 40, COOKIE_REPLY: COOKIE_REPLY_SIZE,
         VERSION_REFUSAL: VERSION_REFUSAL_SIZE, HELLO_REFUSAL: HELLO_REFUSAL_SIZE, RESET: RESET_SIZE,
         **{t: CONTROL_SIZE for t in CONTROL_TYPES}}
TO_GATEWAY = {HELLO, CONFIRM, DATA, HEARTBEAT, CLOSE, REATTACH, PATH_RESPONSE, REKEY, CONTROL_CLOSE}
TO_CLIENT = {WELCOME, DATA, HEARTBEAT, CLOSE, COOKIE_REPLY, VERSION_REFUSAL, HELLO_REFUSAL, PATH_CHALLENGE, ACK,
             REFUSAL, REKEY_REPLY, RESET, CONTROL_CLOSE}


def check_framing(datagram, received_by):
    """Checks 1 to 4 of spec/wire.md; returns the type."""
    need(datagram, 'wire_too_short')
    kind = datagram[0]
    need(kind in NAMES, 'wire_unknown_type')
    need(kind in (TO_GATEWAY if received_by == 'gateway' else TO_CLIENT), 'wire_wrong_role')
    least, most = (FIXED[kind], FIXED[kind]) if kind in FIXED else (64 if kind == HEARTBEAT else 32, 1472)
    need(len(datagram) >= least, 'wire_too_short')
    need(len(datagram) <= most, 'wire_bad_length')
    return kind


def seal_control(kind, key, root_generation, cid, key_phase, nonce=None, /, **values):
    prefix = Prefix(kind, root_generation & 3, key_phase, 0, cid).write()
    nonce = nonce or os.urandom(24)
    return prefix + nonce + xchacha_seal(key, nonce, pack(LAYOUTS[kind], CONTROL_PAYLOAD, values), prefix)


def open_control(key, datagram):
    plain = xchacha_open(key, datagram[16:40], datagram[40:], datagram[:16])
    return unpack(LAYOUTS[datagram[0]], plain)


class ReplayWindow:
    def __init__(self, width=8192):
        self.width, self.highest, self.bits, self.count = width, -1, 0, 0

    def check(self, counter):
        if counter > self.highest:
            return
        need(counter > self.highest - self.width, 'replay_old')
        need(not self.bits >> (self.highest - counter) & 1, 'replay_duplicate')

    def mark(self, counter):
        if counter > self.highest:
            self.bits = (self.bits << (counter - self.highest) | 1) & ((1 << self.width) - 1)
            self.highest = counter
        else:
            self.bits |= 1 << (self.highest - counter)
        self.count += 1


class Epoch:
    """Both directions of one epoch as one side has them."""

    def __init__(self, root, session_id, generation, number, binding_version, owner_epoch, suite, sends, window=8192):
        self.number, self.generation, self.binding_version, self.suite = number, generation, binding_version, suite
        keys = [traffic_key(root, session_id, generation, number, binding_version, owner_epoch, suite, d)
                for d in (sends, C2G + G2C - sends)]
        (self._tx, self._tx_iv), (self._rx, self._rx_iv) = [(suite_aead(suite, key), iv) for key, iv in keys]
        self.counter, self.window, self.last_heartbeat = 0, ReplayWindow(window), None

    @property
    def phase(self):
        return self.number & 3

    def seal(self, kind, cid, key_phase, plain):
        prefix = Prefix(kind, self.phase, key_phase, self.counter, cid).write()
        nonce = nonce_of(self._tx_iv, self.counter)
        self.counter += 1
        return prefix + self._tx.encrypt(nonce, plain, prefix)

    def open(self, datagram):
        counter = int.from_bytes(datagram[2:8], 'little')
        self.window.check(counter)
        try:
            plain = self._rx.decrypt(nonce_of(self._rx_iv, counter), datagram[16:], datagram[:16])
        except InvalidTag:
            raise Drop('auth_failed') from None
        self.window.mark(counter)
        return plain

    # Heartbeats speak of one epoch, so their state lives here.
    def make_heartbeat(self, now_us, interval_ms, flags=0, padding=0):
        echo = self.last_heartbeat
        plain = pack(HEARTBEAT_LAYOUT, 32, dict(
            flags=flags, next_interval_ms=interval_ms, send_time_us=(now_us & 0xFFFFFFFE) or 2,
            echo_time_us=echo[0] if echo else 0, echo_delay_us=(now_us - echo[1]) & 0xFFFFFFFF if echo else 0,
            received_highest=NOTHING if self.window.highest < 0 else self.window.highest,
            received_count=self.window.count))
        return plain + bytes(padding)

    def read_heartbeat(self, plain, now_us):
        """The fields, with `rtt_us` where the echo gives one."""
        need(len(plain) >= 32, 'wire_bad_field')
        need(plain[32:] == bytes(len(plain) - 32), 'wire_reserved_bits')
        beat = unpack(HEARTBEAT_LAYOUT, plain[:32])
        need(not beat['flags'] & 0xF8, 'wire_reserved_bits')
        self.last_heartbeat = (beat['send_time_us'], now_us)
        if beat['echo_time_us']:
            beat['rtt_us'] = (now_us - beat['echo_time_us'] - beat['echo_delay_us']) & 0xFFFFFFFF
        return beat


PART, TAIL = 0x80, 0x10


def split(packet, size):
    """The two parts of a packet, the first of `size` bytes."""
    return bytes([packet[0] | PART]) + packet[1:size], bytes([packet[0] | PART | TAIL]) + packet[1:4] + packet[size:]


class Joiner:
    """Parts of one session's packets, which wait for each other."""

    def __init__(self):
        self.waiting, self.joined = {}, 0

    def take(self, epoch, counter, plain):
        """A whole packet; None while its other part is missing."""
        if len(plain) <= 4 or plain[0] & 0xC0 != 0xC0:
            return plain
        tail = bool(plain[0] & TAIL)
        other = self.waiting.pop((epoch, counter - tail, not tail), None)
        if other is None:
            if len(self.waiting) == 4:
                self.waiting.pop(next(iter(self.waiting)))
            self.waiting[epoch, counter - tail, tail] = plain
            return None
        head, rest = (other, plain) if tail else (plain, other)
        need(rest[:4] == bytes([head[0] | TAIL]) + head[1:4], 'inner_bad_header')
        self.joined += 1
        return bytes([head[0] & ~PART]) + head[1:] + rest[4:]


def check_inner(packet):
    need(packet, 'inner_too_short')
    version = packet[0] >> 4
    need(version in (4, 6), 'inner_bad_header')
    need(len(packet) >= (20 if version == 4 else 40), 'inner_too_short')
    length = (int.from_bytes(packet[2:4], 'big') if version == 4 else int.from_bytes(packet[4:6], 'big') + 40)
    need(length == len(packet), 'inner_bad_header')
    need(version == 6 or 20 <= (packet[0] & 15) * 4 <= len(packet), 'inner_bad_header')
