#!/usr/bin/python3
"""The Python peer against a running jumpgated: one line for each step, status 1 at the first that fails.

    /usr/bin/python3 tests/interop/against_gateway.py --gateway 192.0.2.1:51820 --gateway-public BASE64 \\
        --private BASE64 --inner 10.99.0.2 [--local 192.0.2.10] [--second 198.51.100.1:51820] \\
        [--second-local 198.51.100.10] [--second-device cell0] [--psk BASE64] [--suite 1|2]

The inner address is a host behind the gateway that answers pings. Without --second the second path is another local
port towards the same gateway address.
"""
import argparse
import base64
import os
import sys
import time

import icmp
import jvp
from peer import Client, Failed, SessionEnded


def endpoint(text):
    host, _, port = text.rpartition(':')
    return host.strip('[]'), int(port)


def key(text):
    raw = base64.b64decode(text, validate=True)
    if len(raw) != 32:
        raise argparse.ArgumentTypeError('a key has 32 bytes')
    return raw


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--gateway', type=endpoint, required=True)
    parser.add_argument('--gateway-public', type=key, required=True)
    parser.add_argument('--private', type=key, required=True)
    parser.add_argument('--inner', required=True)
    parser.add_argument('--psk', type=key, default=bytes(32))
    parser.add_argument('--suite', type=int, choices=(1, 2), help='offer this suite alone')
    parser.add_argument('--local', default=None)
    parser.add_argument('--second', type=endpoint, default=None)
    parser.add_argument('--second-local', default=None)
    parser.add_argument('--second-device', default=None)
    return parser.parse_args()


