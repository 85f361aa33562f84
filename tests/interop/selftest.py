#!/usr/bin/python3
"""The Python peer against the Python gateway over loopback, the public Noise vector, and the vectors in spec/keys.md.

    /usr/bin/python3 tests/interop/selftest.py      one line per check; status 1 at the first that fails
"""
import itertools
import json
import os
import pathlib
import re
import sys
import time

import jvp
from jvp import C2G, G2C, Drop
from gateway import Gateway
from peer import Client, Failed, SessionEnded
import icmp

ROOT = pathlib.Path(__file__).resolve().parents[2]
INNER = '10.7.0.2'
unhex = bytes.fromhex


# ---- Vectors -----------------------------------------------------------------------------------
def noise_vector():
    """Handshake and transport messages of the public vector, both sides."""
    v = json.loads((ROOT / 'tests/vectors/noise_ikpsk2_25519_chachapoly_blake2b.json').read_text())
    assert v['protocol_name'] == jvp.NOISE_NAME.decode()
    first, second, *transport = [(unhex(m['payload']), unhex(m['ciphertext'])) for m in v['messages']]
    a = jvp.Noise(True, unhex(v['init_static']), unhex(v['init_prologue']), unhex(v['init_psks'][0]),
                  unhex(v['init_remote_static']), unhex(v['init_ephemeral']))
    b = jvp.Noise(False, unhex(v['resp_static']), unhex(v['resp_prologue']), unhex(v['resp_psks'][0]),
                  ephemeral=unhex(v['resp_ephemeral']))
    assert a.write_1(first[0]) == first[1]
    assert b.read_1(first[1]) == first[0]
    assert b.remote_static == jvp.public_of(unhex(v['init_static']))
    assert b.write_2(second[0]) == second[1]
    assert a.read_2(second[1]) == second[0]
    assert a.split() == b.split()
    k1, k2, h = a.split()
    assert h == unhex(v['handshake_hash'])
    for (payload, sealed), cipher in zip(transport, itertools.cycle((jvp.Cipher(k1), jvp.Cipher(k2)))):
        assert cipher.seal(payload) == sealed


def spec_vectors():
    """Every line of the vectors block in spec/keys.md, computed anew."""
    text = (ROOT / 'spec/keys.md').read_text()
    printed = dict(line.split() for line in re.search(r'```vectors\n(.*?)```', text, re.S)[1].splitlines())
    k1, k2, h, sid = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 128)), bytes(range(0xA0, 0xB0))
    cid = 0x1122334455667788
    out = {'root_0': jvp.root_0(k1, k2, sid, h)}
    root = out['root_0']
    for name, direction in (('c2g', C2G), ('g2c', G2C)):
        out['control_0_' + name] = jvp.control_key(root, sid, 0, direction)
        for suite_name, suite in (('gcm', 1), ('cha', 2)):
            out[f'traffic_0_1_{suite_name}_{name}'] = b''.join(jvp.traffic_key(root, sid, 0, 1, 1, 1, suite, direction))
    out['traffic_0_6_gcm_c2g'] = b''.join(jvp.traffic_key(root, sid, 0, 6, 3, 7, 1, C2G))
    out['nonce_5'] = jvp.nonce_of(jvp.traffic_key(root, sid, 0, 1, 1, 1, 1, C2G)[1], 5)
    for name, suite in (('data_gcm', 1), ('data_chacha', 2)):
        epoch = jvp.Epoch(root, sid, 0, 1, 1, 1, suite, C2G)
        epoch.counter = 5
        out[name] = epoch.seal(jvp.DATA, cid, 0, bytes(range(40)))
    out['confirm'] = jvp.seal_control(jvp.CONFIRM, out['control_0_c2g'], 0, cid, 0, bytes(range(0x30, 0x48)),
                                      session_id=sid, hello_counter=9)
    private = {'client': b'\x11' * 32, 'gateway': b'\x22' * 32}
    for name, key in private.items():
        out[name + '_ephemeral_private'], out[name + '_ephemeral'] = key, jvp.public_of(key)
    out['shared'] = jvp.x25519(private['client'], out['gateway_ephemeral'])
    out['root_1'] = jvp.next_root(root, sid, 1, out['shared'], out['client_ephemeral'], out['gateway_ephemeral'])
    out['control_1_c2g'] = jvp.control_key(out['root_1'], sid, 1, C2G)
    out['traffic_1_2_gcm_g2c'] = b''.join(jvp.traffic_key(out['root_1'], sid, 1, 2, 1, 1, 1, G2C))
    static = b'\x33' * 32
    public = out['gateway_public'] = jvp.public_of(static)
    hello = bytes(i & 255 for i in range(480))
    out['mac1_key'] = jvp.mac1_key(public)
    out['mac1'] = jvp.keyed(out['mac1_key'], 16, hello)
    out['cookie_v4'] = jvp.make_cookie(b'\x44' * 32, ('192.0.2.7', 51820))
    out['cookie_v6'] = jvp.make_cookie(b'\x44' * 32, ('2001:db8::7', 51820))
    out['mac2'] = jvp.keyed(out['cookie_v4'], 16, hello + out['mac1'])
    out['cookie_key'] = jvp.cookie_key(public)
    out['sealed_cookie'] = jvp.xchacha_seal(out['cookie_key'], bytes(range(0x50, 0x68)), out['cookie_v4'], out['mac1'])
    out['reset_token'] = jvp.reset_token(b'\x55' * 32, cid)
    prologue = jvp.prologue(1, 0x0102030405060708)
    a = jvp.Noise(True, b'\x66' * 32, prologue, remote_static=public, ephemeral=b'\x77' * 32)
    b = jvp.Noise(False, static, prologue, ephemeral=b'\x88' * 32)
    b.read_1(a.write_1(bytes(368)))
    a.read_2(b.write_2(bytes(408)))
    out['noise_k1'], out['noise_k2'], out['noise_h'] = a.split()
    assert printed.keys() == out.keys(), printed.keys() ^ out.keys()
    for name, value in out.items():
        assert printed[name] == value.hex(), name


