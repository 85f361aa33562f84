"""What the pages of docs/ name in back quotes is there.

Each file and folder of the tree exists. In docs/packet-walk.md, moreover: a name with its file behind it, as in `name`
(`file`) or `name` in `file`, stands in that file; any other in a row of a table, in one of the files of that row; any
other in the text, anywhere in the code. `Class::function` stands where it is written so, and where its class is.
"""

import functools
import glob
import re
import sys

WALK = "docs/packet-walk.md"
CODE = ("include/**/*.hpp", "src/**/*.[ch]pp", "drivers/**/*.[ch]pp")
PATH = re.compile(r"(?:config|docs|drivers|include|spec|src|tests|tools)/[\w./*-]*")
NAME = re.compile(r"(?:\w+::)*[A-Za-z]\w*[^\W_]")
QUOTED = re.compile(r"`([^`]*)`(?=(?:(?: in| of)? \(?`([^`]*)`)?)")


@functools.cache
def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def has(text, words):
    return words in text and re.search(rf"\b{words}\b", text) is not None


def stands(name, path):
    scope, _, function = name.rpartition("::")
    text = read(path)
    declared = has(text, f"class {scope}") or has(text, f"struct {scope}")
    return has(text, name) or (scope and declared and has(text, function))


def paths_missing(page):
    for number, line in enumerate(read(page).split("\n"), 1):
        for quoted, _ in QUOTED.findall(line):
            if PATH.fullmatch(quoted) and not glob.glob(quoted):
                yield f"{page}:{number}: there is no {quoted}"


def parts():
    """(line, text) of each row, point and paragraph; a row without its last column, which names drop reasons."""
    for part in re.finditer(r"^.+\n(?:(?!- |\|).+\n)*", read(WALK), re.MULTILINE):
        text = part.group()
        if text.startswith("|"):
            text = text.rstrip("|\n").rpartition("|")[0]
        yield read(WALK).count("\n", 0, part.start()) + 1, re.sub(r"\s+", " ", text)


def names_missing():
    code = [path for pattern in CODE for path in glob.glob(pattern, recursive=True)]
    for line, text in parts():
        quoted = QUOTED.findall(text)
        in_row = [name for name, _ in quoted if PATH.fullmatch(name)] if text.startswith("|") else []
        for name, behind in quoted:
            if not NAME.fullmatch(name):
                continue
            files = [behind] if PATH.fullmatch(behind) else in_row or code
            if not any(stands(name, path) for path in files if path.endswith((".hpp", ".cpp"))):
                where = "the code" if files is code else " or ".join(files)
                yield f"{WALK}:{line}: {name} does not stand in {where}"


def main():
    pages = sorted(glob.glob("docs/*.md"))
    faults = [fault for page in pages for fault in paths_missing(page)]
    faults += names_missing()
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{len(pages)} pages, {len(faults)} faults")
    sys.exit(1 if faults or not pages else 0)


main()
