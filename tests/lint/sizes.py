# SPDX-License-Identifier: Apache-2.0
"""Does every file and function stay readable in one sitting? 600 lines a file, 70 a function. The house format puts a
function's braces into the first column, so they are found without a parser of C."""
import re
import sys

import tree

FILE_LINES = 600
FUNCTION_LINES = 70
SOURCES = (".c", ".h", ".py", ".sql", ".sh", ".cmake")


def functions(source):
    """(first line, number of lines, name) of each function; the signature counts."""
    lines = tree.code_only(source).splitlines()
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
            while begin > 1 and lines[begin - 2].strip() not in ("", "}") and \
                    not lines[begin - 2].rstrip().endswith(";") and not lines[begin - 2].startswith("#"):
                begin -= 1
        elif line == "}" and begin:
            named = re.search(r"(\w+)\s*\(", " ".join(lines[begin - 1:number]))
            yield begin, number - begin + 1, named.group(1) if named else "?"
            begin = None


def main():
    root = tree.arguments("ROOT")[0]
    report = tree.Report("sizes", root)
    for path in tree.files(root, ["include", "src", "server", "tests", "migrations", "scripts", "cmake"], SOURCES):
        report.checked += 1
        source = tree.read(path)
        count = source.count("\n")
        if count > FILE_LINES:
            report.problem(path, 0, f"{count} lines; {FILE_LINES} is the limit")
        if path.endswith((".c", ".h")):
            for line, length, name in functions(source):
                if length > FUNCTION_LINES:
                    report.problem(path, line, f"{name} has {length} lines; {FUNCTION_LINES} is the limit")
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
