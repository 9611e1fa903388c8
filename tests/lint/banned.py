# SPDX-License-Identifier: Apache-2.0
"""Are raw memory calls kept inside src/base? Elsewhere they are counted per file against banned.allow; the count may
only fall, and when it has fallen the list must say so. goto is refused everywhere."""
import os
import re
import sys

import tree

RAW = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|reallocarray|free|memcpy|memmove|mempcpy|strdup|strndup"
                 r"|aligned_alloc|posix_memalign)\s*\(")
GOTO = re.compile(r"\bgoto\b")


def allowed(path):
    counts = {}
    for line in tree.read(path).splitlines():
        if line and not line.startswith("#"):
            name, count = line.rsplit(None, 1)
            counts[name] = int(count)
    return counts


def main():
    root, *rest = tree.arguments("ROOT [ALLOW]")
    allow = rest[0] if rest else os.path.join(root, "tests", "lint", "banned.allow")
    report = tree.Report("banned", root)
    counts = allowed(allow)
    found = {}
    for path in tree.files(root, ["include", "src", "server", "tests"], (".c", ".h")):
        report.checked += 1
        name = os.path.relpath(path, root)
        code = tree.code_only(tree.read(path))
        for match in GOTO.finditer(code):
            report.problem(path, code.count("\n", 0, match.start()) + 1, "goto: use CLEANUP")
        if name.startswith(("src/base/", "tests/")):
            continue
        lines = [code.count("\n", 0, m.start()) + 1 for m in RAW.finditer(code)]
        if lines:
            found[name] = len(lines)
        if len(lines) > counts.get(name, 0):
            report.problem(path, lines[-1], f"{len(lines)} raw memory calls, {counts.get(name, 0)} are allowed"
                                            f" (lines {', '.join(map(str, lines))}): use sj_alloc, sj_free, sj_copy")
    for name, count in counts.items():
        if found.get(name, 0) < count:
            report.problem(allow, 0, f"{name} has {found.get(name, 0)} raw memory calls: lower the {count}")
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
