#!/usr/bin/python3
"""DPDK's own ipsec-secgw beside our worker: the same ports, the same plaintext packets.

usage: ipsec_secgw.py RESULT.json DATAPLANE [--huge] [--cpu N] [--seconds N] [--suites ...] ...

Packets of a capture come in for ever (net_pcap, infinite_rx), what is sealed goes nowhere
(net_null). One SA, one session, one lcore each. ipsec-secgw is built from Debian's source package,
once, in build/peers; its request for the ports' receive checksums is taken out, since these ports
have none. Its packets are counted by DPDK's telemetry, ours by the worker. The ratios are added to
RESULT.json as peers.ipsec_secgw. Where the source cannot be had: a word, and no ratios.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PEERS = pathlib.Path("build/peers")
SUITES = {
    "aes256gcm": ("aes-256-gcm", 36, "crypto_aesni_gcm0"),
    "chacha20poly1305": ("chacha20-poly1305", 36, "crypto_aesni_mb0"),
}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PCAP_MAC = bytes.fromhex("027063617000")  # of the first net_pcap
INNER = "10.0.1.0"  # the address of the benchmark's first session


class Unavailable(Exception):
    """The peer cannot be had here; the benchmark goes on without it."""


def quietly(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        text = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"{command[0]} failed: {text[-1] if text else done.returncode}")


def fetch(folder):
    """The source package, by a list of sources of our own, so that the host's stay as they are."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    lines = (("http://deb.debian.org/debian", "bookworm"),
             ("http://deb.debian.org/debian", "bookworm-updates"),
             ("http://deb.debian.org/debian-security", "bookworm-security"))
    sources.write_text("".join(f"deb-src [signed-by={KEYRING}] {url} {suite} main\n"
                               for url, suite in lines))
    options = ["-o", f"Dir::Etc::sourcelist={sources.resolve()}",
               "-o", "Dir::Etc::sourceparts=/dev/null",
               "-o", f"Dir::State::lists={lists.resolve()}",
               "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="]
    quietly(["apt-get", *options, "-qq", "update"])
    quietly(["apt-get", *options, "-qq", "source", "--download-only", "dpdk"], cwd=folder)


def build():
    program = PEERS / "ipsec-secgw"
    if program.exists():
        return program
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        fetch(folder)
        archive = next(folder.glob("dpdk_*.orig.tar.xz"))
        quietly(["tar", "-C", scratch, "-xf", str(archive), "--wildcards",
                 "*/examples/ipsec-secgw", "*/examples/common"])
        source = next(folder.glob("dpdk*/examples/ipsec-secgw"))
        main = source / "ipsec-secgw.c"
        text = main.read_text()
        wanted = "RTE_ETH_RX_OFFLOAD_CHECKSUM"
        if text.count(wanted) != 1:
            raise Unavailable("its source is not the one this was written for")
        main.write_text(text.replace(wanted, "0"))
        quietly(["make", "-C", str(source), "shared"])
        PEERS.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / "build/ipsec-secgw-shared", program)
    return program


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def write_capture(path, size):
    """Thirty-two UDP packets of `size` bytes of IP."""
    addresses = socket.inet_aton("172.16.0.9") + socket.inet_aton(INNER)
    header = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0x4000, 64, 17, 0) + addresses
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    udp = struct.pack("!HHHH", 4000, 4001, size - 20, 0)
    frame = PCAP_MAC + bytes.fromhex("020000000012") + b"\x08\x00" + header + udp
    frame += b"\x5a" * (14 + size - len(frame))
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for _ in range(32):
            out.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)


def configuration(suite):
    name, key_bytes, _ = SUITES[suite]
    key = ":".join(["a5"] * key_bytes)
    return (f"sp ipv4 out esp protect 5 pri 1 dst 10.0.0.0/8 "
            f"sport 0:65535 dport 0:65535\n"
            f"sa out 5 aead_algo {name} aead_key {key} mode ipv4-tunnel "
            f"src 192.0.2.1 dst 198.51.100.7\n"
            # Not used, but it starts with both directions alone.
            f"sp ipv4 in esp protect 105 pri 1 dst 192.168.0.0/16\n"
            f"sa in 105 aead_algo {name} aead_key {key} mode ipv4-tunnel "
            f"src 198.51.100.7 dst 192.0.2.1\n"
            f"rt ipv4 dst 198.51.100.7/32 port 1\n"
            f"neigh port 1 02:00:00:00:00:11\n")


