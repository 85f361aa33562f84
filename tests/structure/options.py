"""docs/options.md names every option of the programs' command lines, and no other; and its links lead somewhere.

The options of the configuration files are compared with their readers by unit/config OptionsPage.
"""

import os
import re
import sys

PAGE = "docs/options.md"
PROGRAMS = {
    "jumpgated": "src/app/jumpgated/main.cpp",
    "jump": "src/app/jump_main.cpp",
    "jumpctl": "tools/jumpctl/jumpctl.cpp",
    "jumpgen": "tools/jumpgen/options.cpp",
    "link_faulty": "drivers/link_faulty/main.cpp",
}
ADDED = re.compile(r'(?:add_option|add_flag|set_version_flag)\(\s*"([\w|-]+)')
# Of link_faulty, in a table: flag, key of the control socket, help.
FAULT = re.compile(r'^ +\{"([\w-]+)", "\w+", "', re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def in_source(path):
    text = read(path)
    faults = FAULT.findall(text) if "add_option_function" in text else []
    return set(ADDED.findall(text)) | {f"--{fault}" for fault in faults}


def on_page(page, program):
    part = re.search(rf"^### `{program}`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    names = re.findall(r"^\| `([^` ]+)", part.group(1) if part else "", re.MULTILINE)
    return {name.replace("\\|", "|") for name in names}


def anchors(path):
    headings = re.findall(r"^#+ (.*)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def broken_links(page):
    for link in set(re.findall(r"\]\(([^)]*)\)", page)):
        path, _, anchor = link.partition("#")
        target = os.path.join(os.path.dirname(PAGE), path)
        if not os.path.exists(target) or (anchor and anchor not in anchors(target)):
            yield f"{PAGE}: there is no {link}"


def main():
    page = read(PAGE)
    faults, known = list(broken_links(page)), 0
    for program, path in PROGRAMS.items():
        has, names = in_source(path), on_page(page, program)
        known += len(has)
        faults += [f"{PAGE}: {program} has {name}, which has no row" for name in sorted(has - names)]
        faults += [f"{PAGE}: {program} has no {name}" for name in sorted(names - has)]
        if not has:
            faults.append(f"{path}: no options found")
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{known} options of {len(PROGRAMS)} programs, {len(faults)} faults")
    sys.exit(1 if faults else 0)


main()