class Run:
    def __init__(self, args):
        self.args = args
        suites = (args.suite,) if args.suite else (jvp.AES_256_GCM, jvp.CHACHA20_POLY1305)
        self.client = Client(args.private, args.gateway_public, args.psk, suites)
        self.paths = {
            'first': (args.gateway, args.local and (args.local, 0)),
            'second': (args.second or args.gateway, args.second_local and (args.second_local, 0), args.second_device)}
        for name, where in self.paths.items():
            self.client.add_path(name, *where)
        self.sequence = 0

    def step(self, name, call):
        started = time.monotonic()
        try:
            note = call() or ''
        except (Failed, AssertionError) as failure:
            print(f'FAILED {name}: {failure}')
            sys.exit(1)
        print(f'ok {name} ({(time.monotonic() - started) * 1000:.0f} ms) {note}'.rstrip(), flush=True)

    def check(self, condition, text):
        if not condition:
            raise Failed(f'{text}; drops here: {dict(self.client.drops)}')

    def check_observed(self, path):
        """Without a NAT between, the gateway saw the address that this socket has."""
        local, observed = self.client.paths[path].getsockname()[:2], self.client.observed
        self.check(observed == local or observed[0] != local[0], f'observed {observed}, local {local}')

    # ---- Steps ----------------------------------------------------------------------------------------------------
    def handshake(self):
        c = self.client
        c.handshake('first')
        self.session_id = c.session_id
        family6 = ':' in self.args.inner
        self.source = next((a for a, _ in c.addresses if (':' in a) == family6), None)
        self.check(self.source, f'no inner address of the family of {self.args.inner}: {c.addresses}')
        self.check_observed('first')
        return f'suite {c.suite}, inner {self.source}, mtu {c.mtu}, {len(c.binding.jump_ids)} jump ids'

    def ping(self, size=32):
        """Up to three tries: a neighbour behind the gateway may have to be resolved first."""
        for _ in range(3):
            self.sequence += 1
            request = icmp.echo_request(self.source, self.args.inner, 0x4A56, self.sequence, os.urandom(size))
            self.client.send_inner(request)
            reply = self.client.receive_inner(1.5, lambda p: icmp.is_reply(p, request))
            if reply:
                return
        raise Failed(f'no echo reply; drops here: {dict(self.client.drops)}')

    def pings(self):
        overhead = 48 if ':' in self.args.inner else 28
        for size in (0, 1, 15, 16, 17, 500, self.client.mtu - overhead):
            self.ping(size)

    def parts(self):
        """The gateway puts together what comes in two parts, in either order."""
        for tail_first in (False, True):
            self.sequence += 1
            request = icmp.echo_request(self.source, self.args.inner, 0x4A56, self.sequence, os.urandom(1200))
            self.client.send_in_parts(request, 1200, tail_first)
            self.check(self.client.receive_inner(1.5, lambda p: icmp.is_reply(p, request)), 'no echo reply')

    def jump_unprobed(self, path):
        """While the first probe of the new path has no answer, what is large comes in two parts."""
        c = self.client
        c.answers = False
        said = self.jump(path)
        joined = c.joiner.joined
        self.ping(c.mtu - (48 if ':' in self.args.inner else 28))
        self.check(c.joiner.joined > joined, 'a large packet came whole over a path that nothing has probed')
        c.answers = True
        return said

    def heartbeat(self):
        return f"rtt {self.client.heartbeat()['rtt_us']} us"

    def jump(self, path):
        c = self.client
        before, old_id = c.binding.version, c.binding.gateway_id.cid
        c.jump(path)
        self.check(c.binding.version == before + 1, f'binding_version {c.binding.version} after {before}')
        self.check(c.binding.path == path and c.binding.gateway_id.cid != old_id, 'the binding did not move')
        self.check(c.session_id == self.session_id, 'the session id changed')
        self.check_observed(path)
        self.ping()
        return f'binding_version {c.binding.version}, epoch {c.binding.epoch.number}'

    def repeated_reattach(self):
        """The exchange by hand. A repeated request brings the same answer again; early traffic waits for the commit."""
        c = self.client
        before = c.binding.version
        c.pump(1.6)  # the default cooldown
        c._start_jump('second', jvp.REASON['transport_retiring'])
        c._send_reattach()
        self.check(c.pump(2, lambda: c.proposed), 'no PATH_CHALLENGE')
        early = icmp.echo_request(self.source, self.args.inner, 0x4A56, 60000, b'held')
        c.send_inner(early)
        self.check(not c.receive_inner(0.2, lambda p: icmp.is_reply(p, early)), 'delivered before the commit')
        c._send_reattach()  # the same PATH_CHALLENGE comes again, and only now the client answers
        self.check(c.receive_inner(2, lambda p: icmp.is_reply(p, early)), 'held traffic was not released')
        self.check(c.pump(1, lambda: c.pending_jump is None), 'no ACK and no traffic in the new epoch')
        self.check(c.binding.version == before + 1, 'more than one commit')
        self.ping()
        return f'binding_version {c.binding.version}'

    def rekey(self):
        c = self.client
        before, old_epoch = c.generation, c.binding.epoch.number
        c.rekey()
        self.check(c.generation == before + 1 and c.binding.epoch.number > old_epoch, 'no new generation')
        self.ping()
        return f'generation {c.generation}, epoch {c.binding.epoch.number}'

    def garbage(self):
        """None of it is answered or does harm."""
        c, b = self.client, self.client.binding
        packet = icmp.echo_request(self.source, self.args.inner, 1, 1)
        good = b.epoch.seal(jvp.DATA, b.gateway_id.cid, b.gateway_id.key_phase, packet)
        for kind in list(jvp.NAMES) + [0, 0x80, 0x93, 0xFF]:
            for size in (1, 16, 31, 32, 288, 512, 1400):
                c.send_raw('first', (bytes([kind]) + good[1:16] + os.urandom(1400))[:size])
            c.pump(0.01)  # paced: what a full receive buffer loses tests nothing
        for bit in range(0, len(good) * 8, 7):
            flipped = bytearray(good)
            flipped[bit // 8] ^= 1 << bit % 8
            c.send_raw(b.path, bytes(flipped))
            c.pump(0.001)
        for _ in range(2):
            c.send_raw(b.path, good)  # the second is a replay
        c.pump(0.3)
        self.ping()

    def bad_fields(self):
        """Authentic, and wrong in one field: each is dropped, and no CLOSE among them ends the session."""
        c = self.client
        beat = c.binding.epoch.make_heartbeat(time.monotonic_ns() // 1000, 500)
        reason = jvp.u16(jvp.REASON['operator_terminated'])
        for kind, plain in ((jvp.HEARTBEAT, b'\x08' + beat[1:]), (jvp.HEARTBEAT, beat + b'\x01'),
                            (jvp.HEARTBEAT, beat[:4] + bytes(4) + beat[8:]), (jvp.DATA, b''),
                            (jvp.CLOSE, bytes(8)), (jvp.CLOSE, jvp.u16(999) + bytes(6)),
                            (jvp.CLOSE, reason + b'\0\0\0\0\0\x01')):
            c.send_traffic(kind, plain)
        c.close_seq += 1
        for to, values in ((None, dict(reason=0)), (None, dict(session_id=bytes(16))), (c.binding.jump_ids[0], {})):
            c._send_control(jvp.CONTROL_CLOSE, to, **{
                'close_seq': c.close_seq, 'reason': jvp.REASON['operator_terminated'],
                'session_id': self.session_id, **values})
        c.pump(0.3)
        self.ping()

    def lost_commit(self):
        """The gateway commits, and the new path dies before the client hears of it: told by the refusal, it adopts."""
        c = self.client
        before, here = c.binding.version, c.binding.path
        there = next(name for name in self.paths if name != here)
        c.pump(1.6)  # the default cooldown
        c._start_jump(there, jvp.REASON['transport_retiring'])
        c._send_reattach()
        self.check(c.pump(2, lambda: c.proposed), 'no PATH_CHALLENGE')
        c._send_response()
        c.remove_path(there)
        c.jump(here)
        self.check(c.binding.version == before + 2, f'binding_version {c.binding.version} after {before}')
        self.check(c.session_id == self.session_id, 'the session id changed')
        self.ping()
        c.add_path(there, *self.paths[there])
        return f'binding_version {c.binding.version}'

    def unanswered_rebinding(self):
        """Traffic from a new address that answers no challenge moves nothing and gets three times its bytes at most."""
        c = self.client
        path, before = c.binding.path, c.binding.version
        bound = c.paths.pop(path)
        c.add_path(path, c.gateways[path])
        stranger = c.paths[path]
        c.send_heartbeat()
        sent, got, deadline = 96, 0, time.monotonic() + 1  # a heartbeat as clients pad it
        while time.monotonic() < deadline:
            time.sleep(0.02)
            try:
                got += len(stranger.recv(2048))
            except BlockingIOError:
                pass
        self.check(0 < got <= 3 * sent, f'{got} bytes to an unproved address for {sent}')
        stranger.close()
        c.paths[path] = bound
        self.check(c.pump(5, lambda: c.binding.version == before + 1), 'the bound address was not proved')
        self.ping()
        return f'{got} bytes for {sent}'

    def rebinding(self):
        """The local port changes under the session: the gateway checks both addresses and follows."""
        c = self.client
        before = c.binding.version
        c.rebind_path(c.binding.path)
        c.send_heartbeat(reply_wanted=True)
        self.check(c.pump(5, lambda: c.binding.version == before + 1), 'the gateway did not follow')
        self.ping()

    def counter_low(self):
        self.client.counter = 0
        self.client.handshake('first')
        self.check(self.client.counter > 1, 'a HELLO counter was accepted twice')
        self.check(self.client.session_id != self.session_id, 'the session id of the old session')
        self.ping()
        return f'counter {self.client.counter}'

    def close(self, by_control):
        """The gateway forgets the session: traffic under its id brings a RESET with the right token."""
        c = self.client
        c.close(by_control)
        c.state = 'ATTACHED'
        try:
            for _ in range(5):
                c.send_heartbeat()
                c.pump(1.1)
        except SessionEnded as ended:
            self.check(str(ended) == 'gateway_lost_session', str(ended))
            return
        raise Failed('no RESET for a closed session')

    def run(self):
        self.step('handshake', self.handshake)
        self.step('data, both ways, all sizes', self.pings)
        self.step('data in two parts', self.parts)
        self.step('heartbeat', self.heartbeat)
        self.step('jump to the second path', lambda: self.jump_unprobed('second'))
        self.step('rekey', self.rekey)
        self.step('jump back, under the new generation', lambda: self.jump('first'))
        self.step('repeated and early messages of a jump', self.repeated_reattach)
        self.step('bad input', self.garbage)
        self.step('bad fields', self.bad_fields)
        self.step('a commit that the client does not hear of', self.lost_commit)
        self.step('rebinding, unanswered', self.unanswered_rebinding)
        self.step('rebinding', self.rebinding)
        self.step('close by traffic key, reset', lambda: self.close(False))
        self.step('handshake with a low counter', self.counter_low)
        self.step('close by control key, reset', lambda: self.close(True))
        print('all steps passed')


if __name__ == '__main__':
    Run(arguments()).run()