def sent(prefix, port):
    """Packets that the port has taken, from DPDK's telemetry."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.connect(f"/var/run/dpdk/{prefix}/dpdk_telemetry.v2")
        client.recv(1024)
        client.send(f"/ethdev/stats,{port}".encode())
        return json.loads(client.recv(65536))["/ethdev/stats"]["opackets"]


def memory(huge):
    return [] if huge else ["--no-huge"]


def measure_theirs(program, suite, capture, told, scratch):
    config = pathlib.Path(scratch) / "secgw.cfg"
    config.write_text(configuration(suite))
    prefix = f"jgsecgw{os.getpid()}"
    command = [str(program), "-l", str(told.cpu), "--no-pci", "--file-prefix", prefix,
               *memory(told.huge), "-m", "1024", "--vdev", SUITES[suite][2],
               "--vdev", f"net_pcap0,rx_pcap={capture},infinite_rx=1",
               "--vdev", "net_null0,no-rx=1", "--",
               "-p", "0x3", "-P", "-u", "0x2", "-l", "-f", str(config),
               "--config", f"(0,0,{told.cpu}),(1,0,{told.cpu})"]
    with open(pathlib.Path(scratch) / "secgw.log", "w+") as log:
        peer = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(100):
                try:
                    if sent(prefix, 1) > 0:
                        break
                except (OSError, ValueError, KeyError):
                    pass
                if peer.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                raise Unavailable("it seals nothing")
            if peer.poll() is not None:
                log.seek(0)
                raise Unavailable("it ends: " + log.read().strip().splitlines()[-1])
            time.sleep(0.3)
            before, begun = sent(prefix, 1), time.monotonic()
            time.sleep(told.seconds)
            return (sent(prefix, 1) - before) / (time.monotonic() - begun) / 1e6
        finally:
            peer.send_signal(signal.SIGKILL)
            peer.wait()
            shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)


def measure_ours(suite, capture, told):
    done = subprocess.run([told.dataplane, "--capture", str(capture), "--suites", suite,
                           *memory(told.huge), "--cpus", str(told.cpu),
                           "--seconds", str(told.seconds)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"ipsec_secgw: {done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])["mpps"]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("result", type=pathlib.Path)
    options.add_argument("dataplane")
    options.add_argument("--cpu", type=int, default=1)
    options.add_argument("--seconds", type=int, default=1)
    options.add_argument("--huge", action="store_true", help="hugepages, for both")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--suites", default="aes256gcm,chacha20poly1305")
    options.add_argument("--sizes", default="64,256,512,1024,1420")
    told = options.parse_args()
    try:
        program = build()
    except Unavailable as reason:
        print(f"ipsec-secgw is left out: {reason}")
        return
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        capture = pathlib.Path(scratch) / "packets.pcap"
        for suite in told.suites.split(","):
            for size in map(int, told.sizes.split(",")):
                write_capture(capture, size)
                pairs = []
                for _ in range(told.rounds):  # by turns: what disturbs the machine disturbs both
                    try:
                        theirs = measure_theirs(program, suite, capture, told, scratch)
                    except Unavailable as reason:
                        print(f"ipsec-secgw, {suite}: left out: {reason}")
                        pairs = []
                        break
                    ours = measure_ours(suite, capture, told)
                    pairs.append((ours / theirs, ours, theirs))
                if not pairs:
                    break
                ratio, ours, theirs = sorted(pairs)[len(pairs) // 2]
                rows.append({"direction": "seal", "suite": suite, "size": size,
                             "ours_mpps": round(ours, 3), "theirs_mpps": round(theirs, 3),
                             "ratio": round(ratio, 2)})
                print(f"ipsec-secgw: seal {suite:<16} {size:>5} bytes: ours {ours:.2f}, theirs "
                      f"{theirs:.2f} million packets/s: {ratio:.2f} x", flush=True)
    result = json.loads(told.result.read_text()) if told.result.exists() else {}
    result.setdefault("peers", {})["ipsec_secgw"] = rows
    told.result.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
