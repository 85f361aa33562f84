"""The shape of the tree: direction of includes, files of one noun, no unfinished marks.

usage: check_includes.py [--self-contained COMPILER...]

Without arguments: the layers (each folder of src/ includes itself and what stands above it in LAYERS), the
separation of the planes, DPDK kept out of the parts that live without it, file lengths and markers. With
--self-contained: every header of include/jumpgate compiles alone.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

LAYERS = ["base", "wire", "crypto", "session", "net", "config", "audit", "bus", "data", "ctl", "record", "api", "client", "app"]
# What a folder may not include although it stands above it.
SEPARATE = {
    "data": {"ctl"},
    "ctl": {"data"},
    "client": {"bus", "data", "ctl", "record", "api"},
    "record": {"data"},
}
# Drivers stand behind the contracts: they know the sans-I/O layers, and none of the planes.
DRIVER_LAYERS = {"base", "wire", "crypto", "session", "net", "config", "audit"}
# These live without DPDK; for the client that holds through everything it includes.
NO_DPDK = ["src/base", "src/wire", "src/crypto", "src/session", "src/config", "src/client",
           "drivers/aead_sodium", "drivers/tun", "drivers/udp", "drivers/link_faulty"]
NO_DPDK_TRANSITIVE = ["src/client", "drivers/tun", "drivers/udp", "drivers/link_faulty"]

MAX_LINES = 450  # the habit is 400; past this there is a second noun in the file
MARKER = re.compile(r"\b(" + "TO" + "DO|FIX" + "ME|X" + "XX)\\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
CODE = (".cpp", ".hpp", ".c", ".h")
TEXT = CODE + (".py", ".sh", ".build")


def files(*tops):
    for top in tops:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def includes(path):
    return INCLUDE.findall(read(path))


def resolve(including, kind, name):
    """The path of an included file of this tree, or None for a foreign one."""
    places = ["include"] if kind == "<" else [os.path.dirname(including), "src", "drivers", "include", "tests", "."]
    for place in places:
        path = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(ROOT, path)):
            return path
    return None


def direction_fault(path, target):
    """Why `path` may not include `target`, or None."""
    here, there = path.split("/"), target.split("/")
    if here[0] == "include":
        return None if there[0] == "include" else "a contract includes contracts only"
    if there[0] == "tests" and here[0] != "tests":
        return "only tests include tests"
    if there[0] == "drivers":
        same = here[:2] == there[:2]
        if here[0] == "drivers" and not same:
            return "drivers do not know each other"
        if here[0] == "src" and here[1] != "app":
            return "only src/app, tools and tests know drivers"
    if there[0] == "src" and here[0] == "drivers" and there[1] not in DRIVER_LAYERS:
        return "a driver includes sans-I/O layers only"
    if there[0] == "src" and here[0] == "src":
        if LAYERS.index(there[1]) > LAYERS.index(here[1]):
            return "includes go downward only"
        if there[1] in SEPARATE.get(here[1], set()):
            return "these two meet nowhere but in src/bus"
    return None


def direction_faults():
    for path in files("include", "src", "drivers", "tools", "tests"):
        if not path.endswith(CODE):
            continue
        if path.startswith("src/") and path.split("/")[1] not in LAYERS:
            yield f"{path}: src/{path.split('/')[1]} has no place among the layers"
            continue
        for kind, name in includes(path):
            target = resolve(path, kind, name)
            if kind == '"' and target is None:
                yield f'{path}: "{name}" is not in this tree; foreign headers take <>'
            if target is None:
                continue
            fault = direction_fault(path, target)
            if fault:
                yield f"{path}: includes {target}: {fault}"


def dpdk_faults():
    for path in files(*NO_DPDK):
        if path.endswith(CODE):
            transitive = any(path.startswith(top + "/") for top in NO_DPDK_TRANSITIVE)
            yield from dpdk_reached(path, transitive)


def dpdk_reached(start, transitive):
    seen, open_paths = {start}, [start]
    while open_paths:
        path = open_paths.pop()
        for kind, name in includes(path):
            if name.startswith("rte_"):
                yield f"{start}: reaches DPDK's <{name}> through {path}"
            target = resolve(path, kind, name)
            if transitive and target and target not in seen:
                seen.add(target)
                open_paths.append(target)


def text_faults():
    for path in files("include", "src", "drivers", "tools", "tests"):
        if not path.endswith(TEXT):
            continue
        lines = read(path).splitlines()
        if len(lines) > MAX_LINES:
            yield f"{path}: {len(lines)} lines, more than {MAX_LINES}: look for the second noun"
        for number, line in enumerate(lines, 1):
            if MARKER.search(line):
                yield f"{path}:{number}: unfinished: {line.strip()}"


def compile_alone(compiler, flags, header):
    command = compiler + flags + ["-fsyntax-only", "-include", os.path.join(ROOT, header), "-x", "c++", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True)
    return None if done.returncode == 0 else f"{header}: does not compile alone:\n{done.stderr}"


def self_contained_faults(compiler):
    dpdk = subprocess.check_output(["pkg-config", "--cflags", "libdpdk"], text=True).split()
    dpdk = ["-isystem" + flag[2:] if flag.startswith("-I") else flag for flag in dpdk]
    flags = ["-std=c++23", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I" + os.path.join(ROOT, "include")] + dpdk
    headers = [path for path in files("include/jumpgate") if path.endswith(".hpp")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(lambda header: compile_alone(compiler, flags, header), headers))


def main():
    if sys.argv[1:2] == ["--self-contained"]:
        faults = list(self_contained_faults(sys.argv[2:]))
    else:
        faults = [*direction_faults(), *dpdk_faults(), *text_faults()]
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
