# SPDX-License-Identifier: Apache-2.0
"""Who opened my file: every reading of a judge's data, in the judge's own log, without the person's name, checked."""

import hashlib
import re
import time
import unittest
import uuid

import test_remedies
from stack import ROOT, SharedTest, problem, run


class LogTest(SharedTest):
    def setUp(self):
        self.judge = self.stack.client("judge.one")
        self.me = next(item["id"] for item in self.judge.items("/api/v1/judges"))

    def path(self, query=""):
        return f"/api/v1/judges/{self.me}/access-log{query}"

    def log(self, query="?limit=100"):
        answer = self.judge.get(self.path(query))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def entry_of(self, answer):
        """The judge's item for the request that has just been answered."""
        index = int(answer.header("Audit-Index"))
        for _ in range(40):
            found = [item for item in self.log()["items"] if item["index"] == index]
            if found:
                return found[0]
            time.sleep(0.05)
        self.fail(f"entry {index} is not in the judge's log")

    def index_absent(self, answer):
        index = int(answer.header("Audit-Index"))
        self.judge.get("/api/v1/me")
        self.assertNotIn(index, [item["index"] for item in self.log()["items"]])


class AccessLog(LogTest):
    def test_a_reading_of_one_judge_is_told_with_unit_and_kind_and_no_person(self):
        hrd = self.stack.client("hrd.manager")
        answer = hrd.get(f"/api/v1/judges/{self.me}")
        self.assertEqual(answer.status, 200)
        item = self.entry_of(answer)
        self.assertEqual(item["unit"]["code"], "HRD")
        self.assertEqual((item["action"], item["kind"], item["outcome"], item["own"]), ("judge:read", "judge", "permitted", False))
        self.assertEqual(item["request_id"], answer.header("X-Request-Id"))
        self.assertEqual(set(item), {"index", "time", "unit", "office", "own", "action", "kind", "outcome", "request_id", "roles",
                                     "purpose", "break_glass"})
        self.assertEqual((sorted(item["roles"]), item["purpose"]), (["process-owner", "unit-manager"], "register"))
        self.assertNotIn("hrd.manager", str(item))

    def test_a_list_names_everybody_on_its_page_and_nobody_else(self):
        hrd = self.stack.client("hrd.manager")
        whole = hrd.get("/api/v1/judges?limit=500")
        ids = sorted(item["id"] for item in whole.json()["items"])
        self.assertIn(self.me, ids)
        self.assertEqual(self.entry_of(whole)["action"], "judge:list")
        index = whole.header("Audit-Index")
        rows = self.stack.sql(f"select subject_id from sanjeh.file_opening where entry_index = {index} order by 1").split()
        self.assertEqual(rows, ids)
        digest = hashlib.sha256(b"".join(uuid.UUID(identity).bytes for identity in ids)).hexdigest()
        detail = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{index}").json()["detail"]
        self.assertTrue(detail.endswith(f"subjects={len(ids)};subjects_sha256={digest}"), detail)
        other = next(identity for identity in ids if identity != self.me)
        self.index_absent(hrd.get(f"/api/v1/judges/{other}"))

    def test_facts_and_values_count(self):
        for kind in ("facts", "indicator-values"):
            own = self.judge.get(f"/api/v1/{kind}")
            self.assertEqual(own.status, 200)
            if own.json()["items"]:
                self.assertTrue(self.entry_of(own)["own"])
            asked = self.stack.client("hrd.manager").get(f"/api/v1/{kind}?judge_id={self.me}")
            self.assertEqual(asked.status, 200)
            self.assertFalse(self.entry_of(asked)["own"], "asked for by id, whatever was found")

    def test_an_attempt_that_was_refused_counts_when_the_judge_was_named(self):
        for who, status in (("security.officer", 403), ("sit.analyst", 404), ("judge.two", 404)):
            answer = self.stack.client(who).get(f"/api/v1/judges/{self.me}")
            self.assertEqual(answer.status, status, who)
            self.assertEqual(self.entry_of(answer)["outcome"], "denied", who)

    def test_nobody_else_reads_the_log(self):
        problem(self, self.stack.client("judge.two").get(self.path()), 404, "NOT_FOUND")
        for who in ("hrd.manager", "security.officer", "admin.one", "sit.analyst"):
            self.assertIn(self.stack.client(who).get(self.path()).status, (403, 404), who)
        problem(self, self.judge.get(f"/api/v1/judges/{uuid.uuid4()}/access-log"), 404, "NOT_FOUND")

    def test_pages_go_back_without_a_gap_and_bounds_hold(self):
        hrd = self.stack.client("hrd.manager")
        for _ in range(5):
            self.assertEqual(hrd.get(f"/api/v1/judges/{self.me}").status, 200)
        start = self.log("?limit=1")["items"][0]["index"] + 1
        walked, before = [], start
        for _ in range(3):
            page = self.log(f"?limit=2&before={before}")
            walked += [item["index"] for item in page["items"]]
            before = page["next"]
        whole = [item["index"] for item in self.log(f"?limit=6&before={start}")["items"]]
        self.assertEqual(walked, whole)
        self.assertEqual(walked, sorted(set(walked), reverse=True))
        for query in ("?limit=101", "?limit=0", "?before=x", "?before=-1", "?who=1", "?cursor=BAAAAAAAAAAAAAAAAAAAAA"):
            self.assertEqual(self.judge.get(self.path(query)).status, 400, query)

    def test_a_changed_index_is_seen_and_the_table_only_grows(self):
        hrd = self.stack.client("hrd.manager")
        index = int(hrd.get(f"/api/v1/judges/{self.me}").header("Audit-Index"))
        stranger = uuid.uuid4()
        self.stack.sql(f"insert into sanjeh.file_opening values ('{stranger}', {index})")
        try:
            self.assertGreaterEqual(self.judge.get(self.path(f"?limit=5&before={index + 1}")).status, 500)
        finally:
            self.stack.sql("alter table sanjeh.file_opening disable trigger user; "
                           f"delete from sanjeh.file_opening where subject_id = '{stranger}'; "
                           "alter table sanjeh.file_opening enable trigger user;")
        self.assertEqual(self.log(f"?limit=5&before={index + 1}")["items"][0]["index"], index)
        with self.assertRaisesRegex(RuntimeError, "append-only"):
            self.stack.sql(f"delete from sanjeh.file_opening where entry_index = {index}")

    def test_a_write_carries_its_subject_and_leaves_no_outbox_row(self):
        hrd = self.stack.client("hrd.manager")
        read = hrd.get(f"/api/v1/judges/{self.me}")
        name = read.json()["name"]
        changed = hrd.patch(f"/api/v1/judges/{self.me}", {"name": name}, headers={"If-Match": read.header("ETag")})
        self.assertEqual(changed.status, 200, changed)
        self.assertEqual(self.entry_of(changed)["action"], "judge:update")
        left = self.stack.sql("select count(*) from sanjeh.audit_outbox where subjects is not null").strip()
        self.assertTrue(re.fullmatch(r"\d+", left) and int(left) == 0, left)


