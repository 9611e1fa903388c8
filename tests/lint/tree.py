# SPDX-License-Identifier: Apache-2.0
"""What the lints share: finding sources, blanking comments and strings, and the list of problems."""
import os
import re
import subprocess
import sys

SKIPPED = {"build", "var", ".git", "node_modules", "__pycache__"}


class Report:
    """Collects problems as file:line: text; done() prints them and gives the exit code."""

    def __init__(self, name, root):
        self.name = name
        self.root = root
        self.problems = []
        self.checked = 0

    def problem(self, path, line, text):
        shown = os.path.relpath(path, self.root)
        self.problems.append(f"{shown}:{line}: {text}" if line else f"{shown}: {text}")

    def done(self):
        for problem in self.problems:
            print(problem)
        print(f"{self.name}: {self.checked} checked, {len(self.problems)} problems")
        # Nothing to check means that the lint looks at the wrong place.
        return 1 if self.problems or self.checked == 0 else 0


def files(root, folders, suffixes):
    """Every file below the folders whose name ends with one of the suffixes, sorted."""
    found = []
    for folder in folders:
        for where, names, leaves in os.walk(os.path.join(root, folder)):
            names[:] = sorted(n for n in names if n not in SKIPPED)
            found += [os.path.join(where, n) for n in sorted(leaves) if n.endswith(suffixes)]
    return found


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


PIECE = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_only(source):
    """The source with comments and the insides of strings as blanks; lines keep their numbers."""
    def blank(match):
        text = match.group(0)
        if text[0] == '"':
            return '"' + _blank(text[1:-1]) + '"'
        return _blank(text)
    return PIECE.sub(blank, source)


def strings(source):
    """(line, text) of every string literal, with literals that follow each other joined."""
    joined = []
    last_end = None
    for match in PIECE.finditer(source):
        text = match.group(0)
        if text[0] != '"':
            continue
        between = source[last_end:match.start()] if last_end is not None else "x"
        if last_end is not None and between.strip() == "":
            line, before = joined[-1]
            joined[-1] = (line, before + text[1:-1])
        else:
            joined.append((source.count("\n", 0, match.start()) + 1, text[1:-1]))
        last_end = match.end()
    return joined


def layers(root):
    """{module: (modules it may include, third-party headers that enter there)} of src/LAYERS."""
    table = {}
    for line in read(os.path.join(root, "src", "LAYERS")).splitlines():
        match = re.match(r"^([a-z]+)\s*:([^:]*):([^:]*)$", line)
        if match:
            table[match.group(1)] = (match.group(2).split(), match.group(3).split())
    return table


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options)


def arguments(usage, least=1):
    if len(sys.argv) < least + 1:
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} {usage}")
    return [os.path.abspath(a) for a in sys.argv[1:]]
