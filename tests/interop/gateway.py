"""A JVP/1 gateway of the smallest kind: one peer's sessions on one UDP socket; an inner host behind it answers pings.

It exists to test peer.py without the product. Its thread owns all its state; a test reads `events` and `drops` and sets
`under_load`, `versions` and `lose` only.
"""
import collections
import os
import select
import socket
import struct
import threading
import time

import icmp
import jvp
from jvp import G2C, Drop, IssuedId, need

POLICY = dict(max_lifetime_ms=28800000, transport_lost_ttl_ms=15000, heartbeat_interval_ms=500,
              heartbeat_volatile_ms=2000, idle_heartbeat_interval_ms=25000, volatile_to_degraded_ms=4000,
              recovery_window_ms=8000, switch_cooldown_ms=100, reattach_proof_max_age_ms=5000,
              rekey_after_ms=120000, reject_after_ms=180000, max_switches_per_min=8, replay_window_packets=8192,
              max_candidate_count=3, max_consecutive_drops=3, loss_volatile_permille=200,
              loss_window_ms=2000, switch_improvement_permille=1100, latency_volatile_ms=1000)


class Session:
    def __init__(self):
        self.state, self.session_id = 'BIRTH', os.urandom(16)
        self.binding_version, self.address, self.born = 0, None, time.monotonic()
        self.control, self.epochs, self.draining = {}, {}, []
        self.generation, self.highest_epoch = 0, 1
        self.jump_seq = self.challenge_seq = self.rekey_seq = self.close_seq = 0
        self.exchange = self.last_commit = self.unconfirmed = self.rekey_answer = None
        self.cooldown_until = 0.0
        self.heard_from = collections.Counter()


