"""Each test that spec/promises.md names exists, and each page and heading.

usage: promises.py            over the tree
       promises.py SUMMARY    and, after a whole run, each named test ran and passed (build/test/summary.json)

A cell of the last column is a list of `place` Case, Case; ...: `unit/ctl` Jump.OlderJumpSeqIsReplay. A script has no
cases; those of `model` are names in tests/model/mutants.h. **untested** says that there is none.
"""

import glob
import json
import re
import sys

PROMISES = "spec/promises.md"
CASE = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)", re.MULTILINE)


def rows():
    with open(PROMISES, encoding="utf-8") as page:
        for number, line in enumerate(page, 1):
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            if line.startswith("|") and not line.startswith(("|---", "| Rule")):
                yield number, cells


def named_tests(cell):
    """(place, case) of each test in a cell; the case of a script is None."""
    for place, cases in re.findall(r"`([\w/]+)`([^`]*)", cell):
        names = re.findall(r"[\w.]+\w", cases)
        yield from ((place, name) for name in names or [None])


def read(pattern):
    return "\n".join(open(path, encoding="utf-8").read() for path in sorted(glob.glob(pattern)))


def exists(place, case):
    if case is None:
        return bool(glob.glob(f"tests/{place}.sh"))
    if place == "model":
        return re.search(rf"^#define {case} \d", read("tests/model/mutants.h"), re.MULTILINE) is not None
    folder = "tests/pipeline" if place.startswith("pipeline") else f"tests/{place}"
    return tuple(case.split(".", 1)) in CASE.findall(read(f"{folder}/*.cpp"))


def heading_exists(link):
    page, _, anchor = link.partition("#")
    try:
        with open(f"spec/{page}", encoding="utf-8") as text:
            headings = re.findall(r"^#+ (.*)$", text.read(), re.MULTILINE)
    except FileNotFoundError:
        return False
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    return not anchor or anchor in anchors


def outcomes_of(results, place, case):
    """What the run has of it, whatever the prefix and number that a parameter gave it."""
    wanted = re.escape(case) if case else ""
    name = re.compile(rf"{re.escape(place)}/(?:\w+/)?{wanted}(?:/\w+)?" if case else rf"{re.escape(place)}")
    if place == "model":
        name = re.compile("model")
    return {outcome for label, outcome in results if name.fullmatch(label)}


def labels(summary):
    with open(summary, encoding="utf-8") as text:
        for test in json.load(text)["tests"]:
            script = test["group"] in ("scenario", "interop")
            yield (f"{test['group']}/{test['name']}" if script else test["name"]), test["outcome"]


def main():
    results = list(labels(sys.argv[1])) if len(sys.argv) > 1 else None
    faults, tests, skipped, untested = [], set(), set(), 0
    for number, cells in rows():
        where = f"{PROMISES}:{number}"
        if len(cells) != 3:
            faults.append(f"{where}: three cells, please: {cells}")
            continue
        faults += [f"{where}: no such heading: {link}" for link in re.findall(r"\]\(([^)]*)\)", cells[1])
                   if not heading_exists(link)]
        named = list(named_tests(cells[2]))
        untested += "**untested**" in cells[2]
        if not named and "**untested**" not in cells[2]:
            faults.append(f"{where}: names no test; say **untested** and why")
        tests.update(named)
        for place, case in named:
            label = f"{place} {case or ''}".strip()
            if not exists(place, case):
                faults.append(f"{where}: there is no test {label}")
            elif results is not None:
                outcomes = outcomes_of(results, place, case)
                if not outcomes or "failed" in outcomes:
                    faults.append(f"{where}: {label} did not run and pass")
                elif "passed" not in outcomes:
                    skipped.add(label)
    for label in sorted(skipped):
        print(f"skipped here, so nothing is shown of it: {label}")
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{len(tests)} tests named, {len(skipped)} skipped here, {untested} promises untested, {len(faults)} faults")
    sys.exit(1 if faults or not tests else 0)


main()
