# SPDX-License-Identifier: Apache-2.0
"""Attack 23 (AUDIT 4.1): units, offices, analysts, judges, evaluators and administrators ask for the record, their own part and others', by every
route that gives something of it. Whoever may not is refused, on the record, and gets no byte of what he asked for; a search is one entry
with its reason."""

import json
import pathlib
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from stack import SharedTest, problem, recorded, run  # noqa: E402

NOTHING = "00000000-0000-4000-8000-000000000000"
OFFICES = ("hrd.manager", "sit.manager", "jdpe.manager", "jdpd.manager", "sc.manager")  # read entries of their own unit, one by one
OTHERS = ("hrd.contributor", "hrd.register", "sit.analyst", "judge.one", "judge.two", "board.one", "admin.one", "policy.author", "signer.one")
PROBLEM = {"type", "title", "status", "detail", "code", "request_id", "instance", "errors"}
REASON = "reason=" + urllib.parse.quote("پرونده ۱۲ بازرسی")
EXPORTS = ({}, {"from": 0, "to": None}, {"payloads": True}, {"unit": "HRD"}, {"unit": "SIT"})


def ways():
    """Every route of the record: what is asked of it, {index} being an entry of the unit HRD, {request} somebody's request, {judge} judge.one."""
    return {
        "GET /audit/checkpoint": [("/audit/checkpoint", None)],
        "GET /audit/tile/{name*}": [(f"/audit/tile/{name}", None) for name in ("0/000.p/1", "entries/000.p/1", "0/x999/999")],
        "GET /api/v1/audit/proof/{index}": [("/api/v1/audit/proof/{index}", None), ("/api/v1/audit/proof/0", None)],
        "GET /api/v1/audit/consistency": [("/api/v1/audit/consistency?old=1", None)],
        "GET /api/v1/audit/entries/{index}": [("/api/v1/audit/entries/{index}", None), ("/api/v1/audit/entries/0", None)],
        "GET /api/v1/audit/entries": [(f"/api/v1/audit/entries?{query}{REASON}", None)
                                      for query in ("", "unit=HRD&", "unit=SIT&", "action=judge:read&", "unit=HRD&format=file&")],
        "GET /api/v1/audit/tail": [("/api/v1/audit/tail", None), ("/api/v1/audit/tail?from=0", None)],
        "POST /api/v1/audit/exports": [("/api/v1/audit/exports", body) for body in EXPORTS],
        "GET /api/v1/audit/receipts/{request_id}": [("/api/v1/audit/receipts/{request}", None)],
        "GET /api/v1/audit/alarms": [("/api/v1/audit/alarms", None)],
        "GET /api/v1/audit/alarms/{id}": [(f"/api/v1/audit/alarms/{NOTHING}", None)],
        "POST /api/v1/audit/alarms/{id}/acknowledge": [(f"/api/v1/audit/alarms/{NOTHING}/acknowledge", {"reason": "nothing to see"})],
        "GET /api/v1/audit/index": [("/api/v1/audit/index", None), ("/api/v1/audit/index?compare=true", None)],
        "POST /api/v1/audit/index/rebuild": [("/api/v1/audit/index/rebuild", None)],
        "GET /api/v1/audit/keys": [("/api/v1/audit/keys", None)],
        "POST /api/v1/audit/keys/rotate": [("/api/v1/audit/keys/rotate", None)],
        "GET /api/v1/judges/{id}/access-log": [("/api/v1/judges/{judge}/access-log", None)],
    }


def expected(route, target, who):
    """Status and code of the refusal; None: this one may read it."""
    if route.endswith("/receipts/{request_id}"):
        return None if who == "hrd.manager" else (404, "NOT_FOUND")  # the caller's alone
    if route.endswith("/access-log"):
        return None if who == "judge.one" else (404, "NOT_FOUND") if who == "judge.two" else (403, "FORBIDDEN")
    if route.endswith("/entries/{index}") and who in OFFICES:
        return None if who == "hrd.manager" and not target.endswith("/0") else (404, "NOT_FOUND")
    return 403, "FORBIDDEN"