class Gateway(threading.Thread):
    def __init__(self, private, client_public, psk=bytes(32), suites=(1, 2), addresses=(('10.7.0.2', 32),)):
        super().__init__(daemon=True)
        self.private, self.public, self.client_public, self.psk = private, jvp.public_of(private), client_public, psk
        self.suites, self.addresses = suites, addresses
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(('127.0.0.1', 0))
        self.endpoint = self.socket.getsockname()
        self.reset_key, self.cookie_secret = os.urandom(32), os.urandom(32)
        self.highest_counter, self.under_load, self.versions = 0, False, (1,)
        self.ids, self.jump_ids = {}, {}      # id -> session
        self.issued = {}                      # every id ever issued -> its session: a live one's brings no RESET
        self.session = None
        self.drops, self.events = collections.Counter(), []
        self.lose = collections.Counter()     # type -> how many of them are lost on their way out
        self.running = True

    # ---- The thread -----------------------------------------------------------------------------
    def run(self):
        while self.running:
            ready, _, _ = select.select([self.socket], [], [], 0.01)
            if ready:
                datagram, source = self.socket.recvfrom(2048)
                try:
                    self._on_datagram(datagram, source)
                except Drop as drop:
                    self.drops[str(drop)] += 1
            self._tick()

    def stop(self):
        self.running = False
        self.join()
        self.socket.close()

    def _send(self, datagram, to):
        if self.lose[datagram[0]] > 0:
            self.lose[datagram[0]] -= 1
        else:
            self.socket.sendto(datagram, to)

    def _tick(self):
        s, now = self.session, time.monotonic()
        if not s:
            return
        s.draining = [d for d in s.draining if d[1] > now]
        x = s.exchange
        if x and x['kind'] == 3 and x.get('new_answer') and now > x['started'] + 0.4:
            self._commit(s, *x['new_answer'])

    # ---- Ids ------------------------------------------------------------------------------------
    def _issue(self, session):
        cid = int.from_bytes(os.urandom(8), 'little') | 1
        self.issued[cid] = session
        return IssuedId(cid, jvp.reset_token(self.reset_key, cid), 0)

    def lose_all_state(self):
        """As after a restart: the next datagram under an old id brings a RESET."""
        self.ids, self.jump_ids, self.issued, self.session = {}, {}, {}, None

    # ---- Handshake ------------------------------------------------------------------------------
    def _on_hello(self, hello, source):
        need(hello[1] == 0 and hello[4:8] == bytes(4), 'wire_reserved_bits')
        version, cid = struct.unpack('<H', hello[2:4])[0], hello[8:16]
        if version not in self.versions:
            offer = b''.join(jvp.u16(v) for v in self.versions).ljust(8, b'\0')
            self._send(bytes([jvp.VERSION_REFUSAL]) + bytes(7) + cid + offer, source)
            raise Drop('hello_bad_version')
        need(hello[480:496] == jvp.keyed(jvp.mac1_key(self.public), 16, hello[:480]), 'hello_bad_mac1')
        if self.under_load:
            cookie = jvp.make_cookie(self.cookie_secret, source)
            if hello[496:] != jvp.keyed(cookie, 16, hello[:496]):
                nonce = os.urandom(24)
                sealed = jvp.xchacha_seal(jvp.cookie_key(self.public), nonce, cookie, hello[480:496])
                self._send(bytes([jvp.COOKIE_REPLY, 0]) + hello[2:4] + bytes(4) + cid + nonce + sealed, source)
                raise Drop('hello_bad_mac2')
        noise = jvp.Noise(False, self.private, jvp.prologue(version, int.from_bytes(cid, 'little')), self.psk)
        payload = jvp.unpack(jvp.HELLO_LAYOUT, noise.read_1(hello[16:480]))
        need(noise.remote_static == self.client_public, 'hello_unknown_peer')
        need(payload['counter'] and version in struct.unpack('<4H', payload['versions']), 'hello_bad_payload')
        header = hello[2:4] + bytes(4) + cid

        def refuse(name, highest=0):
            values = dict(reason=jvp.REASON[name], highest_counter=highest)
            self._send(bytes([jvp.HELLO_REFUSAL, 0]) + header +
                       noise.write_2(jvp.pack(jvp.REFUSAL_LAYOUT, 24, values)), source)

        if payload['counter'] <= self.highest_counter:
            refuse('hello_counter_low', self.highest_counter)
            raise Drop('hello_counter_low')
        suite = next((s for s in payload['suites'] if s in self.suites), None)
        if not suite:
            refuse('no_common_suite')
            raise Drop('hello_no_suite')
        self.highest_counter = payload['counter']
        s = Session()
        s.suite, s.hello_counter, s.gateway_id = suite, payload['counter'], self._issue(s)
        s.client_cid = int.from_bytes(cid, 'little')
        s.jump_sets = [[self._issue(s) for _ in range(3)]]
        ids = b''.join(i.write() for i in s.jump_sets[0]).ljust(96, b'\0')
        welcome = dict(POLICY, session_id=s.session_id, owner_epoch=1, binding_version=1, epoch=1,
                       gateway_id=s.gateway_id.write(), suite=suite, jump_id_count=3, address_count=len(self.addresses),
                       inner_mtu=1420, observed=jvp.encode_endpoint(source), jump_ids=ids,
                       addresses=jvp.write_addresses(self.addresses))
        self._send(bytes([jvp.WELCOME, 0]) + header + noise.write_2(jvp.pack(jvp.WELCOME_LAYOUT, 408, welcome)), source)
        k1, k2, h = noise.split()
        self._install_root(s, jvp.root_0(k1, k2, s.session_id, h), 0)
        s.epoch = self._epoch(s, 1, 1)
        self.ids[s.gateway_id.cid] = s
        for i in s.jump_sets[0]:
            self.jump_ids[i.cid] = s

    def _on_confirm(self, s, m, source, generation):
        need(m['session_id'] == s.session_id, 'control_wrong_session')
        need(generation == 0, 'control_wrong_generation')
        need(m['hello_counter'] == s.hello_counter, 'control_stale')
        if s.state == 'BIRTH':
            s.state, s.binding_version, s.address = 'ATTACHED', 1, source
            self.session = s
            self.events.append('TransportAttached')
        else:
            need(s.binding_version == 1 and time.monotonic() < s.born + 5, 'control_stale')
        self._control(s, jvp.ACK, s.client_cid, s.address, subject=jvp.CONFIRM, binding_version=1, epoch=1, jump_seq=0,
                      challenge_seq=0)
        self._heartbeat(s)

    # ---- Keys -----------------------------------------------------------------------------------
    def _install_root(self, s, root, generation):
        s.root, s.generation = root, generation
        s.control[generation] = tuple(jvp.control_key(root, s.session_id, generation, d) for d in (G2C, 3 - G2C))

    def _epoch(self, s, number, binding_version, root=None, generation=None):
        return jvp.Epoch(root or s.root, s.session_id, s.generation if generation is None else generation, number,
                         binding_version, 1, s.suite, G2C)

    def _next_epoch(self, s):
        live = {s.epoch.phase} | {e.phase for e, _ in s.draining}
        s.highest_epoch += 1
        while s.highest_epoch & 3 in live:
            s.highest_epoch += 1
        return s.highest_epoch

    def _control(self, s, kind, cid, to, /, **values):
        key = s.control[s.generation][0]
        self._send(jvp.seal_control(kind, key, s.generation, cid, 0, **values), to)

    # ---- Traffic --------------------------------------------------------------------------------
    def _traffic(self, s, kind, plain):
        self._send(s.epoch.seal(kind, s.client_cid, 0, plain), s.address)

    def _heartbeat(self, s, flags=0):
        self._traffic(s, jvp.HEARTBEAT, s.epoch.make_heartbeat(time.monotonic_ns() // 1000, 500, flags))

    def _on_traffic(self, s, prefix, datagram, source):
        proposed = s.exchange and s.exchange['gateway_id'].cid == prefix.cid
        if proposed:
            epoch = s.exchange['epoch']
        elif s.unconfirmed and s.unconfirmed[1].phase == prefix.phase and prefix.cid == s.gateway_id.cid:
            epoch = s.unconfirmed[1]
        elif prefix.cid == s.gateway_id.cid and s.epoch.phase == prefix.phase:
            epoch = s.epoch
        else:
            epoch = next((e for e, _ in s.draining if e.phase == prefix.phase and e.cid == prefix.cid), None)
        need(epoch, 'epoch_unknown')
        need(epoch.phase == prefix.phase, 'epoch_unknown')
        need(s.state != 'BIRTH', 'session_state_forbids')
        highest = epoch.window.highest
        plain = epoch.open(datagram)
        if proposed:
            need(len(s.exchange['held']) < 64, 'held_queue_full')
            s.exchange['held'].append((epoch, prefix.type, plain))
            return
        if s.unconfirmed and epoch is s.unconfirmed[1]:
            self._confirm_rekey(s)
        if epoch is s.epoch and source != s.address and prefix.counter > highest:
            s.heard_from[source] += len(datagram)
            if s.heard_from[source] >= 96 and not s.exchange:
                self._start_check(s, 3, [s.address, source])
        self._deliver(s, epoch, prefix.type, plain)

    def _deliver(self, s, epoch, kind, plain):
        if kind == jvp.DATA:
            jvp.check_inner(plain)
            if plain[0] >> 4 == 4:
                need(socket.inet_ntoa(plain[12:16]) in [a for a, _ in self.addresses], 'inner_bad_source')
            reply = icmp.answer(plain)
            if reply:
                self._traffic(s, jvp.DATA, reply)
        elif kind == jvp.HEARTBEAT:
            beat = epoch.read_heartbeat(plain, time.monotonic_ns() // 1000)
            if beat['flags'] & 4:
                self._heartbeat(s)
        else:
            self._end(s, 'peer_closed')

    def _end(self, s, why):
        s.state = 'TERMINATED'
        self.ids = {k: v for k, v in self.ids.items() if v is not s}
        self.jump_ids = {k: v for k, v in self.jump_ids.items() if v is not s}
        self.events.append(why)

    def close_session(self, reason):
        """From another thread: the test waits for nothing else meanwhile."""
        s = self.session
        self._traffic(s, jvp.CLOSE, jvp.pack(jvp.CLOSE_LAYOUT, 8, dict(reason=reason)))
        self._end(s, 'closed')

    # ---- Jump -----------------------------------------------------------------------------------
    def _on_reattach(self, s, m, source, generation):
        need(s.state != 'BIRTH', 'session_state_forbids')
        need(m['client_cid'], 'wire_bad_field')
        need(m['session_id'] == s.session_id, 'control_wrong_session')
        need(m['generation'] == generation, 'control_wrong_generation')
        need(10 <= m['cause'] <= 16 and m['jump_seq'], 'wire_bad_field')
        need(m['jump_seq'] >= s.jump_seq, 'control_stale')
        x = s.exchange
        if m['jump_seq'] == s.jump_seq:
            need(x and x['jump_seq'] == s.jump_seq, 'control_stale')
            if source not in x['tokens']:
                need(len(x['tokens']) < 2, 'control_stale')
                x['tokens'][source], x['sent'][source] = os.urandom(16), 0
            self._challenge(s, source)
            return

        def refuse(name, retry=0):
            self._control(s, jvp.REFUSAL, m['client_cid'], source, jump_seq=m['jump_seq'], reason=jvp.REASON[name],
                          retry_after_ms=retry, binding_version=s.binding_version, epoch=s.epoch.number,
                          generation=s.generation, gateway_cid=s.gateway_id.cid, client_cid=s.client_cid)
            self.events.append(name)

        if m['binding_version'] != s.binding_version:
            return refuse('stale_binding_version')
        s.jump_seq = m['jump_seq']
        left = s.cooldown_until - time.monotonic()
        if left > 0 and source != s.address:
            return refuse('cooldown_active', int(left * 1000) + 1)
        if s.unconfirmed:
            s.control.pop(s.unconfirmed[0][1], None)
            s.unconfirmed = s.rekey_answer = None
            self.events.append('cancelled_by_jump')
        s.state = 'RECOVERING'
        self._propose(s, 1, [source], m['jump_seq'], m['client_cid'])
        self._challenge(s, source)

    def _start_check(self, s, kind, addresses):
        s.state = 'RECOVERING'
        self._propose(s, kind, addresses, 0, 0)
        for address in addresses:
            self._challenge(s, address)

    def start_in_place_check(self):
        self._start_check(self.session, 2, [self.session.address])

    def _propose(self, s, kind, addresses, jump_seq, client_cid):
        if s.exchange:
            self.ids.pop(s.exchange['gateway_id'].cid, None)
        s.challenge_seq += 1
        gateway_id, jump_ids = self._issue(s), [self._issue(s) for _ in range(3)]
        epoch = self._epoch(s, self._next_epoch(s), s.binding_version + 1)
        epoch.cid = gateway_id.cid
        self.ids[gateway_id.cid] = s
        s.exchange = dict(kind=kind, jump_seq=jump_seq, challenge_seq=s.challenge_seq, client_cid=client_cid,
                          gateway_id=gateway_id, jump_ids=jump_ids, epoch=epoch, held=[], started=time.monotonic(),
                          tokens={a: os.urandom(16) for a in addresses}, sent={a: 0 for a in addresses})

    def _challenge(self, s, address):
        x = s.exchange
        need(x['sent'][address] < 5, 'control_stale')
        x['sent'][address] += 1
        self._control(s, jvp.PATH_CHALLENGE, x['client_cid'] or s.client_cid, address, jump_seq=x['jump_seq'],
                      challenge_seq=x['challenge_seq'], token=x['tokens'][address], epoch=x['epoch'].number,
                      binding_version=s.binding_version + 1, owner_epoch=1, gateway_id=x['gateway_id'].write(),
                      observed=jvp.encode_endpoint(address), kind=x['kind'], client_cid=x['client_cid'],
                      jump_ids=b''.join(i.write() for i in x['jump_ids']).ljust(96, b'\0'))

    def _on_response(self, s, m, source, generation):
        last = s.last_commit
        if last and m['challenge_seq'] == last['challenge_seq']:
            need(m['token'] == last['token'] and source == s.address and last['repeats'] < 4, 'control_stale')
            last['repeats'] += 1
            return self._ack(s)
        x = s.exchange
        need(x and m['challenge_seq'] == x['challenge_seq'] and m['token'] in x['tokens'].values(), 'control_stale')
        need(generation == s.generation, 'control_wrong_generation')
        need(m['binding_version'] == s.binding_version + 1, 'control_wrong_binding')
        need(m['epoch'] == x['epoch'].number, 'control_wrong_epoch')
        need(m['jump_seq'] == x['jump_seq'] and m['client_cid'], 'wire_bad_field')
        need(x['jump_seq'] == 0 or m['client_cid'] == x['client_cid'], 'wire_bad_field')
        if x['tokens'].get(source) != m['token']:
            self.events.append('path_not_validated')
            return None
        need(time.monotonic() - x['started'] < 5, 'control_stale')
        if x['kind'] == 3 and source != s.address and time.monotonic() < x['started'] + 0.4:
            x['new_answer'] = (m, source)
            return None
        return self._commit(s, m, source)

    def _commit(self, s, m, source):
        x, moved = s.exchange, source != s.address
        s.epoch.cid = s.gateway_id.cid
        s.draining = [(s.epoch, time.monotonic() + 0.5)]
        s.binding_version, s.address, s.epoch = s.binding_version + 1, source, x['epoch']
        s.gateway_id, s.client_cid, s.exchange, s.state = x['gateway_id'], m['client_cid'], None, 'ATTACHED'
        s.jump_sets = [x['jump_ids']] + s.jump_sets[:1]
        self.jump_ids = {i.cid: s for ids in s.jump_sets for i in ids}
        s.last_commit = dict(challenge_seq=x['challenge_seq'], jump_seq=x['jump_seq'], token=m['token'], repeats=0)
        s.cooldown_until = time.monotonic() + POLICY['switch_cooldown_ms'] / 1000
        s.heard_from.clear()
        self.events.append({1: 'TransportSwitch', 2: 'in_place', 3: 'rebound' if moved else 'kept'}[x['kind']])
        self._ack(s)
        self._heartbeat(s)
        for epoch, kind, plain in x['held']:
            self.events.append('held_released')
            self._deliver(s, epoch, kind, plain)

    def _ack(self, s):
        self._control(s, jvp.ACK, s.client_cid, s.address, subject=jvp.PATH_RESPONSE, binding_version=s.binding_version,
                      epoch=s.epoch.number, jump_seq=s.last_commit['jump_seq'],
                      challenge_seq=s.last_commit['challenge_seq'])

    # ---- Rekey ----------------------------------------------------------------------------------
    def _on_rekey(self, s, m, generation):
        need(generation == s.generation, 'control_wrong_generation')
        need(m['rekey_seq'] >= s.rekey_seq and m['rekey_seq'], 'control_stale')
        if m['rekey_seq'] == s.rekey_seq:
            need(s.rekey_answer and s.unconfirmed and s.rekey_answer[1] < 4, 'control_stale')
            s.rekey_answer[1] += 1
            return self._control(s, jvp.REKEY_REPLY, s.client_cid, s.address, **s.rekey_answer[0])
        s.rekey_seq = m['rekey_seq']
        reply = dict(generation=m['generation'], reason=0, binding_version=s.binding_version, ephemeral=bytes(32),
                     epoch=0, owner_epoch=0, rekey_seq=m['rekey_seq'])
        reason = ('stale_binding_version' if m['binding_version'] != s.binding_version else
                  'wrong_generation' if m['generation'] != s.generation + 1 else
                  'rekey_pending' if s.exchange else 'none')
        reply['reason'] = jvp.REASON[reason]
        if reason == 'none':
            private = os.urandom(32)
            shared, generation = jvp.x25519(private, m['ephemeral']), m['generation']
            root = jvp.next_root(s.root, s.session_id, generation, shared, m['ephemeral'], jvp.public_of(private))
            number = self._next_epoch(s)
            epoch = self._epoch(s, number, s.binding_version, root, generation)
            s.control[generation] = tuple(jvp.control_key(root, s.session_id, generation, d) for d in (G2C, 3 - G2C))
            s.unconfirmed = ((root, generation), epoch)
            reply.update(ephemeral=jvp.public_of(private), epoch=number, owner_epoch=1)
            s.rekey_answer = [reply, 0]
        return self._control(s, jvp.REKEY_REPLY, s.client_cid, s.address, **reply)

    def _confirm_rekey(self, s):
        (s.root, s.generation), epoch = s.unconfirmed
        s.control = {g: keys for g, keys in s.control.items() if g >= s.generation - 1}
        s.epoch.cid = epoch.cid = s.gateway_id.cid
        s.draining, s.epoch, s.unconfirmed = [(s.epoch, time.monotonic() + 0.5)], epoch, None
        self.events.append('KeyRotated')
        self._heartbeat(s)

    # ---- Dispatch -------------------------------------------------------------------------------
    def _on_datagram(self, datagram, source):
        kind = jvp.check_framing(datagram, 'gateway')
        if kind == jvp.HELLO:
            return self._on_hello(datagram, source)
        prefix = jvp.Prefix.read(datagram)
        s = (self.jump_ids if kind == jvp.REATTACH else self.ids).get(prefix.cid)
        if s is None:
            owner = self.issued.get(prefix.cid)
            if kind not in (jvp.CLOSE, jvp.CONTROL_CLOSE) and (owner is None or owner.state == 'TERMINATED'):
                token = jvp.reset_token(self.reset_key, prefix.cid)
                self._send(bytes([jvp.RESET, 0]) + os.urandom(6) + token, source)
            raise Drop('cid_unknown')
        if kind in jvp.TRAFFIC_TYPES:
            return self._on_traffic(s, prefix, datagram, source)
        generation = next((g for g in s.control if g & 3 == prefix.phase), None)
        need(generation is not None, 'epoch_unknown')
        m = jvp.open_control(s.control[generation][1], datagram)
        if s.unconfirmed and generation == s.unconfirmed[0][1]:
            self._confirm_rekey(s)
        if kind == jvp.CONFIRM:
            return self._on_confirm(s, m, source, generation)
        if kind == jvp.REATTACH:
            return self._on_reattach(s, m, source, generation)
        if kind == jvp.PATH_RESPONSE:
            return self._on_response(s, m, source, generation)
        if kind == jvp.REKEY:
            return self._on_rekey(s, m, generation)
        need(m['session_id'] == s.session_id, 'control_wrong_session')
        need(m['close_seq'] > s.close_seq, 'control_stale')
        return self._end(s, 'peer_closed')
