# SPDX-License-Identifier: Apache-2.0
"""Do the documents speak of what is there? Links and paths named in them exist, every module has a README, and every
claim of SECURITY.md names a test that exists or that ctest knows."""
import glob
import json
import os
import re
import sys

import tree

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
QUOTED = re.compile(r"`([^`\n]+)`")
TOP = ("include/", "src/", "server/", "tests/", "docs/", "scripts/", "migrations/", "policies/", "cmake/",
       "certs-example/")
PATH = re.compile(r"^[\w./*{},<>@+-]+$")


def exists(root, name):
    """A path, possibly with * or {a,b}; <placeholders> are no paths."""
    if "<" in name or "NNNN" in name:
        return True
    choice = re.search(r"\{([^}]*)\}", name)
    if choice:
        return all(exists(root, name.replace(choice.group(0), part, 1)) for part in choice.group(1).split(","))
    return bool(glob.glob(os.path.join(root, name)))


def check_paths(report, path):
    text = re.sub(r"```.*?```", lambda m: re.sub(r"[^\n]", " ", m.group(0)), tree.read(path), flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if "://" not in target and not target.startswith("mailto:") and \
                    not os.path.exists(os.path.join(os.path.dirname(path), target)):
                report.problem(path, number, f"link to '{target}', which is not there")
        for quoted in QUOTED.findall(line):
            name = quoted.split(":")[0].rstrip("/")
            if quoted.startswith(TOP) and PATH.match(quoted) and \
                    not (exists(report.root, name) or exists(os.path.dirname(path), name)):
                report.problem(path, number, f"names '{quoted}', which is not there")


def ctest_names(build):
    result = tree.run(["ctest", "--test-dir", build, "--show-only=json-v1"])
    start = result.stdout.find("{")
    return {test["name"] for test in json.loads(result.stdout[start:])["tests"]} if start >= 0 else set()


def is_test(root, name, known):
    if name in known or any(k.startswith(name + ".") for k in known):
        return True
    if "/" in name:
        return name.startswith("tests/") and any(os.path.isfile(os.path.join(root, name)) or files
                                                 for _, _, files in os.walk(os.path.join(root, name)))\
            or (name.startswith("tests/") and os.path.isfile(os.path.join(root, name)))
    return bool(glob.glob(os.path.join(root, "tests", "**", name), recursive=True))


def check_claims(report, known):
    path = os.path.join(report.root, "SECURITY.md")
    rows = 0
    in_claims = False
    for number, line in enumerate(tree.read(path).splitlines(), 1):
        in_claims = line.startswith("| claim") or (in_claims and line.startswith("|"))
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not in_claims or len(cells) < 2 or cells[0] == "claim" or set(cells[0]) <= {"-", ":"}:
            continue
        rows += 1
        names = QUOTED.findall(cells[-1])
        if not names:
            report.problem(path, number, f"the claim '{cells[0]}' names no test")
        for name in names:
            if not is_test(report.root, name, known):
                report.problem(path, number, f"the claim '{cells[0]}' names '{name}', which is no test")
    if rows == 0:
        report.problem(path, 0, "has no table of claims")


def main():
    root, *rest = tree.arguments("ROOT [BUILD]")
    report = tree.Report("docs", root)
    for path in sorted(glob.glob(os.path.join(root, "*.md"))) + tree.files(
            root, [f.rstrip("/") for f in TOP], (".md",)):
        if os.sep + "vectors" + os.sep in path or os.path.basename(path) == "CHANGELOG.md":
            continue
        report.checked += 1
        check_paths(report, path)
    for module in tree.layers(root):
        if not os.path.isdir(os.path.join(root, "src", module)):
            continue  # a place in the layers that is kept
        if not os.path.isfile(os.path.join(root, "src", module, "README.md")):
            report.problem(os.path.join(root, "src", module), 0, "has no README.md")
    check_claims(report, ctest_names(rest[0]) if rest else set())
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
