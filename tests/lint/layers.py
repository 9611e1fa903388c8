# SPDX-License-Identifier: Apache-2.0
"""Does every #include obey src/LAYERS? A module sees the modules of its line, a third-party header enters at
its door only, and private headers stay in their folder. server/ sees all modules, tests see everything."""
import os
import re
import sys

import tree

# Headers of the C library, the kernel and the compiler: no door needed.
SYSTEM = re.compile(
    r"^(sys|linux|net|netinet|arpa|asm|sanitizer)/"
    r"|^(assert|ctype|dirent|endian|errno|fcntl|float|getopt|grp|inttypes|limits|locale|malloc|math|netdb|poll"
    r"|pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio"
    r"|stdlib|stdnoreturn|string|strings|sysexits|syslog|termios|time|ucontext|unistd|wchar|wctype)\.h$")
INCLUDE = re.compile(r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]")


def module_of(root, path):
    parts = os.path.relpath(path, root).split(os.sep)
    if parts[0] == "src":
        return parts[1]
    if parts[0] == "include":
        return parts[2]
    return parts[0]


def is_at_door(header, doors):
    return any(header == d or (d.endswith("/") and header.startswith(d)) for d in doors)


def check_own(report, path, line, module, header, table):
    target = header.split("/")[1]
    if target not in table:
        report.problem(path, line, f"there is no module '{target}'")
    elif module in table and target != module and target not in table[module][0]:
        report.problem(path, line, f"'{module}' may not include '{target}' (src/LAYERS)")


def check_private(report, path, line, module, header, build):
    here = os.path.join(os.path.dirname(path), header)
    base = "server" if module == "server" else os.path.relpath(path, report.root).split(module)[0] + module
    top = os.path.join(report.root, base)
    generated = os.path.join(build, "generated", module, header)
    of_server = os.path.join(build, "server", "generated", header)
    candidates = [here, os.path.join(top, header), generated] + ([of_server] if module == "server" else [])
    inside = os.path.normpath(here).startswith(os.path.normpath(top) + os.sep)
    if not inside:
        report.problem(path, line, f"'{header}' leaves its folder")
    elif not any(os.path.exists(c) for c in candidates):
        report.problem(path, line, f"'{header}' is no header of this folder")


def check_file(report, path, table, build):
    module = module_of(report.root, path)
    doors = {m: d for m, (_, d) in table.items()}
    source = tree.PIECE.sub(lambda m: m.group(0) if m.group(0)[0] == '"' else " " + "\n" * m.group(0).count("\n"),
                            tree.read(path))
    for number, text in enumerate(source.splitlines(), 1):
        match = INCLUDE.match(text)
        if not match:
            continue
        quote, header = match.groups()
        if header.startswith("sanjeh/"):
            check_own(report, path, number, module, header, table)
        elif quote == '"':
            check_private(report, path, number, module, header, build)
        elif not SYSTEM.match(header) and not is_at_door(header, doors.get(module, [])):
            report.problem(path, number, f"<{header}> has no door into '{module}' (src/LAYERS)")


def check_order(report, table):
    """Lowest first: a line may only name modules above it, so there is no circle."""
    seen = set()
    for module, (allowed, _) in table.items():
        for name in allowed:
            if name not in seen:
                report.problem(os.path.join(report.root, "src", "LAYERS"), 0,
                               f"'{module}' names '{name}', which does not stand above it")
        seen.add(module)


def main():
    root, *rest = tree.arguments("ROOT [BUILD]")
    report = tree.Report("layers", root)
    table = tree.layers(root)
    check_order(report, table)
    for path in tree.files(root, ["include", "src", "server"], (".c", ".h")):
        check_file(report, path, table, rest[0] if rest else root)
        report.checked += 1
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
