"""Each patch of tests/mutants says what it breaks and who must notice, and applies to the tree as it is.

Whether the named test goes red is seen by ./run mutants, which takes long; a patch that does not apply any more would
be noticed only then.
"""

import glob
import re
import subprocess
import sys

HEAD = ("rule", "target", "test")


def faults(path):
    with open(path, encoding="utf-8") as patch:
        text = patch.read()
    for field in HEAD:
        if not re.search(rf"^{field}: \S", text, re.MULTILINE):
            yield f"has no line '{field}: ...'"
    # The same command as in tools/run/mutants.sh.
    applied = subprocess.run(["patch", "-p1", "--fuzz=2", "--dry-run", "-i", path],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if applied.returncode:
        yield "does not apply: " + " / ".join(applied.stdout.split("\n")[-2:]).strip(" /")


def main():
    patches = sorted(glob.glob("tests/mutants/*.patch"))
    found = [f"{path}: {fault}" for path in patches for fault in faults(path)]
    for line in found:
        print(line)
    print(f"{len(patches)} patches, {len(found)} faults")
    sys.exit(1 if found or not patches else 0)


main()
