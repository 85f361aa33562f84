"""Runs what ./run test has built, counts every test and writes build/test/summary.json.

usage: tests.py GROUP...

The groups of meson tests run from build/asan (group tsan: from build/tsan), each GoogleTest case counted by
itself. The groups scenario and interop are the scripts of tests/scenario and tests/interop, run one after
another; they end with 0 (passed), 77 (skipped) or anything else (failed). Scripts mostly wait, for real timers
and links: the meson tests run beside them, with what processor time they leave.
"""

import concurrent.futures
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

SCRIPT_GROUPS = {"scenario": "tests/scenario", "interop": "tests/interop"}
EVERY_GROUP = {"structure", "unit", "vectors", "fsm", "pipeline", "tsan", "scenario", "interop"}
SCRIPT_SECONDS = 60  # unless the script has a line "# limit: SECONDS"
SKIPPED = 77
BEHIND_SCRIPTS = ["nice", "-n", "10"]
PATIENCE = "4"  # times a meson test's own timeout: it ends what hangs, not what a busy machine holds up
OUTPUT = "build/test"


def result(group, name, outcome, seconds):
    return {"group": group, "name": name, "outcome": outcome, "seconds": round(float(seconds), 3)}


def meson_tests(profile, groups):
    """Tests of a profile that belong to one of the groups: (group, name) in meson's order."""
    listed = json.loads(subprocess.check_output(["meson", "introspect", f"build/{profile}", "--tests"]))
    for test in listed:
        suites = {suite.split(":")[-1] for suite in test["suite"]}
        for group in groups:
            if group in suites:
                yield group, test["name"], test.get("protocol")
                break


def gtest_cases(group, name, path):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        outcome = "passed"
        if case.find("failure") is not None:
            outcome = "failed"
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            outcome = "skipped"
        label = f"{name}/{case.get('classname')}.{case.get('name')}"
        yield result(group, label, outcome, case.get("time", "0"))


def run_meson(profile, groups, before=()):
    """Runs them by a command that begins with `before`."""
    tests = list(meson_tests(profile, groups))
    if not tests:
        return []
    build = f"build/{profile}"
    for _, name, _ in tests:
        if os.path.exists(f"{build}/{name}.xml"):
            os.remove(f"{build}/{name}.xml")
    log = f"{build}/meson-logs/testlog.json"
    if os.path.exists(log):
        os.remove(log)
    command = [*before, "meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs",
               "--timeout-multiplier", PATIENCE]
    subprocess.run(command + [name for _, name, _ in tests], stdin=subprocess.DEVNULL)

    ends = {}
    if os.path.exists(log):
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                end = json.loads(line)
                ends[end["name"].split(" / ")[-1].split(":")[-1]] = end
    results = []
    for group, name, _ in tests:
        end = ends.get(name, {"result": "ERROR", "duration": 0})
        passed = end["result"] in ("OK", "EXPECTEDFAIL")
        xml = f"{build}/{name}.xml"
        cases = list(gtest_cases(group, name, xml)) if os.path.exists(xml) else []
        if cases:
            results += cases
        if not cases or (not passed and all(case["outcome"] != "failed" for case in cases)):
            # No cases of its own, or a failure outside of them, as a leak found at exit.
            outcome = "skipped" if end["result"] == "SKIP" else "passed" if passed else "failed"
            results.append(result(group, name, outcome, end["duration"]))
    return results


def run_all_meson(groups, before):
    results = run_meson("asan", [g for g in groups if g not in SCRIPT_GROUPS and g != "tsan"], before)
    if "tsan" in groups:
        results += run_meson("tsan", ["tsan"], before)
    return results


def script_limit(path):
    with open(path, encoding="utf-8") as script:
        found = re.search(r"^# limit: (\d+)", script.read(), re.MULTILINE)
    return int(found.group(1)) if found else SCRIPT_SECONDS


def run_script(group, path):
    name = os.path.splitext(os.path.basename(path))[0]
    log_path = f"{OUTPUT}/{group}-{name}.log"
    limit = script_limit(path)
    started = time.monotonic()
    with open(log_path, "wb") as log:
        # A group of its own, to be stopped whole. Not a session: Linux shares processors out among sessions before it
        # looks at niceness (autogroups), and the meson tests would take half.
        process = subprocess.Popen(
            ["bash", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            # TERM first: the script's own trap takes its namespaces down.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            status = f"no end within {limit} s"
    outcome = {0: "passed", SKIPPED: "skipped"}.get(status, "failed")
    seconds = time.monotonic() - started
    print(f"{group:9} {name:32} {outcome:8} {seconds:6.1f} s", flush=True)
    if outcome != "passed":
        with open(log_path, encoding="utf-8", errors="replace") as log:
            tail = log.read().splitlines()[-40:]
        print("\n".join(f"    {line}" for line in tail + [f"exit: {status}"]), flush=True)
    return result(group, name, outcome, seconds)


def run_scripts(group):
    paths = sorted(glob.glob(f"{SCRIPT_GROUPS[group]}/*.sh"))
    return [run_script(group, p) for p in paths if not os.path.basename(p).startswith("lib")]


def promises_kept(summary):
    """After a whole run: each test that spec/promises.md names ran, and passed."""
    started = time.monotonic()
    check = subprocess.run([sys.executable, "tests/structure/promises.py", summary], stdin=subprocess.DEVNULL)
    outcome = "passed" if check.returncode == 0 else "failed"
    return result("structure", "promises_kept", outcome, time.monotonic() - started)


def write_summary(path, results, started):
    counts = {o: sum(r["outcome"] == o for r in results) for o in ("passed", "failed", "skipped")}
    summary = counts | {"seconds": round(time.monotonic() - started, 1), "tests": results}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(summary, out, indent=1)
        out.write("\n")
    return counts


def main():
    groups = sys.argv[1:]
    os.makedirs(OUTPUT, exist_ok=True)
    started = time.monotonic()
    script_groups = [g for g in groups if g in SCRIPT_GROUPS]
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as beside:
        meson = beside.submit(run_all_meson, groups, BEHIND_SCRIPTS if script_groups else [])
        scripts = [r for group in script_groups for r in run_scripts(group)]
    results = meson.result() + scripts

    summary = f"{OUTPUT}/summary.json"
    counts = write_summary(summary, results, started)
    if EVERY_GROUP <= set(groups):
        results.append(promises_kept(summary))
        counts = write_summary(summary, results, started)

    print()
    for r in results:
        if r["outcome"] == "failed":
            print(f"FAILED {r['group']}: {r['name']}")
    if not results:
        print("no test ran, which is a failure")
    sys.stdout.flush()
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts), flush=True)
    sys.exit(1 if counts["failed"] or not results or not counts["passed"] else 0)


main()
