#!/usr/bin/env python3
"""The main job, shown and measured: one session, several transports, nothing inside notices.

Runs inside the topology of topology.sh with the programs already started (demo.sh does both). Each step prints what it sees and
adds its figures to the report, which is written whatever happens; the exit code is 1 when a promise is broken or a step does
not end.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

import capture

GATEWAY4, OUTER_NAT = "198.51.100.2", "198.51.100.1"
SERVER4, CLIENT4 = "10.9.0.2", "10.8.0.2"
HEARTBEAT_VOLATILE_MS, HEARTBEAT_INTERVAL_MS = 2000, 500  # of the demo's policy: the product's defaults
PACKETS = 6000  # of each UDP stream, 1,000 a second


def now_ns():
    """The clock of the client's events: monotonic, counts suspend."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wait_for(what, seconds, probe):
    """Polls `probe` until it returns something true; the demo ends when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = probe()
        if result:
            return result
        time.sleep(0.02)
    raise SystemExit(f"demo: {what}: not within {seconds} s")


class Demo:
    def __init__(self, args):
        self.prefix, self.run, self.bin = args.prefix, pathlib.Path(args.run), pathlib.Path(args.bin)
        self.here = pathlib.Path(__file__).resolve().parent
        # What was not reached did not hold.
        self.report = {"tcp_survived": False, "session_id_unchanged": False, "events_gap_free": False,
                       "rebind": {"survived": False, "validated_first": False}}
        self.broken = []

    # ---- tools ----

    def ns(self, name, *command, **options):
        return subprocess.run(["ip", "netns", "exec", f"{self.prefix}-{name}", *map(str, command)], text=True,
                              capture_output=True, **options)

    def spawn(self, name, *command):
        return subprocess.Popen(["ip", "netns", "exec", f"{self.prefix}-{name}", *map(str, command)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def topology(self, call):
        """Calls a function of topology.sh."""
        script = f"JG_PREFIX={self.prefix} JG_RUN={self.run}; source {self.here}/topology.sh; {call}"
        subprocess.run(["bash", "-c", script], check=True)

    def client_events(self):
        return read_events(self.run / "client-events.jsonl")

    def gateway_events(self):
        return read_events(self.run / "gateway-events.jsonl")

    def status(self):
        """`jump status --json`, or nothing while it does not answer."""
        answer = self.ns("client", self.bin / "src/app/jump/jump", "status", "--json", "--socket", self.run / "jump.sock")
        return json.loads(answer.stdout) if answer.returncode == 0 else {}

    def promise(self, text, kept):
        print(f"   {'ok  ' if kept else 'FAIL'} {text}", flush=True)
        if not kept:
            self.broken.append(text)

    def jump_to(self, uplink):
        """A planned move; the client may ask for patience (cooldown), so the command is given until it is obeyed."""
        def moved():
            if self.status().get("uplink") == uplink and self.status().get("state") == "ATTACHED":
                return True
            self.ns("client", self.bin / "src/app/jump/jump", "to", uplink, "--socket", self.run / "jump.sock")
            return False
        wait_for(f"jump to {uplink}", 15, moved)

    # ---- traffic ----

    def start_streams(self):
        """UDP both ways, and a paced download over one TCP connection; all of them outlast the step."""
        udp = self.here / "udp_stream.py"
        self.ns("server", "nft", "reset", "counters")
        streams = {
            "up": (self.spawn("server", udp, "receive", SERVER4, 7000), ("client", SERVER4, 7000)),
            "down": (self.spawn("client", udp, "receive", CLIENT4, 7001), ("server", CLIENT4, 7001)),
        }
        time.sleep(0.3)  # the receivers bind
        senders = [self.spawn(where, udp, "send", to, port, "--count", PACKETS) for _, (where, to, port) in streams.values()]
        download = self.spawn("client", "curl", "-s", "--max-time", "60", "--limit-rate", "2500k", "-o", self.run / "download.bin",
                              f"http://{SERVER4}:8000/large.bin")
        return {"receivers": {name: r for name, (r, _) in streams.items()}, "senders": senders, "download": download}

    def finish_streams(self, streams):
        counts = {name: json.loads(r.communicate(timeout=60)[0]) for name, r in streams["receivers"].items()}
        for sender in streams["senders"]:
            sender.communicate(timeout=60)
        survived = streams["download"].wait(timeout=90) == 0 and sha256(self.run / "download.bin") == sha256(self.run / "www/large.bin")
        return counts, survived, self.tcp_connections()

    def tcp_connections(self):
        """TCP connections the server's web port has accepted since the streams started, by its kernel's own count."""
        answer = json.loads(self.ns("server", "nft", "-j", "list", "counters").stdout)
        return next(o["counter"]["packets"] for o in answer["nftables"] if "counter" in o)

    # ---- steps ----

    def step_connect(self):
        print("1. handshake, ping, a file by HTTP", flush=True)
        status = wait_for("the tunnel", 20, lambda: self.status() if self.status().get("state") == "ATTACHED" else None)
        self.session_id = status["session_id"]
        print(f"   session {self.session_id} over {status['uplink']}, suite {status['suite']}")
        ping = self.ns("client", "ping", "-c", "5", "-i", "0.2", "-W", "2", SERVER4)
        ping6 = self.ns("client", "ping", "-6", "-c", "3", "-i", "0.2", "-W", "2", "fd00:9::2")
        print("   " + ping.stdout.strip().splitlines()[-1])
        self.promise("ping through the tunnel, IPv4 and IPv6", ping.returncode == 0 and ping6.returncode == 0)
        got = self.ns("client", "curl", "-s", "--max-time", "20", "-o", self.run / "small.bin", f"http://{SERVER4}:8000/small.bin")
        same = got.returncode == 0 and sha256(self.run / "small.bin") == sha256(self.run / "www/small.bin")
        self.promise("a file fetched by HTTP, SHA-256 right", same)

    def step_planned(self):
        print("2. planned jump wifi -> cell, under TCP and UDP both ways", flush=True)
        streams = self.start_streams()
        time.sleep(2.5)
        self.jump_to("cell")
        counts, survived, connections = self.finish_streams(streams)
        lost = sum(PACKETS - c["received"] for c in counts.values())
        duplicated = sum(c["duplicated"] for c in counts.values())
        self.report["planned_jump"] = {"sent": 2 * PACKETS, "lost": lost, "duplicated": duplicated,
                                       "gap_ms": max(c["gap_ms"] for c in counts.values()), "tcp_connections": connections}
        print(f"   {self.report['planned_jump']}")
        self.promise("no UDP packet lost or delivered twice", lost == 0 and duplicated == 0)
        self.promise("one TCP connection throughout, SHA-256 right", survived and connections == 1)
        return survived and connections == 1

    def step_hard(self, name, title, cut, mend):
        print(title, flush=True)
        self.jump_to("wifi")
        streams = self.start_streams()
        time.sleep(2.5)
        cut_at = now_ns()
        cut()
        counts, survived, connections = self.finish_streams(streams)
        rtt = self.status()["rtt_ms"]
        volatile = [e for e in self.client_events() if e["event_type"] == "SessionStateChange" and e["new"] == "VOLATILE"
                    and e["mono_ns"] >= cut_at]
        mend()
        result = {"detect_ms": round((volatile[0]["mono_ns"] - cut_at) / 1e6, 1) if volatile else -1.0,
                  "gap_ms": max(c["gap_ms"] for c in counts.values()), "rtt_ms": rtt, "tcp_connections": connections}
        self.report[name] = result
        print(f"   {result}")
        bound = HEARTBEAT_VOLATILE_MS + HEARTBEAT_INTERVAL_MS
        self.promise(f"trouble seen within {bound} ms", 0 <= result["detect_ms"] <= bound)
        self.promise("traffic back within three round trips of that, and 100 ms",
                     result["gap_ms"] <= result["detect_ms"] + 3 * rtt + 100)
        self.promise("one TCP connection throughout, SHA-256 right", survived and connections == 1)
        return survived and connections == 1

    def step_rebind(self):
        print("5. NAT rebinding: the client's source port changes under its feet", flush=True)
        self.jump_to("wifi")
        pcap = self.run / "rebind.pcap"
        tcpdump = self.spawn("net", "tcpdump", "-i", "core", "--immediate-mode", "-U", "-w", pcap, "-s", "128", "udp", "port", "51820")
        wait_for("tcpdump", 10, lambda: pcap.exists() and pcap.stat().st_size >= 24)
        before = len(self.gateway_events())
        endpoint = self.gateway_endpoint()
        streams = self.start_streams()
        time.sleep(2.0)
        self.topology("topology_rebind 41000")
        moved = wait_for("the rebinding", 10, lambda: [e for e in self.gateway_events()[before:] if e["event_type"] == "TransportSwitch"
                                                       and e["reason_code"] == "transport_rebound"])
        counts, survived, connections = self.finish_streams(streams)
        tcpdump.terminate()
        tcpdump.wait()
        validated = capture.egress_moved_after_answer(pcap, GATEWAY4, int(endpoint.rsplit(":", 1)[1]))
        self.report["rebind"] = {"survived": survived and bool(moved), "validated_first": bool(validated),
                                 "gap_ms": max(c["gap_ms"] for c in counts.values()), "tcp_connections": connections}
        print(f"   {endpoint} -> {self.gateway_endpoint()}: {self.report['rebind']}")
        self.promise("survived the rebinding", self.report["rebind"]["survived"] and connections == 1)
        self.promise("egress moved only after the new address had answered", bool(validated))
        return survived and connections == 1

    def gateway_endpoint(self):
        answer = self.ns("gw", self.bin / "tools/jumpctl/jumpctl", "sessions", "--json", "--socket", self.run / "jumpgated.sock")
        return json.loads(answer.stdout)["sessions"][0]["endpoint"]

    def verify_events(self):
        answer = self.ns("gw", self.bin / "tools/jumpctl/jumpctl", "events", "verify", "--json", "--socket", self.run / "jumpgated.sock")
        return json.loads(answer.stdout) if answer.stdout else {"lines": 0, "faults": answer.stderr.strip()}

    def step_timeline(self):
        print("6. the session's life, from the gateway's event log", flush=True)
        time.sleep(0.3)  # the audit thread's last lines
        events = self.gateway_events()
        gap_free = all(b["seq"] == a["seq"] + 1 for a, b in zip(events, events[1:])) and events[0]["seq"] == 1
        ours = [e for e in events if e["session_id"] == self.session_id]
        changes = [e for e in ours if e["event_type"] == "SessionStateChange"]
        start = ours[0]["mono_ns"]
        for e in changes:
            print(f"   {(e['mono_ns'] - start) / 1e9:9.3f} s  v{e['state_version']:<3} {e['previous']:>10} -> {e['new']:<10} "
                  f"{e['reason_code']}")
        versions = [e["state_version"] for e in changes]
        self.promise("no gap in seq", gap_free)
        self.promise("state_version rises by one at each transition", versions == list(range(versions[0], versions[0] + len(versions))))
        sessions = {e["session_id"] for e in events if e["event_type"] == "SessionCreated"}
        same = sessions == {self.session_id} and self.status().get("session_id") == self.session_id
        self.promise("the same SessionID throughout", same)
        verdict = self.verify_events()
        self.promise(f"the event log holds to the state machine: {verdict['lines']} lines, {verdict['faults']} faults",
                     verdict["faults"] == 0)
        self.report["session_id_unchanged"] = same
        self.report["events_gap_free"] = gap_free
        self.report["event_log_faults"] = verdict["faults"]

    def play(self):
        self.step_connect()
        survived = [self.step_planned()]
        survived.append(self.step_hard(
            "hard_jump", "3. hard jump: wifi silently black beyond the client's interface",
            lambda: self.topology("topology_blackhole wifi"), lambda: self.topology("topology_heal wifi")))
        survived.append(self.step_hard(
            "link_down", "4. the same with the link itself taken down",
            lambda: self.topology("ns client ip link set wifi down"), lambda: self.topology("topology_link_up wifi")))
        survived.append(self.step_rebind())
        self.step_timeline()
        self.report["tcp_survived"] = all(survived)


def read_events(path):
    """Every whole line of an event log; a line still being written is left for the next read."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", required=True, help="of the network namespaces")
    parser.add_argument("--run", required=True, help="folder with configs, sockets and logs")
    parser.add_argument("--bin", required=True, help="meson build folder of the programs")
    parser.add_argument("--report", required=True)
    args = parser.parse_args()
    demo = Demo(args)
    try:
        demo.play()
    finally:
        report = pathlib.Path(args.report)
        os.makedirs(report.parent, exist_ok=True)
        report.write_text(json.dumps(demo.report, indent=2) + "\n")
    if demo.broken:
        print(f"demo: {len(demo.broken)} promise(s) broken: {'; '.join(demo.broken)}")
        return 1
    print(f"demo: every promise kept; figures in {args.report}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
