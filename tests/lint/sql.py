# SPDX-License-Identifier: Apache-2.0
"""Is SQL kept out of C? Statements live in src/db/sql and migrations, where they can be read, prepared and tested;
a statement put together in C is where injection begins."""
import re
import sys

import tree

STATEMENT = re.compile(
    r"^\s*(select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s|truncate\s|copy\s+\w+\s"
    r"|(create|alter|drop)\s+(table|role|user|index|function|policy|schema|database|view|type|extension)\b"
    r"|grant\s|revoke\s+\w+\s+on\s|listen\s|notify\s|set\s+(local|session|role)\s|begin\b\s*(;|$)"
    r"|commit\s*;|rollback\s*;)"
    r"|\bselect\b.+\bfrom\b|\binsert\s+into\b|\bdelete\s+from\b", re.IGNORECASE | re.DOTALL)
# A sentence begins with a capital and goes on in lower case: no statement of ours does.
SENTENCE = re.compile(r"^(Select|Grant|Copy|Notify|Listen|Update) [a-z ]+[a-z.]$")


def main():
    root = tree.arguments("ROOT")[0]
    report = tree.Report("sql", root)
    for path in tree.files(root, ["include", "src", "server"], (".c", ".h", ".def")):
        report.checked += 1
        for line, text in tree.strings(tree.read(path)):
            if STATEMENT.search(text) and not SENTENCE.match(text):
                report.problem(path, line, f"SQL in C: \"{text[:40]}\"")
    return report.done()


if __name__ == "__main__":
    sys.exit(main())
