# SPDX-License-Identifier: Apache-2.0
"""Is every C file as clang-format 14 would write it?"""
import shutil
import sys

import tree


def main():
    root = tree.arguments("ROOT")[0]
    report = tree.Report("format", root)
    tool = shutil.which("clang-format-14")
    if tool is None:
        report.problem(root, 0, "clang-format-14 is not installed")
        return report.done()
    paths = tree.files(root, ["include", "src", "server", "tests"], (".c", ".h"))
    result = tree.run([tool, "--dry-run", "-Werror", "--style=file", *paths], cwd=root)
    report.checked = len(paths)
    if result.returncode != 0:
        for line in result.stdout.splitlines():
            if "[-Wclang-format-violations]" in line:
                name, number = line.split(":")[:2]
                report.problem(name, number, "not as clang-format-14 writes it")
        if not report.problems:
            report.problem(root, 0, result.stdout)
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
