# SPDX-License-Identifier: Apache-2.0
"""Does every source name its licence, and is no work left behind in a note? Statement files are a single statement each
and carry no head; vectors and data belong to others."""
import os
import re
import sys

import tree

FOLDERS = ["include", "src", "server", "tests", "migrations", "policies", "scripts", "cmake", "certs-example"]
SOURCES = (".c", ".h", ".def", ".py", ".sql", ".sh")
LEFT_BEHIND = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
HEADLESS = ("src/db/sql/", "src/db/admin/", "tests/unit/db/sql/")
FOREIGN = ("tests/vectors/", "tests/data/")


def is_script(path):
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def main():
    root = tree.arguments("ROOT")[0]
    report = tree.Report("words", root)
    for path in tree.files(root, FOLDERS, ("",)):
        name = os.path.relpath(path, root)
        is_source = path.endswith(SOURCES) or is_script(path)
        if not is_source and not path.endswith((".md", ".txt", ".cmake")) or name.startswith(FOREIGN):
            continue
        report.checked += 1
        source = tree.read(path)
        head = "\n".join(source.splitlines()[:5])
        if is_source and not name.startswith(HEADLESS) and "SPDX-License-Identifier: Apache-2.0" not in head:
            report.problem(path, 1, "no SPDX line in the first five")
        for match in LEFT_BEHIND.finditer(source):
            report.problem(path, source.count("\n", 0, match.start()) + 1, f"'{match.group(0)}'")
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
