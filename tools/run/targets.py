"""Names of the ninja targets of a part of the build.

usage: targets.py BUILD executables-in FOLDER | tests-of SUITE
"""

import json
import os
import subprocess
import sys


def introspect(build, what):
    return json.loads(subprocess.check_output(["meson", "introspect", build, what]))


def relative(build, path):
    return os.path.relpath(path, os.path.abspath(build))


def executables_in(build, folder):
    for target in introspect(build, "--targets"):
        defined_in = os.path.relpath(os.path.dirname(target["defined_in"]))
        if target["type"] == "executable" and defined_in == folder:
            yield relative(build, target["filename"][0])


def tests_of(build, suite):
    for test in introspect(build, "--tests"):
        if any(name.split(":")[-1] == suite for name in test["suite"]):
            yield relative(build, test["cmd"][0])


def main():
    build, question, argument = sys.argv[1:]
    answer = {"executables-in": executables_in, "tests-of": tests_of}[question]
    for name in sorted(set(answer(build, argument))):
        print(name)


main()
