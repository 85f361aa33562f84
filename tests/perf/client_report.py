"""Two tunnels' trials compared: table to standard output, JSON to a file.

usage: client_report.py JUMP_JSONL WIREGUARD_JSONL OUT

Figures are medians of the rounds; spread is (largest - smallest) / median.
"""

import json
import statistics
import subprocess
import sys

GB = 1e9


def median_and_spread(values):
    middle = statistics.median(values)
    return middle, (max(values) - min(values)) / middle if middle else 0


def figures(path):
    tests = {}
    with open(path, encoding="ascii") as file:
        for line in map(json.loads, file):
            tests.setdefault(line["test"], []).append(line)
    rows = {}
    for name, trials in tests.items():
        row = {}
        for key, of in {
                "gbps": lambda t: t["bytes"] * 8 / t["seconds"] / 1e9,
                "client_user_s_per_gb": lambda t: t["client"]["user"] / (t["bytes"] / GB),
                "client_system_s_per_gb": lambda t: t["client"]["system"] / (t["bytes"] / GB),
                "client_s_per_gb": lambda t: sum(t["client"].values()) / (t["bytes"] / GB),
                "gateway_s_per_gb": lambda t: sum(t["gateway"].values()) / (t["bytes"] / GB),
                "lost_percent": lambda t: t["lost_percent"]}.items():
            row[key], spread = median_and_spread([of(trial) for trial in trials])
            if key in ("gbps", "client_s_per_gb"):
                row["spread_" + key] = spread
        rows[name] = row
    return rows


def main():
    jump, wireguard = figures(sys.argv[1]), figures(sys.argv[2])
    ratio = {name: wireguard[name]["client_s_per_gb"] / jump[name]["client_s_per_gb"] for name in jump}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    with open(sys.argv[3], "w", encoding="ascii") as file:
        json.dump({"commit": commit, "jump": jump, "wireguard_go": wireguard,
                   "throughput_per_client_cpu_second_ratio": ratio}, file, indent=2)
    print(f"{'':22} {'Gbit/s':>7} {'lost %':>7} {'client CPU s/GB':>16} {'user':>6} {'system':>7} {'gateway s/GB':>13}")
    for name in jump:
        for who, rows in (("jump", jump), ("wireguard-go", wireguard)):
            row = rows[name]
            print(f"{name:9}{who:13} {row['gbps']:7.2f} {row['lost_percent']:7.1f} {row['client_s_per_gb']:16.2f} "
                  f"{row['client_user_s_per_gb']:6.2f} {row['client_system_s_per_gb']:7.2f} "
                  f"{row['gateway_s_per_gb']:13.2f}")
        print(f"{name:9}throughput per CPU second on the client side: {ratio[name]:.2f} x wireguard-go's")
    print("(jumpgated polls: its CPU time is that of a whole core, whatever the traffic)")


main()
