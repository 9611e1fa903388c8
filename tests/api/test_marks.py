# SPDX-License-Identifier: Apache-2.0
"""Marks, drafts and calibration through the API: above all, no member learns another's mark before he has given his own."""

import unittest
import uuid

from board_case import FIRST, TEXTS, BoardTest
from stack import problem


class MarkTest(BoardTest):
    def path(self, evaluation):
        return f"/api/v1/evaluations/{evaluation}/ratings"

    def mark(self, evaluation, name, item, mark, reason=None, headers=None):
        body = {"item_no": item, "mark": mark, **({"reason": reason} if reason else {})}
        return self.stack.client(name).post(self.path(evaluation), body, headers=headers or {})

    def submit(self, evaluation, name, marks=("70", "4", "60")):
        for item, mark in enumerate(marks, 1):
            self.assertEqual(self.mark(evaluation, name, item, mark).status, 201)
        answer = self.stack.client(name).post(self.path(evaluation) + "/submit")
        self.assertEqual(answer.status, 200, answer)
        return answer

    def seen(self, evaluation, client):
        return {r["account_id"] for r in client.items(self.path(evaluation))}

    def draft(self, evaluation, name="board.three", state="working", **more):
        return self.stack.client(name).post(f"/api/v1/evaluations/{evaluation}/drafts",
                                            {"state": state, "families": TEXTS, "overall": "در مجموع خوب", **more})

    def rated(self):
        cycle, evaluation = self.seated()
        self.submit(evaluation, "board.one", ("70", "4", "60"))
        self.submit(evaluation, "board.two", ("80", "3", "65"))
        self.submit(evaluation, "board.three", ("80", "3", "70"))
        return cycle, evaluation


