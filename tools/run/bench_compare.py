"""Two results of the data plane's benchmark side by side.

usage: bench_compare.py FILE OTHER
"""

import json
import sys

KEYS = ("direction", "suite", "size", "sessions", "workers", "handoff", "features")


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        sys.exit(f"bench_compare: {path}: {error}; make one with: ./run bench dataplane")


def rows_of(result):
    return {tuple(row[key] for key in KEYS): row for row in result["rows"]}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    before, after = (load(path) for path in sys.argv[1:])
    for label, result in (("before", before), ("after", after)):
        machine = result["machine"]
        print(f"{label:<7} {machine['commit']:<24} {machine['cpu']}, {machine['kernel']}")
    print(f"{'':<5}{'suite':<17}{'bytes':>6}{'sessions':>9}{'workers':>8}{'handoff':>8} |"
          f"{'ns':>17}{'change':>8} |{'own ns':>15} |{'ratio':>13}")
    old_rows, new_rows = rows_of(before), rows_of(after)
    for key, new in new_rows.items():
        old = old_rows.get(key)
        if old is None:
            continue
        change = 100 * (new["ns_per_packet"] / old["ns_per_packet"] - 1)
        # Within the spread of either run a change says nothing.
        noise = 100 * max(old["spread"], new["spread"])
        mark = " " if abs(change) <= noise else "*"
        direction, suite, size, sessions, workers, handoff, _ = key
        print(f"{direction:<5}{suite:<17}{size:>6}{sessions:>9}{workers:>8}{handoff:>7}% |"
              f"{old['ns_per_packet']:>8.1f}{new['ns_per_packet']:>9.1f}{change:>+7.1f}%{mark}|"
              f"{old['own_ns']:>7.1f}{new['own_ns']:>8.1f} |"
              f"{old['ratio_to_aead']:>6.2f}{new['ratio_to_aead']:>7.2f}")
    missing = len(old_rows.keys() ^ new_rows.keys())
    if missing:
        print(f"{missing} rows stand in one of the two only")


main()
