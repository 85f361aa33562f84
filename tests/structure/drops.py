"""Each drop reason has a test that earns it with a packet and looks at its counter.

A reason that a worker counts is earned in tests/pipeline, by a packet through the real worker; one that only the
controller or the neighbours count, in tests/unit/ctl or tests/unit/net, by a message to them.
"""

import glob
import re
import sys


def read(*patterns):
    paths = sorted(path for pattern in patterns for path in glob.glob(pattern))
    return "\n".join(open(path, encoding="utf-8").read() for path in paths)


def reasons_in(text):
    return set(re.findall(r"DropReason::(k\w+)", text))


def main():
    listed = re.findall(r"X\(\s*(k\w+),", read("include/jumpgate/drops.hpp"))
    # What the worker's stages do not name, they hand on from the parsers in front of them.
    controller = reasons_in(read("src/ctl/*.cpp", "src/net/n*.cpp", "src/net/frames.cpp"))
    worker = reasons_in(read("src/data/*.[ch]pp", "src/wire/*.[ch]pp", "src/net/frame_parse.hpp", "src/net/upper_layer.cpp"))
    by_packet = reasons_in(read("tests/pipeline/*.cpp"))
    by_message = reasons_in(read("tests/unit/ctl/*.cpp", "tests/unit/net/*.cpp"))
    faults = []
    for reason in listed:
        if reason in by_packet or (reason in by_message and reason in controller - worker):
            continue
        where = "tests/unit/ctl or tests/unit/net" if reason in controller - worker else "tests/pipeline"
        faults.append(f"include/jumpgate/drops.hpp: no test in {where} earns DropReason::{reason}")
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{len(listed)} drop reasons, {len(faults)} without a test")
    sys.exit(1 if faults or not listed else 0)


main()