class Readers(SharedTest):
    maxDiff = None

    def setUp(self):
        self.officer = self.stack.client("security.officer")
        if "hrd.register" not in self.stack.accounts:
            self.stack.add_accounts({"hrd.register": ("HRD", "-", "unit-manager", "دفتر ثبت منابع انسانی")})

    def target(self):
        """A request of HRD's manager for judge.one's file, and what the record has of it."""
        judge = next(item["id"] for item in self.stack.client("judge.one").items("/api/v1/judges"))
        answer = self.stack.client("hrd.manager").get(f"/api/v1/judges/{judge}")
        entry = self.officer.get(f"/api/v1/audit/entries/{recorded(self, answer)}").json()
        secrets = (entry["leaf"], entry["actor"], entry["object"], entry["time"], answer.header("X-Request-Id"), "judge:read",
                   self.officer.get("/audit/checkpoint").body.decode().splitlines()[0])
        return {"index": entry["index"], "request": answer.header("X-Request-Id"), "judge": judge}, secrets

    def test_attack_23_every_route_of_the_record_has_its_row(self):
        lines = run(self.stack.build / "server/sanjehd", "--routes").stdout.splitlines()
        routes = {" ".join(line.split()[:2]) for line in lines if line.strip()}
        self.assertEqual({route for route in routes if "/audit" in route or "access-log" in route}, set(ways()))

    def test_attack_23_who_may_not_read_the_record_gets_no_byte_of_it(self):
        values, secrets = self.target()
        for who in (*OFFICES, *OTHERS):
            client, wrong = self.stack.client(who), []
            for route, asked in ways().items():
                for path, body in asked:
                    path = path.format_map(values)
                    answer = client.request(route.split()[0], path, json_body=body)
                    wanted = expected(route, path, who)
                    found = (answer.status, answer.json()["code"]) if answer.status >= 400 else None
                    if found != wanted:
                        wrong.append((path, body, found, wanted))
                    elif wanted is not None:
                        problem(self, answer, *wanted)
                        recorded(self, answer)
                        self.assertLessEqual(set(answer.json()), PROBLEM)
                        own = answer.header("X-Request-Id").encode()
                        self.assertFalse([secret for secret in secrets if secret.encode() in answer.body.replace(own, b"")], path)
            with self.subTest(who):
                self.assertEqual(wrong, [])

    def test_attack_23_without_a_session_nothing(self):
        values, secrets = self.target()
        client = self.stack.anonymous()
        for route, asked in ways().items():
            for path, body in asked:
                answer = client.request(route.split()[0], path.format_map(values), json_body=body)
                problem(self, answer, 401, "UNAUTHENTICATED")
                self.assertFalse([secret for secret in secrets if secret.encode() in answer.body], path)

    def test_attack_23_a_receipt_is_for_its_caller_alone(self):
        """Not even for the officer, who has proofs of his own; and nobody learns whether there was such a request."""
        answer = self.stack.client("hrd.manager").get("/api/v1/me")
        path = f"/api/v1/audit/receipts/{answer.header('X-Request-Id')}"
        self.assertEqual(self.stack.client("hrd.manager").get(path).json()["leaf"], answer.header("Audit-Leaf"))
        bodies = set()
        for who, asked in (("sit.manager", path), ("judge.one", path), ("security.officer", path), ("hrd.contributor", path),
                           ("hrd.manager", f"/api/v1/audit/receipts/{NOTHING}"), ("hrd.manager", "/api/v1/audit/receipts/not-an-id")):
            document = problem(self, self.stack.client(who).get(asked), 404, "NOT_FOUND")
            bodies.add(json.dumps({name: value for name, value in document.items() if name not in ("request_id", "instance")}))
        self.assertEqual(len(bodies), 1, bodies)

    def test_attack_23_a_search_is_one_entry_with_its_reason(self):
        """A page, a page without a hit and a file alike."""
        for query in ("action=judge:read&limit=3", "action=no:such", "action=judge:read&format=file"):
            before = int(self.stack.sql("select size from sanjeh.audit_head"))
            answer = self.officer.get(f"/api/v1/audit/entries?{query}&{REASON}")
            self.assertEqual(answer.status, 200, answer)
            index = recorded(self, answer)
            rows = self.stack.sql(f"select idx from sanjeh.audit_entry where idx >= {before} and substring(entry from 115 for 16) = "
                                  f"uuid_send('{answer.header('X-Request-Id')}')").split()
            self.assertEqual(rows, [str(index)], "one search, one entry, however many hits")
            entry = self.officer.get(f"/api/v1/audit/entries/{index}").json()
            self.assertEqual((entry["action"], entry["outcome"], entry["payload_state"]), ("audit:read", "permitted", "kept"))
            self.assertEqual(json.loads(entry["payload"])["reason"], "پرونده ۱۲ بازرسی")


if __name__ == "__main__":
    unittest.main()