def replay_window():
    w = jvp.ReplayWindow(64)
    for counter, verdict in ((0, None), (0, 'replay_duplicate'), (70, None), (6, 'replay_old'), (7, None),
                             (7, 'replay_duplicate'), (1000, None), (70, 'replay_old'), (999, None)):
        try:
            w.check(counter)
            w.mark(counter)
            assert verdict is None, counter
        except Drop as drop:
            assert str(drop) == verdict, counter


# ---- Peer and gateway --------------------------------------------------------------------------
class Pair:
    def __init__(self, suites=(1, 2), **gateway):
        private, static = os.urandom(32), os.urandom(32)
        psk = os.urandom(32)
        self.gateway = Gateway(static, jvp.public_of(private), psk, **gateway)
        self.client = Client(private, self.gateway.public, psk, suites)
        self.client.add_path('wifi', self.gateway.endpoint)
        self.client.add_path('cell', self.gateway.endpoint)
        self.sequence = 0

    def __enter__(self):
        self.gateway.start()
        return self.client, self.gateway, self

    def __exit__(self, *_):
        self.gateway.stop()
        for name in list(self.client.paths):
            self.client.remove_path(name)

    def wait(self, condition, what):
        assert self.client.pump(5, condition), f'{what}; {self.gateway.events} {self.gateway.drops}'

    def ping(self):
        self.sequence += 1
        request = icmp.echo_request(INNER, '10.7.0.1', 7, self.sequence, b'through the tunnel')
        self.client.send_inner(request)
        assert self.client.receive_inner(5, lambda p: icmp.is_reply(p, request)), f'no reply; {self.gateway.drops}'


def expect_failure(kind, text, call):
    try:
        call()
    except kind as failure:
        assert text in str(failure), failure
        return
    raise AssertionError(f'no {kind.__name__}: {text}')


def handshake_and_data():
    for suite in (1, 2):
        with Pair(suites=(suite,)) as (client, gateway, pair):
            client.handshake('wifi')
            assert client.suite == suite and client.addresses == [(INNER, 32)]
            assert client.observed == client.paths['wifi'].getsockname()
            for _ in range(3):
                pair.ping()
            assert client.heartbeat()['rtt_us'] < 1_000_000
            assert gateway.events == ['TransportAttached'] and not gateway.drops and not client.drops
            client.close()
            pair.wait(lambda: gateway.events[-1] == 'peer_closed', 'no CLOSE')


def lost_welcome_and_ack():
    with Pair() as (client, gateway, pair):
        gateway.lose[jvp.WELCOME] = 1
        gateway.lose[jvp.ACK] = 1
        gateway.lose[jvp.HEARTBEAT] = 1
        client.handshake('wifi')
        assert client.counter == 2
        pair.ping()


def cookie():
    with Pair() as (client, gateway, pair):
        gateway.under_load = True
        client.handshake('wifi')
        assert gateway.drops['hello_bad_mac2'] == 1
        pair.ping()


