#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads the real data into a running demo, over the API, as the units' managers would. Loads nothing twice: every batch
is sent only when its rows are not there yet.

HRD  43 judges with 11 survey criteria each (USJudgeRatings; CONT counts contacts, it is no rating, and is left out)
SIT  1,150 judges (pseudonyms) with their workload of US fiscal year 2025, and CEPEJ's training courts
"""

import argparse
import csv
import io
import json
import pathlib
import sys

from sanjeh_client import Client, CodeBook

CRITERIA = ("INTG", "DMNR", "DILG", "CFMG", "DECI", "PREP", "FAMI", "ORAL", "WRIT", "PHYS", "RTEN")
WORKLOAD = ("judge", "court", "period", "pending_start", "filed", "returned", "transferred_in", "transferred_out",
            "resolved", "pending_end")


def csv_text(columns, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def read(path):
    with open(path, newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


def survey(source):
    """(roster rows, survey rows); the personnel numbers are ours, the names are the source's."""
    roster, means = [], []
    for number, row in enumerate(read(source / "us_judge_ratings.csv"), start=1):
        personnel = f"HRD-{number:04d}"
        roster.append((personnel, row["judge"]))
        means += [(personnel, criterion, row[criterion], "") for criterion in CRITERIA]
    return roster, means


def alj(source):
    """(roster rows, workload rows). Dispositions are resolved cases; what the source does not say stays unknown."""
    rows = read(source / "alj_workload_fy2025.csv")
    names = sorted({row["judge"].upper() for row in rows})
    facts = [(row["judge"].upper(), row["office"], "2024-10-01/2025-09-30", "", "", "", "", "", row["dispositions"], "")
             for row in rows]
    return [(name, name) for name in names], facts


def cepej(source):
    """A court has no judge here; 2007 is a year of 365 days, as CEPEJ computes."""
    return [("", f"CEPEJ-{number}", "2007", row["pending_start"], row["filed"], row["returned"], "", "", row["resolved"],
             row["pending_end"]) for number, row in enumerate(read(source / "cepej_court_table.csv"), start=1)]


def send(client, kind, period, text):
    answer = client.post("/api/v1/contributions", {"kind": kind, "period": period, "format": "csv", "data": text})
    if answer.status != 201:
        sys.exit(f"demo_load: {kind} was refused: {answer.status} {answer.body.decode(errors='replace')[:2000]}")
    document = answer.json()
    print(f"   {kind:12} {document['rows_ok']:5} rows", file=sys.stderr)


def signed_in(client, accounts, username):
    account = accounts[username]
    answer = client.sign_in(username, account["password"], CodeBook(account["totp_secret"]))
    if answer.status != 200:
        sys.exit(f"demo_load: {username} could not sign in: {answer!r}")
    return client.with_token(answer.json()["token"])


def is_empty(client, path):
    answer = client.get(f"{path}?limit=1")
    if answer.status != 200:
        sys.exit(f"demo_load: GET {path}: {answer!r}")
    return not answer.json()["items"]


def load(client, accounts, source):
    hrd = signed_in(client, accounts, "hrd.manager")
    roster, means = survey(source)
    if is_empty(hrd, "/api/v1/judges"):
        send(hrd, "roster", "1977", csv_text(("personnel_number", "name"), roster))
    if is_empty(hrd, "/api/v1/indicator-values"):
        send(hrd, "survey_means", "1977", csv_text(("judge", "criterion", "mean", "n"), means))
    hrd.post("/api/v1/logout")

    sit = signed_in(client, accounts, "sit.manager")
    roster, facts = alj(source)
    if is_empty(sit, "/api/v1/judges"):
        send(sit, "roster", "2025", csv_text(("personnel_number", "name"), roster))
    if is_empty(sit, "/api/v1/facts"):
        send(sit, "workload", "2024-10-01/2025-09-30", csv_text(WORKLOAD, facts))
    if is_empty(sit, "/api/v1/indicator-values"):
        send(sit, "workload", "2007", csv_text(WORKLOAD, cepej(source)))
    sit.post("/api/v1/logout")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the demo")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--source", required=True, type=pathlib.Path, help="folder of the CSV files")
    args = parser.parse_args()
    done = args.data / "data-loaded"
    if done.exists():
        return
    lines = (args.data / "accounts.jsonl").read_text(encoding="utf-8").splitlines()
    accounts = {account["username"]: account for account in map(json.loads, lines)}
    load(Client(args.port, args.data / "certs/ca.pem", timeout=300), accounts, args.source)
    done.touch()


if __name__ == "__main__":
    main()
