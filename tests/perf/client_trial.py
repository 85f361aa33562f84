"""One iperf3 run with the CPU time of a tunnel's two ends around it, as one line of JSON.

usage: client_trial.py NAME CLIENT_PID GATEWAY_PID IPERF3 [ARGUMENT...]

CPU time is the process's own, all its threads, user and system apart (/proc/PID/stat): what the kernel does in its
system calls, and in the soft interrupts that they raise, is in its system time.
"""

import json
import os
import subprocess
import sys

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def main():
    name, pids, command = sys.argv[1], {"client": sys.argv[2], "gateway": sys.argv[3]}, sys.argv[4:]
    before = {side: cpu(pid) for side, pid in pids.items()}
    done = subprocess.run(command, capture_output=True, text=True)
    after = {side: cpu(pid) for side, pid in pids.items()}
    end = json.loads(done.stdout).get("end", {})
    if done.returncode != 0 or not end:
        sys.exit(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr}")
    summary = end["sum"] if "-u" in command else end["sum_received"]
    received = summary["bytes"] * (1 - summary.get("lost_percent", 0) / 100)
    line = {"test": name, "seconds": summary["seconds"], "bytes": received,
            "lost_percent": summary.get("lost_percent", 0)}
    for side in pids:
        line[side] = {"user": after[side][0] - before[side][0], "system": after[side][1] - before[side][1]}
    print(json.dumps(line))


main()