def counter_low():
    with Pair() as (client, gateway, pair):
        gateway.highest_counter = 41
        client.handshake('wifi')
        assert client.counter == 42 and gateway.drops['hello_counter_low'] == 1
        pair.ping()


def refusals():
    with Pair(suites=(1,)) as (client, gateway, _):
        gateway.suites = (2,)
        expect_failure(Failed, 'reason 91', lambda: client.handshake('wifi', 2))
    with Pair() as (client, gateway, _):
        gateway.versions = (9,)
        expect_failure(Failed, 'version refusal: (9, 0, 0, 0)', lambda: client.handshake('wifi', 1))
    with Pair() as (client, gateway, _):
        client.private = os.urandom(32)
        expect_failure(Failed, 'no WELCOME', lambda: client.handshake('wifi', 1))
        assert gateway.drops['hello_unknown_peer'] >= 1


def jumps():
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        session_id, used = client.session_id, set()
        for version, path in enumerate(('cell', 'wifi', 'cell', 'wifi', 'wifi'), 2):
            client.jump(path)
            pair.ping()
            assert client.binding.version == version == gateway.session.binding_version
            assert gateway.session.address == client.paths[path].getsockname()
            assert client.session_id == session_id and client.binding.gateway_id.cid not in used
            used.add(client.binding.gateway_id.cid)
            client.pump(0.11)  # cooldown
        assert gateway.events.count('TransportSwitch') == 5


def jump_with_losses():
    """Each answer of the exchange lost in turn; traffic sent before the commit is held and then delivered."""
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        for path, lost in (('cell', jvp.PATH_CHALLENGE), ('wifi', jvp.ACK)):
            gateway.lose[lost] = 1
            gateway.lose[jvp.HEARTBEAT] = 1
            client.jump(path)
            pair.ping()
            client.pump(0.11)
        client._start_jump('cell', jvp.REASON['transport_retiring'])
        client._send_reattach()
        assert client.pump(5, lambda: client.proposed)
        request = icmp.echo_request(INNER, '10.7.0.1', 8, 1)
        client.send_inner(request)
        assert not client.receive_inner(0.1)
        client._send_response()
        assert client.receive_inner(1, lambda p: icmp.is_reply(p, request))
        assert 'held_released' in gateway.events


def stale_binding():
    """The commit's answers and the new path are lost; the next REATTACH learns it from a REFUSAL."""
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        client._start_jump('cell', jvp.REASON['transport_retiring'])
        client._send_reattach()
        assert client.pump(5, lambda: client.proposed)
        gateway.lose.update({jvp.ACK: 1, jvp.HEARTBEAT: 1})
        client._send_response()
        pair.wait(lambda: gateway.session.binding_version == 2, 'no commit')
        assert client.binding.version == 1
        client.jump('wifi', 'heartbeat_timeout')
        assert client.binding.version == 3 and 'stale_binding_version' in gateway.events
        pair.ping()


def cooldown():
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        client.jump('cell')
        client.jump('wifi')
        assert 'cooldown_active' in gateway.events
        pair.ping()


def replayed_control():
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        sent, plain_send = [], client.send_raw
        client.send_raw = lambda path, datagram: (sent.append((path, datagram)), plain_send(path, datagram))
        client.jump('cell')
        client.rekey()
        pair.ping()
        before = (gateway.session.binding_version, gateway.session.generation, gateway.session.address)
        for path, datagram in sent:
            plain_send('wifi', datagram)
            plain_send(path, datagram)
        pair.wait(lambda: gateway.drops['replay_duplicate'] and gateway.drops['control_stale'], 'nothing was dropped')
        pair.ping()
        assert (gateway.session.binding_version, gateway.session.generation, gateway.session.address) == before


def gateway_started_checks():
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        gateway.start_in_place_check()
        assert client.pump(5, lambda: client.binding.version == 2)
        assert gateway.events[-1] == 'in_place'
        pair.ping()
        client.rebind_path('wifi')
        client.send_heartbeat()
        assert client.pump(2, lambda: client.binding.version == 3)
        assert gateway.events[-1] == 'rebound' and gateway.session.address == client.paths['wifi'].getsockname()
        pair.ping()


def rebinding_by_a_copycat():
    """Someone sends the client's packet from his own address first: the old address answers and keeps the binding."""
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        bound = client.paths['wifi'].getsockname()
        client.add_path('thief', gateway.endpoint)
        client.send_raw('thief', client.binding.epoch.seal(
            jvp.HEARTBEAT, client.binding.gateway_id.cid, 0, client.binding.epoch.make_heartbeat(1, 500, 0, 32)))
        assert client.pump(5, lambda: client.binding.version == 2)
        assert gateway.events[-1] == 'kept' and gateway.session.address == bound
        pair.ping()


