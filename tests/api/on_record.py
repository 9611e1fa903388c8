# SPDX-License-Identifier: Apache-2.0
"""Do the answers that tests were given stand in the record as they were given? Each client of a stack keeps them; when the stack ends all of
them are looked for (attack 22 of AUDIT 4.1). The places of an entry's fields are those of docs/AUDIT.md 2."""

import base64
import collections
import hashlib
import itertools
import os
import pathlib
import shutil
import sys
import uuid

AT_A_TIME = 5000  # entries a query
Answer = collections.namedtuple("Answer", "method path status request_id index leaf session")
ECHOES = "/access/v1/"  # AuthZEN: the request id of the answer is the caller's own
numbers = itertools.count()


def keep(file, method, path, answer, has_session):
    line = Answer(method, path.split("?")[0], str(answer.status), answer.header("X-Request-Id") or "-", answer.header("Audit-Index") or "-",
                  answer.header("Audit-Leaf") or "-", "session" if has_session else "-")
    with open(file, "a", encoding="utf-8") as out:
        out.write("\t".join(line) + "\n")


def kept(file):
    return [Answer(*line.split("\t")) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def entries(stack, indices):
    """The bytes of these entries, by index."""
    wanted, found = sorted(indices), {}
    for first in range(0, len(wanted), AT_A_TIME):
        rows = stack.sql("select idx, encode(entry, 'hex') from sanjeh.audit_entry where idx in "
                         f"({','.join(map(str, wanted[first:first + AT_A_TIME]))})").splitlines()
        found.update((int(index), bytes.fromhex(text)) for index, text in (row.split("|") for row in rows))
    return found


def outcome_of(status):
    """permitted, denied or failed, as an entry says it."""
    return 1 if status < 400 else 0 if status in (401, 403, 404, 429) else 2


def fault(entry, answer):
    """What of the entry is not the answer's; None: it is its entry."""
    status = int(answer.status)
    found = {"leaf": base64.b64decode(answer.leaf) == hashlib.sha256(b"\0" + entry).digest(),
             "request": answer.path.startswith(ECHOES) or entry[114:130] == uuid.UUID(answer.request_id).bytes,
             "status": int.from_bytes(entry[163:165], "big") == status,
             "outcome": entry[162] == outcome_of(status)}
    return next((name for name, holds in found.items() if not holds), None)


def is_counted(answer):
    """One entry tells of many such answers, of a source that floods: test_sign_in_flood.py adds them up."""
    return answer.status == "429" and answer.session == "-"


def faults(stack, answers):
    """(answer, what is wrong) of those whose entry is another's, changed, or not there; two answers have two entries."""
    recorded = [answer for answer in answers if answer.index != "-" and not is_counted(answer)]
    found = entries(stack, {int(answer.index) for answer in recorded})
    times = collections.Counter(answer.index for answer in recorded)
    for answer in recorded:
        entry = found.get(int(answer.index))
        wrong = "entry" if entry is None else "entry of two" if times[answer.index] > 1 else fault(entry, answer)
        if wrong is not None:
            yield answer, wrong


def folder_of(build):
    return pathlib.Path(build) / "api-answers"


def forget(build):
    """A new run begins."""
    shutil.rmtree(folder_of(build), ignore_errors=True)


def check(stack):
    """When a stack of one module ends. Its answers stay, for test_recorded.py."""
    answers = kept(stack.answers)
    if not answers:
        return
    place = folder_of(stack.build)
    place.mkdir(exist_ok=True)
    shutil.copy(stack.answers, place / f"{pathlib.Path(sys.argv[-1]).name}-{os.getpid()}-{next(numbers)}")
    if stack.is_tampered:
        return
    stack.cluster("start", check=False)  # if it was stopped
    wrong = list(faults(stack, answers))
    if wrong:
        raise AssertionError(f"{len(wrong)} answers do not stand in the record (a test that changes the record on purpose sets is_tampered): {wrong[:3]}")
