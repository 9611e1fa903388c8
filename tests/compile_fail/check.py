# SPDX-License-Identifier: Apache-2.0
"""Is this misuse refused? The file must compile as it is, and with MISUSE defined it must not, for the reason that its
head names after "expect:". Both compilers are asked."""
import os
import re
import shutil
import subprocess
import sys

FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wformat=2", "-Werror", "-c", "-o", os.devnull]


def compile_file(compiler, root, path, defines):
    include = os.path.join(root, "include")
    result = subprocess.run(
        [compiler, *FLAGS, "-I", include, "-include", os.path.join(include, "sanjeh", "base", "banned.h"), *defines,
         path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.returncode, result.stdout


def problem_of(compiler, root, path, expected):
    if shutil.which(compiler) is None:
        return "is not installed"
    code, output = compile_file(compiler, root, path, [])
    if code != 0:
        return f"refuses the lawful use:\n{output}"
    code, output = compile_file(compiler, root, path, ["-DMISUSE"])
    if code == 0:
        return "takes the misuse"
    if not re.search(expected, output):
        return f"refuses for another reason than '{expected}':\n{output}"
    return None


def main():
    root, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        expected = re.search(r"^ \* expect: (.+)$", file.read(), re.MULTILINE).group(1)
    failed = False
    for compiler in ("gcc", "clang"):
        problem = problem_of(compiler, root, path, expected)
        if problem:
            print(f"{compiler} {problem}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