def rekeys():
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        roots = {client.root}
        for generation in range(1, 7):  # more than the four phases
            client.rekey()
            pair.ping()
            assert client.generation == gateway.session.generation == generation
            roots.add(client.root)
            if generation == 3:
                client.jump('cell')
                pair.ping()
            client.pump(0.3)
        assert len(roots) == 7
        gateway.lose[jvp.REKEY_REPLY] = 2
        client.rekey()
        pair.ping()


def rekey_and_jump():
    """A jump cancels an unconfirmed rekey; one under the new generation confirms it."""
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        gateway.lose[jvp.REKEY_REPLY] = 1
        private = os.urandom(32)
        client.rekey_seq += 1
        client._send_control(jvp.REKEY, generation=1, reason=jvp.REASON['time_elapsed'], binding_version=1,
                             ephemeral=jvp.public_of(private), rekey_seq=client.rekey_seq)
        pair.wait(lambda: gateway.session.unconfirmed, 'no rekey')
        client.jump('cell')
        assert 'cancelled_by_jump' in gateway.events and gateway.session.generation == 0
        pair.ping()
        client.rekey()
        client.pump(0.11)
        client.jump('wifi')
        assert gateway.session.generation == client.generation == 1
        pair.ping()


def closes_and_reset():
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        client.close(by_control=True)
        pair.wait(lambda: gateway.events[-1] == 'peer_closed', 'no CONTROL_CLOSE')
    with Pair() as (client, gateway, _):
        client.handshake('wifi')
        gateway.close_session(55)
        expect_failure(SessionEnded, 'peer_closed, reason 55', lambda: client.pump(5))
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        gateway.socket.sendto(bytes([jvp.RESET, 0]) + os.urandom(22), client.paths['wifi'].getsockname())
        pair.wait(lambda: client.drops['cid_unknown'] == 1, 'the forged RESET was not dropped')
        gateway.lose_all_state()
        expect_failure(SessionEnded, 'gateway_lost_session', pair.ping)
        client.handshake('wifi')
        pair.ping()


def bad_input():
    """Garbage of every type and length at both: named drops, the session unharmed."""
    with Pair() as (client, gateway, pair):
        client.handshake('wifi')
        b = client.binding
        good = b.epoch.seal(jvp.DATA, b.gateway_id.cid, 0, icmp.echo_request(INNER, '10.7.0.1', 1, 1))
        for kind in list(jvp.NAMES) + [0, 1, 4, 0x80, 0x93, 0xFF]:
            for size in (1, 15, 16, 24, 31, 32, 63, 64, 287, 288, 289, 472, 512, 1473):
                client.send_raw('wifi', (bytes([kind]) + good[1:16] + os.urandom(1500))[:size])
            client.pump(0.002)
        for bit in range(len(good) * 8):
            flipped = bytearray(good)
            flipped[bit // 8] ^= 1 << bit % 8
            client.send_raw('wifi', bytes(flipped))
            if bit % 16 == 0:
                client.pump(0.002)
        client.send_raw('wifi', client.make_hello('wifi', mac1=os.urandom(16)))
        client.send_inner(b'')
        client.send_inner(b'\x45' + bytes(40))
        client.send_inner(icmp.echo_request('10.9.9.9', '10.7.0.1', 1, 1))
        expected = ('wire_unknown_type', 'wire_wrong_role', 'wire_too_short', 'wire_bad_length', 'wire_reserved_bits',
                    'cid_unknown', 'epoch_unknown', 'auth_failed', 'hello_bad_mac1', 'inner_too_short',
                    'inner_bad_header', 'inner_bad_source')
        pair.wait(lambda: all(gateway.drops[name] for name in expected), 'not all were counted')
        pair.ping()


CHECKS = [noise_vector, spec_vectors, replay_window, handshake_and_data, lost_welcome_and_ack, cookie, counter_low,
          refusals, jumps, jump_with_losses, stale_binding, cooldown, replayed_control, gateway_started_checks,
          rebinding_by_a_copycat, rekeys, rekey_and_jump, closes_and_reset, bad_input]


def main():
    for check in CHECKS:
        started = time.monotonic()
        check()
        print(f'ok {check.__name__} ({time.monotonic() - started:.1f} s)', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