class Evaluations(LogTest):
    """Whatever belongs to his evaluation counts as his file, in whichever state and by whichever route it was opened."""

    evaluation = test_remedies.Remedies.evaluation
    READERS = ("hrd.manager", "jdpe.manager", "board.one")

    def told(self, who, path):
        """Answered, and in his log."""
        answer = self.stack.client(who).get(path)
        self.assertEqual(answer.status, 200, (who, path, answer))
        self.assertEqual(self.entry_of(answer)["outcome"], "permitted", (who, path))
        return answer

    def routes_of_evaluations(self):
        lines = run(self.stack.build / "server/sanjehd", "--routes").stdout.splitlines()
        routes = {tuple(line.split()[:2]) for line in lines if line.strip()}
        return sorted(path for method, path in routes if method == "GET" and path.startswith("/api/v1/evaluations/{id}"))

    def test_every_route_below_an_evaluation_counts_whatever_is_answered(self):
        evaluation, paths = self.evaluation("disclosed"), self.routes_of_evaluations()
        self.assertGreater(len(paths), 5)
        for path in paths:
            for who in self.READERS:
                with self.subTest(f"{who} {path}"):
                    answer = self.stack.client(who).get(path.replace("{id}", evaluation))
                    self.assertIn(answer.status, (200, 400, 403, 404))
                    self.assertEqual(self.entry_of(answer)["outcome"], "permitted" if answer.status == 200 else "denied")

    def test_lists_and_records_of_a_file_count(self):
        evaluation = self.evaluation("collecting", seats={**test_remedies.SEATS, **test_remedies.APPEAL}, clocks=("self_assessment",))
        made = self.judge.post("/api/v1/self-assessments", {"evaluation_id": evaluation, "achievements": "دستاورد"})
        self.assertEqual(made.status, 201, made)
        record = f"/api/v1/self-assessments/{made.json()['id']}"
        self.assertEqual(self.judge.post(f"{record}/submit", headers={"If-Match": made.header("ETag")}).status, 200)
        for who, path in (("hrd.manager", f"/api/v1/evaluations/{evaluation}"), ("hrd.manager", "/api/v1/evaluations?limit=500"),
                          ("hrd.manager", f"/api/v1/evaluations/{evaluation}/events"), ("hrd.manager", f"/api/v1/evaluations/{evaluation}/seats"),
                          ("hrd.manager", f"/api/v1/deadlines?evaluation_id={evaluation}"), ("board.one", record), ("jdpe.manager", record),
                          ("board.one", "/api/v1/self-assessments?limit=500"), ("jdpe.manager", "/api/v1/self-assessments?limit=500")):
            with self.subTest(f"{who} {path}"):
                self.told(who, path)
        for kind in ("evidence", "disclosures", "replies", "interviews", "verdicts", "appeals", "corrections"):
            with self.subTest(kind):
                self.told("jdpe.manager", f"/api/v1/{kind}?evaluation_id={evaluation}")

    def test_data_issues_and_postings_count(self):
        issue = self.judge.post("/api/v1/data-issues", {"field": "birth_year", "text": "سال دیگری است"})
        self.assertIn(issue.status, (201, 409), issue)
        items = [item for item in self.judge.items("/api/v1/data-issues") if item["judge_id"] == self.me]
        self.told("hrd.manager", f"/api/v1/data-issues/{items[0]['id']}")
        self.told("hrd.manager", "/api/v1/data-issues?limit=500")
        for kind in ("postings", "availability"):
            self.told("hrd.manager", f"/api/v1/{kind}?judge_id={self.me}")

    def test_whose_an_object_is_can_be_found_for_every_route(self):
        """A refused attempt at an object of a kind that nobody looks up would leave no trace: each collection is looked up, or holds nobody."""
        nobody = {"sessions", "units", "accounts", "courts", "indicators", "cycles", "computations", "imports", "contributions", "templates",
                  "boards", "calibrations", "approvals", "break-glass", "assignments", "delegations", "policies", "packages"}
        lines = run(self.stack.build / "server/sanjehd", "--routes").stdout.splitlines()
        paths = [line.split()[1] for line in lines if line.strip()]
        named = {path.split("/")[3] for path in paths if re.match(r"/api/v1/[a-z-]+/\{id\}", path)} - {"judges"}
        known = set(re.findall(r"\$1::text = '([a-z-]+)'", (ROOT / "src/db/sql/subject_find.sql").read_text()))
        self.assertEqual(named - nobody, known)

    def test_a_preview_and_a_batch_name_whom_they_touch(self):
        evaluation = self.evaluation("collecting")
        cycle = self.stack.sql(f"select cycle_id from sanjeh.evaluation where id = '{evaluation}'")
        self.stack.sql(f"update sanjeh.cycle set state = 'collecting' where id = '{cycle}'")
        hrd = self.stack.client("hrd.manager")
        preview = hrd.post(f"/api/v1/cycles/{cycle}/evaluations?dry_run=true", {})
        self.assertEqual(preview.status, 200, preview)
        self.assertIn(self.me, [row["judge_id"] for row in preview.json()["out"]])
        self.assertEqual(self.entry_of(preview)["outcome"], "permitted")
        moved = hrd.post(f"/api/v1/cycles/{cycle}/evaluation-moves", {"from": "collecting", "to": "frozen"})
        self.assertEqual((moved.status, len(moved.json()["refused"])), (200, 1), moved)
        self.assertEqual(self.entry_of(moved)["action"], "evaluation:plan")

    def test_an_evaluation_of_another_is_not_his(self):
        evaluation = self.evaluation("collecting")
        other = self.stack.client("judge.two")
        answer = other.get(f"/api/v1/evaluations/{evaluation}")
        self.assertEqual(answer.status, 404)
        me = other.get("/api/v1/me").json()["judge_id"]
        seen = other.get(f"/api/v1/judges/{me}/access-log?limit=100").json()["items"]
        self.assertNotIn(int(answer.header("Audit-Index")), [item["index"] for item in seen])


if __name__ == "__main__":
    unittest.main()