class Marks(MarkTest):
    def test_marks_are_refused_one_by_one(self):
        _, evaluation = self.seated()
        for mark in ("101", "-1", "1.234", "x", "1e1"):
            self.faults(self.mark(evaluation, "board.one", 1, mark), 422, "INVALID", "BAD_MARK")
        self.faults(self.mark(evaluation, "board.one", 2, "0.99"), 422, "INVALID", "BAD_MARK")
        for item in (0, 4, 5):
            self.faults(self.mark(evaluation, "board.one", item, "50"), 422, "INVALID", "UNKNOWN_ITEM")
        for item, mark in ((1, "10"), (1, "90"), (2, "1.4"), (2, "5")):
            self.faults(self.mark(evaluation, "board.one", item, mark), 422, "INVALID", "REASON_REQUIRED")
        self.assertEqual(self.mark(evaluation, "board.one", 1, "95.5", "رأی‌های نمونه").status, 201)
        self.assertEqual(self.mark(evaluation, "board.one", 2, "۴٫۵").status, 422)
        persian = self.mark(evaluation, "board.one", 2, "۴.۵")
        self.assertEqual((persian.status, persian.json()["mark"]), (201, "4.5"), persian)
        self.faults(self.stack.client("board.one").post(self.path(evaluation) + "/submit"), 409, "GUARD_UNMET", "ITEM_UNMARKED")
        for name in ("hrd.manager", "jdpe.manager", "judge.one", "jdpd.manager"):
            self.assertEqual(self.mark(evaluation, name, 1, "50").status, 403, name)
        problem(self, self.mark(evaluation, "board.four", 1, "50"), 404, "NOT_FOUND")
        self.seat(evaluation, account_id=self.account("board.four"), capacity="observer")
        problem(self, self.mark(evaluation, "board.four", 1, "50"), 403, "FORBIDDEN")
        self.move(evaluation, "collecting")
        self.faults(self.mark(evaluation, "board.one", 3, "50"), 409, "CONFLICT", "NOT_RATING")

    def test_two_tabs_do_not_overwrite_each_other(self):
        _, evaluation = self.seated()
        first = self.mark(evaluation, "board.one", 1, "70")
        problem(self, self.mark(evaluation, "board.one", 1, "71"), 428, "PRECONDITION_REQUIRED")
        etag = {"If-Match": first.header("ETag")}
        second = self.mark(evaluation, "board.one", 1, "72", headers=etag)
        self.assertEqual((second.status, second.json()["mark"], second.json()["version"]), (200, "72", 2), second)
        problem(self, self.mark(evaluation, "board.one", 1, "73", headers=etag), 412, "PRECONDITION_FAILED")

    def test_no_member_sees_a_mark_before_all_have_submitted(self):
        _, evaluation = self.seated()
        clients = {name: self.stack.client(name) for name, _ in FIRST}
        self.submit(evaluation, "board.one")
        self.submit(evaluation, "board.two")
        self.assertEqual(self.mark(evaluation, "board.three", 1, "50").status, 201)
        for name, client in clients.items():
            self.assertEqual(self.seen(evaluation, client), {self.account(name)}, name)
        self.assertEqual(self.judge.items(self.path(evaluation)), [])
        self.assertEqual(self.owner.get(self.path(evaluation)).status, 403)
        self.assertEqual(self.seen(evaluation, self.issuer), {self.account("board.one"), self.account("board.two")},
                         "a draft of a mark is its member's alone")
        self.faults(self.mark(evaluation, "board.one", 1, "80", headers={"If-Match": '"v2"'}), 409, "CONFLICT", "SUBMITTED")
        self.faults(clients["board.one"].post(self.path(evaluation) + "/submit"), 409, "CONFLICT", "SUBMITTED")
        for item, mark in ((2, "3"), (3, "55")):
            self.assertEqual(self.mark(evaluation, "board.three", item, mark).status, 201)
        self.assertEqual(clients["board.three"].post(self.path(evaluation) + "/submit").status, 200)
        for name, client in clients.items():
            self.assertEqual(self.seen(evaluation, client), {self.account(n) for n, _ in FIRST}, name)
        self.assertEqual(self.judge.items(self.path(evaluation)), [], "the judge sees them when the file is disclosed")
        self.seat(evaluation, account_id=self.account("reviewer.one"), capacity="reviewer")
        self.assertEqual(self.stack.client("reviewer.one").items(self.path(evaluation)), [])

    def test_marks_are_a_collection_too_file_by_file(self):
        _, evaluation = self.seated()
        self.submit(evaluation, "board.one")
        one = self.stack.client("board.one")
        self.assertEqual(one.items(f"/api/v1/ratings?evaluation_id={evaluation}"), one.items(self.path(evaluation)))
        self.assertEqual(self.stack.client("board.two").items(f"/api/v1/ratings?evaluation_id={evaluation}"), [])
        problem(self, one.get("/api/v1/ratings"), 400, "BAD_PARAMETER")
        self.assertEqual(self.stack.client("appeal.one").get(f"/api/v1/ratings?evaluation_id={evaluation}").status, 404)
        self.assertEqual(self.owner.get(f"/api/v1/ratings?evaluation_id={evaluation}").status, 403)

    def test_an_ended_seat_neither_marks_nor_counts(self):
        _, evaluation = self.seated()
        self.submit(evaluation, "board.one")
        path = f"/api/v1/evaluations/{evaluation}/seats/{self.account('board.one')}/recusal"
        self.assertEqual(self.stack.client("board.one").post(path, {"reason": "بیماری"}).status, 200)
        problem(self, self.mark(evaluation, "board.one", 1, "50"), 404, "NOT_FOUND")
        self.submit(evaluation, "board.two", ("60", "3", "50"))
        self.submit(evaluation, "board.three", ("60", "3", "50"))
        draft = self.draft(evaluation)
        self.assertEqual(draft.status, 201, draft)
        self.assertEqual(draft.json()["body"]["items"][0]["mark"], "60", "the mark of the ended seat is not in the mean")

    # ---- drafts ----

    def test_a_draft_waits_for_all_marks(self):
        _, evaluation = self.seated()
        self.submit(evaluation, "board.one")
        self.faults(self.draft(evaluation), 409, "GUARD_UNMET", "MARKS_MISSING")

    def test_a_draft_is_worked_out_and_kept_in_versions(self):
        _, evaluation = self.rated()
        draft = self.draft(evaluation, minority="نظر دیگر")
        self.assertEqual(draft.status, 201, draft)
        body = draft.json()["body"]
        self.assertEqual([(i["mark"], i["score"], i["reason"]) for i in body["items"]],
                         [("76.666667", "76.666667", None), ("3.333333", "58.333325", None), ("65", "65", None), (None, None, "NO_DATA")])
        self.assertEqual((body["coverage"], body["is_sufficient"], body["minority"], body["families"]), ("75", True, "نظر دیگر", TEXTS))
        # (40 x 76.666667 + 20 x 58.333325 + 15 x 65) / 75
        self.assertEqual((body["score"], body["band"]), ("69.444442", "fair"))
        final = self.draft(evaluation, state="final")
        self.assertEqual((final.json()["no"], final.json()["state"]), (2, "final"))
        listed = self.stack.client("board.one").items(f"/api/v1/evaluations/{evaluation}/drafts")
        self.assertEqual([(d["no"], d["state"], "body" in d) for d in listed], [(1, "working", False), (2, "final", False)])
        path = f"/api/v1/drafts/{final.json()['id']}"
        self.assertEqual(self.issuer.get(path).json(), final.json())
        problem(self, self.judge.get(path), 404, "NOT_FOUND")
        self.assertEqual(self.owner.get(path).status, 403)
        self.move(evaluation, "disclosed", ", marks_locked_at = now(), disclosed_at = now()")
        self.assertEqual(self.judge.get(path).json(), final.json())
        problem(self, self.judge.get(f"/api/v1/drafts/{draft.json()['id']}"), 404, "NOT_FOUND")
        self.assertEqual(len(self.judge.items(self.path(evaluation))), 9)

    def test_a_draft_is_written_by_the_rapporteur_and_whole(self):
        _, evaluation = self.rated()
        self.assertEqual(self.draft(evaluation, "board.two").status, 403)
        self.assertEqual(self.draft(evaluation, "jdpe.manager").status, 403)
        for families in ({}, [], {**TEXTS, "other": "x"}, {**TEXTS, "quality": 1}, {k: v for k, v in TEXTS.items() if k != "conduct"}):
            self.faults(self.draft(evaluation, families=families), 422, "INVALID", "FORMAT")
        self.faults(self.draft(evaluation, families={**TEXTS, "quality": " "}), 422, "INVALID", "BAD_TEXT")
        self.faults(self.draft(evaluation, overall="\x07"), 422, "INVALID", "BAD_TEXT")
        self.faults(self.draft(evaluation, state="x"), 422, "INVALID", "UNKNOWN_STATE")
        self.move(evaluation, "disclosed", ", marks_locked_at = now(), disclosed_at = now()")
        self.faults(self.draft(evaluation), 409, "CONFLICT", "NOT_DRAFTING")

    # ---- calibration ----

    CALIBRATORS = (("board.four", "chair"), ("appeal.one", "member"), ("appeal.two", "member"))

    def calibrating(self):
        cycle, evaluation = self.rated()
        self.assertEqual(self.draft(evaluation, state="final").status, 201)
        board = self.board(cycle, self.CALIBRATORS, "calibration")["id"]
        self.assertEqual(self.seat(evaluation, board_id=board).status, 201)
        self.move(evaluation, "drafted", ", marks_locked_at = now()")
        return cycle, evaluation, board

    def session(self, cycle, board, present=("board.four", "appeal.one"), by="board.four", **more):
        return self.stack.client(by).post("/api/v1/calibrations", {
            "cycle_id": cycle, "board_id": board, "present": [self.account(name) for name in present], **more})

    def test_a_session_needs_its_quorum(self):
        cycle, _, board = self.calibrating()
        self.faults(self.session(cycle, board, ("board.four",)), 409, "GUARD_UNMET", "NO_QUORUM")
        self.faults(self.session(cycle, board, ("board.four", "board.four")), 422, "INVALID", "TWICE")
        self.faults(self.session(cycle, board, ("board.four", "board.one")), 422, "INVALID", "NOT_A_MEMBER")
        self.faults(self.session(cycle, board, quorum=4), 422, "INVALID", "BAD_QUORUM")
        self.faults(self.session(cycle, str(uuid.uuid4())), 422, "INVALID", "UNKNOWN_BOARD")
        self.faults(self.session(cycle, board, present=(), quorum=2, by="board.one"), 422, "INVALID", "UNKNOWN_BOARD")
        self.assertEqual(self.session(cycle, board, by="appeal.two").status, 403, "who opens it is there")
        made = self.session(cycle, board)
        self.assertEqual((made.status, made.json()["quorum"], made.json()["state"]), (201, 2, "open"), made)
        path = f"/api/v1/calibrations/{made.json()['id']}"
        self.assertEqual(self.stack.client("appeal.two").get(path).json(), made.json())
        self.assertIn(made.json(), self.stack.client("appeal.two").items(f"/api/v1/calibrations?cycle_id={cycle}"))
        problem(self, self.stack.client("board.one").get(path), 404, "NOT_FOUND")
        etag = {"If-Match": made.header("ETag")}
        self.assertEqual(self.stack.client("appeal.one").post(path + "/close", headers=etag).status, 403)
        problem(self, self.stack.client("board.four").post(path + "/close"), 428, "PRECONDITION_REQUIRED")
        closed = self.stack.client("board.four").post(path + "/close", headers=etag)
        self.assertEqual((closed.status, closed.json()["state"]), (200, "closed"), closed)
        problem(self, self.stack.client("board.four").post(path + "/close", headers={"If-Match": closed.header("ETag")}), 409, "CONFLICT")

    def test_a_change_keeps_before_after_and_reason(self):
        cycle, evaluation, board = self.calibrating()
        session = self.session(cycle, board).json()["id"]
        path = f"/api/v1/calibrations/{session}/changes"
        four = self.stack.client("board.four")
        body = {"evaluation_id": evaluation, "account_id": self.account("board.one"), "item_no": 1, "before": "70", "after": "77",
                "reason": "سخت‌گیری نسبت به دیگران"}
        self.faults(four.post(path, {**body, "before": "71"}), 409, "CONFLICT", "BEFORE_DIFFERS")
        self.faults(four.post(path, {**body, "after": "170"}), 422, "INVALID", "BAD_MARK")
        self.faults(four.post(path, {**body, "after": "70"}), 422, "INVALID", "NO_CHANGE")
        self.faults(four.post(path, {**body, "item_no": 4}), 422, "INVALID", "UNKNOWN_ITEM")
        self.faults(four.post(path, {**body, "account_id": self.account("board.four")}), 422, "INVALID", "NOT_MARKED")
        self.faults(four.post(path, {**body, "reason": " "}), 422, "INVALID", "BAD_TEXT")
        self.assertEqual(self.stack.client("appeal.two").post(path, body).status, 403, "not at this session")
        problem(self, self.stack.client("board.one").post(path, body), 404, "NOT_FOUND")
        done = four.post(path, body)
        self.assertEqual((done.status, done.json()["before"], done.json()["after"]), (201, "70", "77"), done)
        problem(self, four.post(path, {**body, "before": "77", "after": "78"}), 409, "DUPLICATE")
        whole = four.post(path, {"evaluation_id": evaluation, "item_no": 3, "before": "65", "after": "68.5", "reason": "هم‌ترازی"})
        self.assertEqual(whole.status, 201, whole)
        changes = self.issuer.items(f"/api/v1/evaluations/{evaluation}/calibration-changes")
        self.assertEqual([(c["item_no"], c["before"], c["after"], c["account_id"]) for c in changes],
                         [(1, "70", "77", self.account("board.one")), (3, "65", "68.5", None)])
        marks = [r["mark"] for r in four.items(self.path(evaluation)) if r["item_no"] == 1]
        self.assertEqual(sorted(marks), ["70", "80", "80"], "what was marked stays as it was marked")
        draft = self.draft(evaluation, state="final").json()["body"]
        self.assertEqual([i["mark"] for i in draft["items"][:3]], ["79", "3.333333", "68.5"])
        stored = self.stack.sql(f"select count(*) from sanjeh.calibration_change where evaluation_id = '{evaluation}' "
                                "and before_ct is not null and after_ct is not null and reason_ct is not null")
        self.assertEqual(stored, "2")

    def test_who_comes_from_the_same_branch_keeps_out(self):
        cycle, evaluation, board = self.calibrating()
        session = self.session(cycle, board).json()["id"]
        self.stack.sql(f"""insert into sanjeh.conflict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id,
                rule, created_by, state, resolution, reason, resolved_by, resolved_at)
            select issuer_unit_id, gen_random_uuid(), issuer_scope_id, id, judge_id, unit_id, '{self.account("board.four")}',
                'SAME_BRANCH', unit_id, 'open', null, null, null, null from sanjeh.evaluation where id = '{evaluation}'""")
        body = {"evaluation_id": evaluation, "item_no": 3, "before": "65", "after": "66", "reason": "هم‌ترازی"}
        path = f"/api/v1/calibrations/{session}/changes"
        self.faults(self.stack.client("board.four").post(path, body), 409, "CONFLICT", "RECUSED")
        self.assertEqual(self.stack.client("appeal.one").post(path, body).status, 201)
        self.move(evaluation, "disclosed", ", disclosed_at = now()")
        self.faults(self.stack.client("appeal.one").post(path, {**body, "item_no": 1}), 409, "CONFLICT", "NOT_DRAFTED")

    def test_severity_is_a_suggestion_with_enough_subjects(self):
        cycle, _, board = self.calibrating()
        session = self.session(cycle, board).json()["id"]
        report = self.stack.client("board.four").items(f"/api/v1/calibrations/{session}/severity")
        self.assertEqual({r["account_id"] for r in report}, {self.account(name) for name, _ in FIRST})
        self.assertTrue(all((r["subjects"], r["bias"], r["reason"], r["is_notable"]) == (1, None, "FEW_SUBJECTS", False) for r in report), report)


