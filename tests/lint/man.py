# SPDX-License-Identifier: Apache-2.0
"""Does every program have a manual page, and does the page name every option and command of `--help`, and no other? What the
help says is read from the usage texts of server/*.c, what a page says from docs/man."""
import os
import re
import sys

import tree

PAGES = {"sanjeh": "sanjeh.1", "sanjeh-verify": "sanjeh-verify.1", "sanjehd": "sanjehd.8",
         "sanjeh-witness": "sanjeh-witness.8"}
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
USAGE = re.compile(r'"[Uu]sage: (sanjeh(?:-verify|-witness|d)?)(?: ([a-z][a-z-]*(?: [a-z][a-z-]*)?))? (?:--|[A-Z])')
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*[a-z])")


def usages(root):
    """(program, command or None, options, file) of each usage text: adjacent literals are one text."""
    for path in tree.files(root, ["server"], (".c",)):
        text = tree.read(path)
        for start in USAGE.finditer(text):
            end = text.index(";", start.start())
            while text[:end].count('"', start.start()) % 2:
                end = text.index(";", end + 1)
            words = "".join(STRING.findall(text[start.start():end]))
            if start[2]:
                # Below its form a command's help may speak of other programs.
                words = words.split(r"\n\n", 1)[0]
            yield start[1], start[2], set(OPTION.findall(words)), path


def main():
    root, *_ = tree.arguments("ROOT")
    report = tree.Report("man", root)
    options = {program: set() for program in PAGES}
    commands = []
    for program, command, named, path in usages(root):
        options[program] |= named
        if command:
            commands.append((command, path))
    for program, name in PAGES.items():
        page = os.path.join(root, "docs", "man", name)
        if not os.path.exists(page):
            report.problem(page, 0, f"{program} has no manual page")
            continue
        report.checked += 1
        text = tree.read(page).replace("\\-", "-")
        written = set(OPTION.findall(text)) - {"help"}
        asked = options[program] - {"help"}
        if not asked:
            report.problem(page, 0, f"no usage text of {program} was found in server/")
        for option in sorted(asked - written):
            report.problem(page, 0, f"--{option} is in the help of {program} only")
        for option in sorted(written - asked):
            report.problem(page, 0, f"--{option} is in the page of {program} only")
        if program == "sanjeh":
            for command, path in commands:
                if f'"{command} ' not in text:
                    report.problem(page, 0, f"'{command}' of {os.path.relpath(path, root)} is missing")
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
