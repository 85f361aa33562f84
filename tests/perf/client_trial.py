"""One iperf3 run with the CPU time of a tunnel's two ends around it, as one line of JSON.

usage: client_trial.py NAME CLIENT_PIDS GATEWAY_PIDS IPERF3 [ARGUMENT...]

CPU time is that of the processes named, with commas between them, all their threads, user and system apart
(/proc/PID/stat): what the kernel does in their system calls, and in the soft interrupts that they raise, is in their
system time.
"""

import json
import os
import subprocess
import sys

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pids):
    user = system = 0
    for pid in pids.split(","):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        user, system = user + int(fields[11]) / TICKS, system + int(fields[12]) / TICKS
    return user, system


def main():
    name, sides, command = sys.argv[1], {"client": sys.argv[2], "gateway": sys.argv[3]}, sys.argv[4:]
    before = {side: cpu(pids) for side, pids in sides.items()}
    done = subprocess.run(command, capture_output=True, text=True)
    after = {side: cpu(pids) for side, pids in sides.items()}
    end = json.loads(done.stdout).get("end", {})
    if done.returncode != 0 or not end:
        sys.exit(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr}")
    summary = end["sum"] if "-u" in command else end["sum_received"]
    received = summary["bytes"] * (1 - summary.get("lost_percent", 0) / 100)
    line = {"test": name, "seconds": summary["seconds"], "bytes": received,
            "lost_percent": summary.get("lost_percent", 0)}
    for side in sides:
        line[side] = {"user": after[side][0] - before[side][0], "system": after[side][1] - before[side][1]}
    print(json.dumps(line))


main()
