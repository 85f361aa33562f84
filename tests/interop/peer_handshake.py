"""From HELLO to ATTACHED: the part of a JVP/1 client that spec/handshake.md describes."""
import os
import struct
import time
from dataclasses import dataclass

import jvp
from jvp import IssuedId, need


class Failed(Exception):
    """The other side did not keep the specification, or did not answer."""


class SessionEnded(Failed):
    """The session is over; the text says why."""


@dataclass
class Binding:
    version: int
    path: str
    gateway_id: IssuedId
    client_cid: int
    epoch: jvp.Epoch
    jump_ids: list


class Handshakes:
    """Base of peer.Client, whose state it shares."""

    def make_hello(self, path, mac1=None):
        self.counter += 1
        self.hello_cid = int.from_bytes(os.urandom(8), 'little') | 1
        self.noise = jvp.Noise(True, self.private, jvp.prologue(jvp.VERSION, self.hello_cid), self.psk,
                               self.gateway_public)
        payload = jvp.pack(jvp.HELLO_LAYOUT, 368, dict(
            counter=self.counter, versions=jvp.u16(jvp.VERSION) + bytes(6),
            suites=bytes(self.suites).ljust(4, b'\0')))
        hello = (bytes([jvp.HELLO, 0]) + jvp.u16(jvp.VERSION) + bytes(4) + jvp.u64(self.hello_cid) +
                 self.noise.write_1(payload))
        self.hello_mac1 = mac1 or jvp.keyed(jvp.mac1_key(self.gateway_public), 16, hello)
        hello += self.hello_mac1
        cookie, until = self.cookies.get(path, (None, 0))
        hello += jvp.keyed(cookie, 16, hello) if cookie and time.monotonic() < until else bytes(16)
        self.cookie_accepted = False
        self.hello_refusal = self.version_refusal = None
        return hello

    def handshake(self, path, timeout=10.0):
        """From HELLO to ATTACHED."""
        self._forget_session()
        self.ended = None
        self.hello_path = path
        deadline, interval, low_once = time.monotonic() + timeout, 1.0, False
        while True:
            started = time.monotonic()
            self.send_raw(path, self.make_hello(path))
            self.pump(min(interval, max(deadline - started, 0)),
                      lambda: self.state == 'BIRTH' or self.cookie_accepted or self.hello_refusal)
            if self.state == 'BIRTH':
                break
            if self.hello_refusal:
                reason, highest = self.hello_refusal
                if reason != jvp.REASON['hello_counter_low'] or low_once:
                    raise Failed(f'the gateway refused the HELLO, reason {reason}')
                low_once, self.counter = True, highest
                continue
            if time.monotonic() >= deadline:
                raise Failed(f'no WELCOME within {timeout} s; drops here: {dict(self.drops)}, '
                             f'version refusal: {self.version_refusal}')
            if not self.cookie_accepted:
                interval = min(interval * 1.5, 5.0)
        self.exchange(self.send_confirm, lambda: self.state == 'ATTACHED', 'CONFIRM')

    def send_confirm(self):
        self._send_control(jvp.CONFIRM, session_id=self.session_id, hello_counter=self.counter)

    def _on_welcome(self, path, datagram):
        need(self.noise and path == self.hello_path and self.state == 'NONE', 'session_state_forbids')
        need(not datagram[1] & ~4 and datagram[4:8] == bytes(4), 'wire_reserved_bits')
        need(struct.unpack('<H', datagram[2:4])[0] == jvp.VERSION, 'hello_bad_version')
        need(int.from_bytes(datagram[8:16], 'little') == self.hello_cid, 'cid_unknown')
        noise = self._noise_copy()
        w = jvp.unpack(jvp.WELCOME_LAYOUT, noise.read_2(datagram[16:]))
        key_phase = datagram[1] >> 2 & 1
        gateway_id = IssuedId.read(w['gateway_id'], key_phase)
        jump_ids = jvp.read_jump_ids(w['jump_ids'], key_phase)
        self.addresses = jvp.read_addresses(w['addresses'], w['address_count'])
        need(w['binding_version'] == 1 and w['epoch'] == 1 and w['suite'] in self.suites, 'wire_bad_field')
        need(len(jump_ids) == w['jump_id_count'] and 1 <= len(jump_ids) <= 4, 'wire_bad_field')
        need(1 <= w['address_count'] <= 8 and 1280 <= w['inner_mtu'] <= 1440, 'wire_bad_field')
        need(w['session_id'] != bytes(16) and gateway_id.cid, 'wire_bad_field')
        need(all(w[name + '_ms'] for name in jvp.POLICY_FIELDS if name != 'switch_cooldown'), 'wire_bad_field')
        width = w['replay_window_packets']
        need(64 <= width <= 32768 and not width & (width - 1), 'wire_bad_field')
        self.noise, self.policy, self.session_id = None, w, w['session_id']
        self.owner_epoch, self.suite, self.mtu = w['owner_epoch'], w['suite'], w['inner_mtu']
        self.observed = jvp.decode_endpoint(w['observed'])
        k1, k2, h = noise.split()
        self._install_root(jvp.root_0(k1, k2, self.session_id, h), 0)
        self.highest_epoch = 1
        self.binding = Binding(1, path, gateway_id, self.hello_cid, self._epoch(1, 1), jump_ids)
        self.state = 'BIRTH'

    def _noise_copy(self):
        """A forged answer must not spoil the pending handshake."""
        copy = object.__new__(jvp.Noise)
        copy.__dict__.update(self.noise.__dict__)
        return copy

    def _on_hello_refusal(self, path, datagram):
        need(self.noise and path == self.hello_path, 'session_state_forbids')
        need(datagram[1] == 0 and datagram[4:8] == bytes(4), 'wire_reserved_bits')
        need(int.from_bytes(datagram[8:16], 'little') == self.hello_cid, 'cid_unknown')
        refusal = jvp.unpack(jvp.REFUSAL_LAYOUT, self._noise_copy().read_2(datagram[16:]))
        self.noise, self.hello_refusal = None, (refusal['reason'], refusal['highest_counter'])

    def _on_cookie(self, path, datagram):
        need(self.noise and path == self.hello_path and not self.cookie_accepted, 'session_state_forbids')
        need(datagram[1] == 0 and datagram[4:8] == bytes(4), 'wire_reserved_bits')
        need(int.from_bytes(datagram[8:16], 'little') == self.hello_cid, 'cid_unknown')
        cookie = jvp.xchacha_open(jvp.cookie_key(self.gateway_public), datagram[16:40], datagram[40:], self.hello_mac1)
        self.cookies[path], self.cookie_accepted = (cookie, time.monotonic() + 120), True
