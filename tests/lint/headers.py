# SPDX-License-Identifier: Apache-2.0
"""Does every contract stand alone? Each header of include/ is compiled by itself, twice in one unit (its guard),
with both compilers."""
import concurrent.futures
import os
import shutil
import sys

import tree

FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion",
         "-Wstrict-prototypes", "-Wredundant-decls", "-fsyntax-only", "-x", "c", "-"]


def compile_alone(compiler, root, build, header):
    name = os.path.relpath(header, os.path.join(root, "include"))
    unit = f'#include "{name}"\n#include "{name}"\ntypedef int sj_not_empty;\n'
    folders = ["-I", os.path.join(root, "include"), "-I", os.path.join(build, "generated", "include")]
    return tree.run([compiler, *folders, *FLAGS], input=unit)


def main():
    root, build = tree.arguments("ROOT BUILD", 2)
    report = tree.Report("headers", root)
    headers = tree.files(root, ["include"], (".h",))
    compilers = ["gcc", "clang"]
    for compiler in compilers:
        if shutil.which(compiler) is None:
            report.problem(root, 0, f"{compiler} is not installed")
    if report.problems:
        return report.done()
    jobs = [(c, root, build, h) for h in headers for c in compilers]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for job, result in zip(jobs, pool.map(lambda j: compile_alone(*j), jobs)):
            report.checked += 1
            if result.returncode != 0:
                report.problem(job[3], 0, f"does not compile alone with {job[0]}:\n{result.stdout}")
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