class MarksInTheDatabase(MarkTest):
    """The same independence as row security alone says it: no server between."""

    def test_row_security_itself_keeps_marks_apart(self):
        _, evaluation = self.seated()
        self.submit(evaluation, "board.one")
        self.submit(evaluation, "board.two")
        query = f"select count(*) from sanjeh.rating where evaluation_id = '{evaluation}'"
        self.assertEqual(self.as_account("board.one", query), "3")
        self.assertEqual(self.as_account("board.three", query), "0")
        self.assertEqual(self.as_account("hrd.manager", query), "0")
        self.assertEqual(self.as_account("board.three", f"select sanjeh.marks_missing('{evaluation}')"), "1")
        update = f"with u as (update sanjeh.rating set version = 9 where evaluation_id = '{evaluation}' returning 1) select count(*) from u"
        for name in ("board.one", "board.three", "jdpe.manager"):
            self.assertEqual(self.as_account(name, update), "0", f"{name} changes no submitted mark")
        self.submit(evaluation, "board.three")
        self.assertEqual(self.as_account("board.three", query), "9")

    def as_account(self, name, query):
        """What the application role gets in a context of this account (signed with the database's own pads)."""
        row = self.stack.sql(f"select coalesce(unit_id::text, ''), coalesce(compartment_id::text, ''), id from sanjeh.account "
                             f"where id = '{self.account(name)}'")
        scopes = ",".join(part for part in row.split("|") if part)
        return self.stack.sql(f"""
            select 'v1.' || (extract(epoch from now())::int8 + 60) || '.{scopes}' as head \\gset
            select encode(sha256(outer_pad || sha256(inner_pad || convert_to(:'head', 'UTF8'))), 'hex') as mac
                from sanjeh.context_key \\gset
            begin;
            set local role sanjeh_app;
            select set_config('sanjeh.context', :'head' || '.' || :'mac', true) is null \\g /dev/null
            {query};
            rollback;""")


if __name__ == "__main__":
    unittest.main()
