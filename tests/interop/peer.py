"""A JVP/1 client: handshake, data, heartbeats, jumps, rekey, close. Blocking calls over plain UDP sockets.

    client = Client(private, gateway_public)
    client.add_path('wifi', ('192.0.2.1', 51820))
    client.handshake('wifi')
    client.send_inner(packet); client.receive_inner(timeout)
    client.jump('cell'); client.rekey(); client.close()

Each call raises Failed with a sentence when the gateway does not do what spec/ promises.
"""
import collections
import os
import select
import socket
import struct
import time

import jvp
from jvp import C2G, Drop, IssuedId, need
from peer_handshake import Binding, Failed, Handshakes, SessionEnded


class Client(Handshakes):
    def __init__(self, private, gateway_public, psk=bytes(32), suites=(jvp.AES_256_GCM, jvp.CHACHA20_POLY1305),
                 counter=0):
        self.private, self.gateway_public, self.psk, self.suites = private, gateway_public, psk, suites
        self.counter = counter          # a real client keeps it on disk
        self.paths, self.gateways = {}, {}
        self.drops = collections.Counter()
        self.inner = collections.deque()
        self.cookies = {}               # path -> (cookie, end of its life)
        self.noise = None
        self.ended = None
        self.answers = True             # heartbeats that ask for an answer
        self._forget_session()

    def _forget_session(self):
        self.state = 'NONE'
        self.binding = self.proposed = self.pending_jump = self.pending_rekey = None
        self.draining = []              # (Binding, Epoch, end)
        self.control = {}               # generation -> (send key, receive key)
        self.root, self.generation = None, 0
        self.jump_seq = self.rekey_seq = self.close_seq = self.peer_close_seq = 0
        self.challenge_seq = self.highest_epoch = 0
        self.jump_id_of_path = {}
        self.acks, self.refusals, self.heartbeats = [], [], []
        self.joiner = jvp.Joiner()
        self.confirmed_by = None
        self.observed = None

    # ---- Paths ----------------------------------------------------------------------------------
    def add_path(self, name, gateway, local=None, device=None):
        family = socket.AF_INET6 if ':' in gateway[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        if device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b'\0')
        if local:
            sock.bind(local)
        sock.connect(gateway)
        sock.setblocking(False)
        self.paths[name], self.gateways[name] = sock, gateway

    def remove_path(self, name):
        self.paths.pop(name).close()

    def rebind_path(self, name):
        """Another local port under the same name, as if a NAT had changed its mind."""
        gateway = self.gateways[name]
        self.remove_path(name)
        self.add_path(name, gateway)

    def send_raw(self, path, datagram):
        try:
            self.paths[path].send(datagram)
        except (ConnectionRefusedError, OSError):
            pass  # ICMP is never believed

    # ---- Waiting --------------------------------------------------------------------------------
    def pump(self, timeout, until=lambda: False):
        """Handles what arrives until the condition holds (True) or the time is over (False)."""
        deadline = time.monotonic() + timeout
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # A condition may become true without a packet of ours: look again soon.
            ready, _, _ = select.select(list(self.paths.values()), [], [], min(left, 0.02))
            for sock in ready:
                name = next(n for n, s in self.paths.items() if s is sock)
                try:
                    datagram = sock.recv(2048)
                except (ConnectionRefusedError, BlockingIOError):
                    continue
                try:
                    self._on_datagram(name, datagram)
                except Drop as drop:
                    self.drops[str(drop)] += 1
            if self.ended:
                raise SessionEnded(self.ended)
        return True

    def exchange(self, send, until, what, timeout=5.0, first=0.3):
        """Sends, and again after growing intervals, until the condition holds."""
        deadline, interval = time.monotonic() + timeout, first
        while True:
            send()
            left = deadline - time.monotonic()
            if self.pump(min(interval, max(left, 0)), until):
                return
            if left <= interval:
                raise Failed(f'{what}: nothing within {timeout} s; drops here: {dict(self.drops)}')
            interval *= 1.5

    # ---- Keys -----------------------------------------------------------------------------------
    def _install_root(self, root, generation):
        self.root, self.generation = root, generation
        self.control = {g: keys for g, keys in self.control.items() if g == generation - 1}
        self.control[generation] = tuple(jvp.control_key(root, self.session_id, generation, d) for d in (C2G, 3 - C2G))

    def _epoch(self, number, binding_version):
        return jvp.Epoch(self.root, self.session_id, self.generation, number, binding_version, self.owner_epoch,
                         self.suite, C2G, self.policy['replay_window_packets'])

    def _drain(self, binding, epoch):
        """At most one previous epoch is alive."""
        self.draining = [(binding, epoch, time.monotonic() + 3.0)]

    # ---- Sending --------------------------------------------------------------------------------
    def _sending(self):
        """The binding and epoch that traffic goes out on: the proposed one as soon as there is one."""
        return self.proposed or self.binding

    def send_traffic(self, kind, plain, binding=None):
        b = binding or self._sending()
        self.send_raw(b.path, b.epoch.seal(kind, b.gateway_id.cid, b.gateway_id.key_phase, plain))

    def _send_control(self, kind, to=None, path=None, /, **values):
        to, path = to or self.binding.gateway_id, path or self.binding.path
        self.send_raw(path, jvp.seal_control(kind, self.control[self.generation][0], self.generation, to.cid,
                                             to.key_phase, **values))

    def send_inner(self, packet):
        self.send_traffic(jvp.DATA, packet)

    def send_in_parts(self, packet, size, tail_first=False):
        b = self._sending()
        messages = [b.epoch.seal(jvp.DATA, b.gateway_id.cid, b.gateway_id.key_phase, part)
                    for part in jvp.split(packet, size)]
        for message in reversed(messages) if tail_first else messages:
            self.send_raw(b.path, message)

    def receive_inner(self, timeout, wanted=lambda packet: True):
        """The next inner packet that is wanted; others before it are thrown away."""
        found = []

        def look():
            while self.inner and not found:
                packet = self.inner.popleft()
                if wanted(packet):
                    found.append(packet)
            return bool(found)

        return found[0] if self.pump(timeout, look) else None

    def send_heartbeat(self, reply_wanted=False, binding=None):
        b = binding or self._sending()
        now = time.monotonic_ns() // 1000
        interval = min(self.policy['heartbeat_interval_ms'], 65535)
        self.send_traffic(jvp.HEARTBEAT, b.epoch.make_heartbeat(now, interval, 4 if reply_wanted else 0, 32), b)

    def heartbeat(self, timeout=3.0):
        """Probes the path; returns the gateway's answer, which echoes our probe or tells that it came."""
        self.heartbeats.clear()
        self.exchange(lambda: self.send_heartbeat(True), lambda: any('rtt_us' in b for b in self.heartbeats),
                      'HEARTBEAT', timeout)
        return next(b for b in self.heartbeats if 'rtt_us' in b)

    # ---- Jump -----------------------------------------------------------------------------------
    def jump(self, path, cause='transport_retiring', timeout=8.0):
        """REATTACH over `path`; returns when the gateway is heard in the new epoch."""
        self.pump(1.0, lambda: self.pending_jump is None)  # a check that the gateway started ends first
        self.pending_rekey = None
        stale_once, retries = False, 0
        while True:
            self._start_jump(path, jvp.REASON[cause])
            seq = self.jump_seq
            self.exchange(self._send_reattach,
                          lambda: self.pending_jump is None or self.pending_jump.get('answered') or self.refusals,
                          'REATTACH', timeout)
            if not self.refusals:
                self.exchange(self._send_response, lambda: self.pending_jump is None or self.refusals,
                              'PATH_RESPONSE', timeout)
            if self.pending_jump is None:
                return
            refusal, self.refusals = self.refusals[0], []
            need(refusal['jump_seq'] == seq, 'control_stale')
            if refusal['reason'] == jvp.REASON['stale_binding_version'] and self.proposed and not stale_once:
                stale_once = True
                self._adopt(refusal)
            elif refusal['retry_after_ms'] and retries < 3:
                retries += 1
                self.pump(max(refusal['retry_after_ms'], 100) / 1000)
            else:
                raise Failed(f"the gateway refused the jump, reason {refusal['reason']}")

    def _start_jump(self, path, cause):
        if path not in self.jump_id_of_path:
            unused = [i for i in self.binding.jump_ids if i not in self.jump_id_of_path.values()]
            if not unused:
                raise Failed('no jump id is left')
            self.jump_id_of_path[path] = unused[0]
        self.jump_seq += 1
        self.refusals, self.acks = [], []
        self.pending_jump = dict(seq=self.jump_seq, path=path, cause=cause, jump_id=self.jump_id_of_path[path],
                                 client_cid=int.from_bytes(os.urandom(8), 'little') | 1)
        self.state = 'RECOVERING'

    def _send_reattach(self):
        p = self.pending_jump
        self._send_control(jvp.REATTACH, p['jump_id'], p['path'], jump_seq=p['seq'],
                           binding_version=self.binding.version, generation=self.generation, cause=p['cause'],
                           client_cid=p['client_cid'], session_id=self.session_id)

    def _send_response(self):
        for token, path in self.pending_jump['tokens'].items():
            c = self.pending_jump['challenge']
            self._send_control(jvp.PATH_RESPONSE, self.proposed.gateway_id, path, jump_seq=c['jump_seq'],
                               challenge_seq=c['challenge_seq'], token=token, epoch=c['epoch'],
                               binding_version=c['binding_version'], client_cid=self.proposed.client_cid)

    def _on_challenge(self, path, prefix, c, generation):
        p = self.pending_jump
        if c['jump_seq'] == 0:
            if p is None:
                need(c['challenge_seq'] > self.challenge_seq, 'control_stale')
                need(c['kind'] in (2, 3) and c['client_cid'] == 0, 'wire_bad_field')
                p = self.pending_jump = dict(seq=0, path=path, client_cid=int.from_bytes(os.urandom(8), 'little') | 1)
                self.state = 'RECOVERING'
            need(p['seq'] == 0, 'control_stale')
        else:
            need(p and c['jump_seq'] == p['seq'], 'control_stale')
            need(c['kind'] == 1 and c['client_cid'] == p['client_cid'], 'wire_bad_field')
        need(c['token'] != bytes(16), 'wire_bad_field')
        first = p.get('challenge')
        if first is None:
            need(c['challenge_seq'] > self.challenge_seq, 'control_stale')
            need(generation == self.generation, 'control_wrong_generation')
            need(c['binding_version'] == self.binding.version + 1, 'control_wrong_binding')
            need(c['epoch'] > self.highest_epoch, 'control_wrong_epoch')
            self.challenge_seq, self.highest_epoch = c['challenge_seq'], c['epoch']
            self.owner_epoch = c['owner_epoch']
            self.observed = jvp.decode_endpoint(c['observed'])
            self.proposed = Binding(c['binding_version'], path, IssuedId.read(c['gateway_id'], prefix.key_phase),
                                    p['client_cid'], self._epoch(c['epoch'], c['binding_version']),
                                    jvp.read_jump_ids(c['jump_ids'], prefix.key_phase))
            p['challenge'], p['tokens'] = c, {}
        else:
            same = ('challenge_seq', 'epoch', 'binding_version', 'gateway_id', 'jump_ids')
            need(all(first[k] == c[k] for k in same), 'wire_bad_field')
        need(c['token'] in p['tokens'] or len(p['tokens']) < 2, 'control_stale')
        p['tokens'][c['token']] = path
        p['answered'] = True
        if p['seq'] == 0 or first is not None:
            self._send_response()  # else jump() sends, and repeats, it

    def _commit(self):
        """The gateway was heard in the proposed epoch, or acknowledged it."""
        old, self.binding, self.proposed = self.binding, self.proposed, None
        self._drain(old, old.epoch)
        self.pending_jump, self.jump_id_of_path, self.state = None, {}, 'ATTACHED'

    def _adopt(self, refusal):
        p = self.proposed
        if (refusal['binding_version'], refusal['epoch'], refusal['gateway_cid'], refusal['client_cid']) != (
                p.version, p.epoch.number, p.gateway_id.cid, p.client_cid):
            raise Failed('the gateway names a binding that this client has no keys for')
        self._commit()

    # ---- Rekey, close ---------------------------------------------------------------------------
    def rekey(self, reason='policy_trigger', timeout=5.0):
        """REKEY, then a heartbeat in the new epoch until the gateway answers in it."""
        private = os.urandom(32)
        self.rekey_seq += 1
        self.pending_rekey = dict(seq=self.rekey_seq, private=private, public=jvp.public_of(private), denied=None)
        wanted, old = self.generation + 1, self.binding.epoch

        def send():
            self._send_control(jvp.REKEY, generation=wanted, reason=jvp.REASON[reason],
                               binding_version=self.binding.version, ephemeral=self.pending_rekey['public'],
                               rekey_seq=self.rekey_seq)

        self.exchange(send, lambda: self.pending_rekey is None or self.pending_rekey['denied'], 'REKEY', timeout)
        if self.pending_rekey:
            raise Failed(f"the gateway refused the rekey, reason {self.pending_rekey['denied']}")
        self.exchange(lambda: self.send_heartbeat(True), lambda: self.binding.epoch.window.count > 0,
                      'traffic in the new generation', timeout)
        assert self.binding.epoch is not old

    def _on_rekey_reply(self, r, generation):
        p = self.pending_rekey
        need(p and r['rekey_seq'] == p['seq'], 'control_stale')
        need(r['generation'] == generation + 1 == self.generation + 1, 'control_wrong_generation')
        if r['reason']:
            p['denied'] = r['reason']
            return
        need(r['binding_version'] == self.binding.version, 'control_wrong_binding')
        need(r['epoch'] > self.highest_epoch, 'control_wrong_epoch')
        shared = jvp.x25519(p['private'], r['ephemeral'])
        self.owner_epoch = r['owner_epoch']
        self._install_root(jvp.next_root(self.root, self.session_id, r['generation'], shared, p['public'],
                                         r['ephemeral']), r['generation'])
        self.highest_epoch = r['epoch']
        self._drain(self.binding, self.binding.epoch)
        self.binding.epoch = self._epoch(r['epoch'], self.binding.version)
        self.pending_rekey = None

    def close(self, by_control=False, reason='operator_terminated'):
        """Ends the session; nothing answers."""
        if by_control:
            self.close_seq += 1
            self._send_control(jvp.CONTROL_CLOSE, close_seq=self.close_seq, reason=jvp.REASON[reason],
                               session_id=self.session_id)
        else:
            self.send_traffic(jvp.CLOSE, jvp.pack(jvp.CLOSE_LAYOUT, 8, dict(reason=jvp.REASON[reason])))
        self.state = 'TERMINATED'

    # ---- Receiving ------------------------------------------------------------------------------
    def _on_datagram(self, path, datagram):
        kind = jvp.check_framing(datagram, 'client')
        if kind == jvp.WELCOME:
            return self._on_welcome(path, datagram)
        if kind == jvp.HELLO_REFUSAL:
            return self._on_hello_refusal(path, datagram)
        if kind == jvp.COOKIE_REPLY:
            return self._on_cookie(path, datagram)
        if kind == jvp.VERSION_REFUSAL:
            need(int.from_bytes(datagram[8:16], 'little') == getattr(self, 'hello_cid', 0), 'cid_unknown')
            self.version_refusal = struct.unpack('<4H', datagram[16:24])
            return None
        if kind == jvp.RESET:
            return self._on_reset(datagram)
        prefix = jvp.Prefix.read(datagram)
        need(not prefix.key_phase or kind == jvp.PATH_CHALLENGE, 'wire_reserved_bits')
        need(self.state not in ('NONE', 'TERMINATED'), 'cid_unknown')
        if kind in jvp.CONTROL_TYPES:
            return self._on_control(path, prefix, datagram)
        return self._on_traffic(prefix, datagram)

    def _receivers(self):
        """(binding, epoch) pairs that may receive."""
        now = time.monotonic()
        self.draining = [d for d in self.draining if d[2] > now]
        pairs = [(b, b.epoch) for b in (self.proposed, self.binding) if b]
        return pairs + [(b, e) for b, e, _ in self.draining]

    def _on_traffic(self, prefix, datagram):
        pairs = self._receivers()
        need(any(b.client_cid == prefix.cid for b, _ in pairs), 'cid_unknown')
        found = next(((b, e) for b, e in pairs if b.client_cid == prefix.cid and e.phase == prefix.phase), None)
        need(found, 'epoch_unknown')
        binding, epoch = found
        plain = epoch.open(datagram)
        if binding is self.proposed:
            self._commit()
        elif self.state == 'BIRTH':
            self.state = 'ATTACHED'
        if prefix.type == jvp.DATA:
            packet = self.joiner.take(epoch.number, prefix.counter, plain)
            if packet is not None:
                jvp.check_inner(packet)
                self.inner.append(packet)
        elif prefix.type == jvp.HEARTBEAT:
            beat = epoch.read_heartbeat(plain, time.monotonic_ns() // 1000)
            beat['epoch'] = epoch.number
            self.heartbeats.append(beat)
            if beat['flags'] & 4 and binding is self.binding and self.answers:
                self.send_heartbeat(binding=binding)
        else:
            need(len(plain) == 8, 'wire_bad_field')
            self._peer_closed(jvp.unpack(jvp.CLOSE_LAYOUT, plain)['reason'])

    def _on_control(self, path, prefix, datagram):
        ours = {b.client_cid for b, _ in self._receivers()}
        if self.pending_jump:
            ours.add(self.pending_jump['client_cid'])
        need(prefix.cid in ours, 'cid_unknown')
        generation = next((g for g in self.control if g & 3 == prefix.phase), None)
        need(generation is not None, 'epoch_unknown')
        m = jvp.open_control(self.control[generation][1], datagram)
        if prefix.type == jvp.PATH_CHALLENGE:
            self._on_challenge(path, prefix, m, generation)
        elif prefix.type == jvp.REKEY_REPLY:
            self._on_rekey_reply(m, generation)
        elif prefix.type == jvp.REFUSAL:
            need(self.pending_jump and m['jump_seq'] == self.pending_jump['seq'] and m['reason'], 'control_stale')
            need(m['generation'] == generation, 'control_wrong_generation')
            self.refusals.append(m)
        elif prefix.type == jvp.ACK:
            self._on_ack(m, generation)
        elif prefix.type == jvp.CONTROL_CLOSE:
            need(m['session_id'] == self.session_id, 'control_wrong_session')
            need(m['close_seq'] > self.peer_close_seq, 'control_stale')
            self.peer_close_seq = m['close_seq']
            self._peer_closed(m['reason'])

    def _on_ack(self, m, generation):
        need(m['subject'] in (jvp.CONFIRM, jvp.PATH_RESPONSE), 'wire_bad_field')
        if m['subject'] == jvp.CONFIRM:
            need(self.state == 'BIRTH', 'control_stale')
            need(m['binding_version'] == 1, 'control_wrong_binding')
            need(m['epoch'] == 1, 'control_wrong_epoch')
            need((m['jump_seq'], m['challenge_seq']) == (0, 0), 'wire_bad_field')
            self.state = 'ATTACHED'
            return
        c = (self.pending_jump or {}).get('challenge')
        need(c and m['challenge_seq'] == c['challenge_seq'] and m['jump_seq'] == c['jump_seq'], 'control_stale')
        need(generation == self.generation, 'control_wrong_generation')
        need(m['binding_version'] == c['binding_version'], 'control_wrong_binding')
        need(m['epoch'] == c['epoch'], 'control_wrong_epoch')
        self.acks.append(m)
        self._commit()

    def _on_reset(self, datagram):
        live = [b.gateway_id for b in (self.binding, self.proposed) if b]
        if self.pending_jump and 'jump_id' in self.pending_jump:
            live.append(self.pending_jump['jump_id'])
        need(datagram[1] == 0, 'wire_reserved_bits')
        need(any(datagram[8:] == i.token for i in live), 'cid_unknown')
        self.state, self.ended = 'TERMINATED', 'gateway_lost_session'

    def _peer_closed(self, reason):
        self.state, self.ended = 'TERMINATED', f'peer_closed, reason {reason}'
