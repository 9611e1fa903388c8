# SPDX-License-Identifier: Apache-2.0
"""What a judge can do for himself, one method a right of DOMAIN (d), by number in the order of that page. Files are put into their state by the
database's owner; everything of the judge's goes through the routes, in a session of his own."""

import datetime
import io
import json
import pathlib
import tarfile
import tempfile
import time
import unittest
import uuid
from decimal import Decimal

import test_remedies
import test_report_cards
import test_samples
from board_case import TEXTS
from cycle_case import ITEMS
from figures_case import FiguresTest, dec, median, six
from stack import problem, run

LOAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class JudgeRights(FiguresTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.discipline, cls.chair, cls.other = (cls.stack.client(name) for name in ("jdpd.manager", "board.one", "judge.two"))

    def file_in(self, state, **more):
        return test_remedies.Remedies.evaluation(self, state, **more)

    def ok(self, answer, status=(200, 201)):
        self.assertIn(answer.status, status if isinstance(status, tuple) else (status,), answer)
        return answer

    def drafted(self):
        """(cycle, file) whose marks are given and drafted, by genuine members."""
        cycle, file = self.seated("rating")
        for name in ("board.one", "board.two", "board.three"):
            member = self.stack.client(name)
            member.post(f"/api/v1/evaluations/{file}/coi-declarations", {"has_interest": False})
            for item, mark in ((1, "70"), (2, "4"), (3, "60")):
                self.ok(member.post(f"/api/v1/evaluations/{file}/ratings", {"item_no": item, "mark": mark, "reason": "مستند"}))
            self.ok(member.post(f"/api/v1/evaluations/{file}/ratings/submit"))
        self.ok(self.stack.client("board.three").post(f"/api/v1/evaluations/{file}/drafts", {"state": "final", "families": TEXTS,
                                                                                         "overall": "نظر کلی"}))
        self.move(file, "drafted", ", marks_locked_at = now()")
        return cycle, file

    def announced(self):
        """A cycle of the year 1409, from its template to its announcement by those whose offices these are; each step refused to others."""
        code = "R1" + uuid.uuid4().hex[:8].upper()
        made = self.ok(self.owner.post("/api/v1/templates", {"code": code, "name_fa": "الگو", "name_en": "Template", "population": "judges",
                                                             "items": ITEMS}))
        self.stack.publish(made.json()["id"])
        made = self.ok(self.owner.post("/api/v1/cycles", {
            "code": code, "name_fa": "دوره ۱۴۰۹", "name_en": "Cycle 1409", "kind": "annual", "period": "1409", "issuer": "JDP-E",
            "template_id": made.json()["id"], "population": {"judges": [self.judge_id]}}))
        path = f"/api/v1/cycles/{made.json()['id']}"
        for client in (self.owner, self.issuer):
            self.assertEqual(self.judge.get(path).status, 404, "what is not announced is no criterion yet")
            self.ok(client.post(f"{path}/signatures", {}, headers=tag(client.get(path))))
        self.assertEqual(self.judge.get(path).status, 404, "signed is not announced")
        self.ok(self.owner.post(f"{path}/moves", {"to": "announced"}, headers=tag(self.owner.get(path))))
        return path

    def test_01_sees_criteria_and_calendar_before_the_period(self):
        path = self.announced()
        told = self.ok(self.judge.get(path)).json()
        self.assertIn(told["id"], {row["id"] for row in self.judge.items("/api/v1/cycles")})
        self.assertEqual((told["state"], told["period_from"], told["period_to"]), ("announced", "2030-03-21", "2031-03-20"))
        self.assertGreater(told["period_from"], datetime.date.today().isoformat(), "before the period")
        self.assertRegex(told["criteria_sha256"], "^[0-9a-f]{64}$")
        template = self.ok(self.judge.get(f"/api/v1/templates/{told['template_id']}")).json()
        for shown, signed in zip(template["items"], ITEMS, strict=True):
            self.assertEqual({key: shown[key] for key in signed}, {**signed, "weight": shown["weight"]}, "other criteria than were signed")
            self.assertEqual(Decimal(shown["weight"]), Decimal(signed["weight"]))
        problem(self, self.owner.patch(path, {"template_id": told["template_id"]}, headers=tag(self.owner.get(path))), 409, "CONFLICT")
        self.assertEqual(self.judge.get(path).json(), told)
        indicator = self.judge.items("/api/v1/indicators?code=T01")
        self.assertEqual([row["code"] for row in indicator], ["T01"])
        defined = self.judge.items(f"/api/v1/indicators/{indicator[0]['id']}/versions")
        self.assertEqual(defined[0]["formula"], "R / I × 100", "how a figure of his will be worked out")
        clocks = {clock["code"]: clock["days"] for clock in self.ok(self.judge.get("/api/v1/clocks")).json()["items"]}
        self.assertEqual((clocks["challenge"], clocks["self_assessment"], clocks["reply"], clocks["appeal"]), (10, 14, 15, 30))
        self.ok(self.judge.get("/api/v1/calendar/holidays?from=2030-03-21&to=2030-04-21"))

    def test_02_sees_own_facts_and_contests_a_row(self):
        self.ok(self.stack.client("sit.manager").post("/api/v1/contributions", {
            "kind": "workload", "format": "csv", "data": LOAD + "".join(f"{judge},R-1,1374-{month:02},1,1,0,0,0,1,1\n" for month in (1, 2)
                                                                       for judge in ("HRD-0001", "HRD-0002"))}))
        mine = [fact for fact in self.judge.items("/api/v1/facts") if fact["period"].startswith("1374")]
        self.assertEqual({(fact["judge_id"], fact["contested"]) for fact in mine}, {(self.judge_id, False)})
        self.assertEqual(len(mine), 2, "month by month")
        made = self.ok(self.judge.post("/api/v1/data-issues", {"fact_id": mine[0]["id"], "text": "کم شمرده شده است"})).json()
        left = datetime.datetime.fromisoformat(made["due_at"].replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(9 <= left.days <= 13, left)
        self.assertTrue(self.judge.get(f"/api/v1/facts/{mine[0]['id']}").json()["contested"])
        seen = self.stack.client("sit.manager").get(f"/api/v1/facts/{mine[0]['id']}").json()
        self.assertTrue(seen["contested"], "whoever uses the row sees that it is contested")
        self.assertIn("issue_answer", {row["code"] for row in self.judge.items("/api/v1/deadlines?state=open")})
        path = f"/api/v1/data-issues/{made['id']}"
        unit = self.stack.client("sit.manager")
        self.ok(unit.post(f"{path}/answer", {"outcome": "rejected", "reason": "درست است"}, headers=tag(unit.get(path))))
        self.assertFalse(self.judge.get(f"/api/v1/facts/{mine[0]['id']}").json()["contested"])
        told = self.judge.get(path).json()
        self.assertEqual((told["state"], told["reason"]), ("rejected", "درست است"), "the answer has its reason")
        self.assertIn(self.other.post("/api/v1/data-issues", {"fact_id": mine[1]["id"], "text": "نه"}).status, (403, 404), "another's row")

    def test_03_knows_the_evaluators_and_challenges_one(self):
        _, file = self.seated("notified")
        names = {row["account_id"]: row for row in self.judge.items(f"/api/v1/evaluations/{file}/seats")}
        self.assertEqual({row["name"]: row["capacity"] for row in names.values()}, {
            "ارزیاب board.one": "chair", "ارزیاب board.two": "member", "ارزیاب board.three": "rapporteur"})
        self.assertEqual(set(names), {self.account(name) for name in ("board.one", "board.two", "board.three")})
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
            select unit_id, gen_random_uuid(), id, 'challenge', 'judge', now(), now() + interval '3 days' from sanjeh.evaluation where id = '{file}'""")
        made = self.ok(self.judge.post(f"/api/v1/evaluations/{file}/challenges", {"account_id": self.account("board.two"), "grounds": "اختلاف"}))
        self.assertEqual(self.judge.get(f"/api/v1/challenges/{made.json()['id']}").json()["grounds"], "اختلاف")
        path = f"/api/v1/challenges/{made.json()['id']}"
        self.assertIn(self.stack.client("board.two").get(path).status, (403, 404))
        upheld = {"outcome": "upheld", "reason": "رابطه احراز شد"}
        self.assertIn(self.stack.client("board.two").post(f"{path}/decision", upheld, headers={"If-Match": '"v1"'}).status, (403, 404),
                      "by the challenged himself")
        self.ok(self.owner.post(f"{path}/decision", upheld, headers=tag(self.owner.get(path))))
        ended = {row["account_id"]: row["ended_at"] for row in self.judge.items(f"/api/v1/evaluations/{file}/seats")}
        self.assertTrue(ended[self.account("board.two")], "an upheld challenge ends the seat")
        self.assertIsNone(ended[self.account("board.one")])

    def test_04_assesses_himself_and_adds_evidence(self):
        file = self.file_in("collecting", clocks=("self_assessment",))
        made = self.ok(self.judge.post("/api/v1/self-assessments", {"evaluation_id": file, "achievements": "کاهش موجودی"}))
        which = f"/api/v1/self-assessments/{made.json()['id']}"
        self.ok(self.judge.post(f"{which}/submit", headers=tag(self.judge.get(which))))
        self.assertEqual((self.judge.get(which).json()["state"], self.chair.get(which).json()["achievements"]), ("submitted", "کاهش موجودی"))
        self.assertIn(self.other.get(which).status, (403, 404))
        evidence = self.ok(self.judge.post(f"/api/v1/evaluations/{file}/evidence", test_remedies.PLAIN)).json()
        self.assertIn(evidence["id"], {row["id"] for row in self.judge.items(f"/api/v1/evidence?evaluation_id={file}")})

    def test_05_sees_the_whole_draft_file_at_disclosure(self):
        _, file = self.drafted()
        for kind in ("drafts", "ratings", "score"):
            answer = self.judge.get(f"/api/v1/evaluations/{file}/{kind}")
            self.assertTrue(answer.status in (403, 404) or answer.json()["items"] == [], f"{kind} before it is served: {answer}")
        made = self.ok(self.issuer.post(f"/api/v1/evaluations/{file}/disclosures")).json()
        served = self.ok(self.judge.get(f"/api/v1/disclosures/{made['id']}")).json()
        self.assertTrue(served["opened_at"], "the reading is a receipt")
        self.assertEqual(len(self.judge.items(f"/api/v1/evaluations/{file}/drafts")), 1)
        draft = self.judge.items(f"/api/v1/evaluations/{file}/drafts")[0]["id"]
        self.assertEqual(self.judge.get(f"/api/v1/drafts/{draft}").json()["body"]["overall"], "نظر کلی")
        self.assertEqual(len(self.judge.items(f"/api/v1/evaluations/{file}/ratings")), 9, "every mark with its reason")
        self.assertEqual({row["reason"] for row in self.judge.items(f"/api/v1/evaluations/{file}/ratings")}, {"مستند"})

    def test_05_reads_what_was_written_of_his_decisions_and_not_by_whom(self):
        """Decision samples and both reviews of each, once the file is served; of the readers nothing, wherever he looks."""
        readers = {name: self.account(name) for name in ("reviewer.one", "reviewer.two")}
        file, office = test_samples.Samples.evaluation(self), self.stack.client("sc.manager")
        for account in readers.values():
            self.ok(self.owner.post(f"/api/v1/evaluations/{file}/seats", {"account_id": account, "capacity": "reviewer"}))
        self.ok(self.owner.post(f"/api/v1/evaluations/{file}/samples/order", {"office_account_id": self.account("sc.manager")}))
        drawn = self.ok(office.post(f"/api/v1/evaluations/{file}/samples/draw", {"frame": test_samples.FRAME, "size": 8})).json()["items"]
        reviews = f"/api/v1/samples/{drawn[0]['id']}/reviews"
        for name, mark in zip(readers, ("70", "90")):
            self.ok(self.stack.client(name).post(reviews, {"marks": [{"item": "استدلال", "mark": mark}], "comments": f"نظر {mark}"}))
        for path in (reviews, f"/api/v1/evaluations/{file}/samples"):
            answer = self.judge.get(path)
            self.assertTrue(answer.status in (403, 404) or answer.json()["items"] == [], f"before it is served: {answer}")
        self.move(file, "disclosed", ", marks_locked_at = now(), disclosed_at = now()")
        samples = self.judge.items(f"/api/v1/evaluations/{file}/samples")
        self.assertEqual({row["body"]["ref"] for row in samples}, {row["body"]["ref"] for row in drawn})
        read = self.judge.items(reviews)
        self.assertEqual(sorted((row["body"]["mean"], row["body"]["comments"]) for row in read), [("70", "نظر 70"), ("90", "نظر 90")])
        self.assertEqual({row["account_id"] for row in read}, {None})
        self.assertEqual({row[key] for row in samples for key in ("reviewer_one", "reviewer_two")}, {None})
        told = json.dumps([samples, read, self.judge.items(f"/api/v1/evaluations/{file}/seats")], ensure_ascii=False)
        for name, account in readers.items():
            for hidden in (account, name, self.stack.accounts[name].get("display_name") or name):
                self.assertNotIn(hidden, told, "a reader is named")
        self.assertEqual(self.other.get(reviews).status, 404)

    def until(self, file):
        rows = [row for row in self.judge.items(f"/api/v1/deadlines?evaluation_id={file}") if row["code"] == "reply"]
        return datetime.datetime.fromisoformat(rows[0]["due_at"].replace("Z", "+00:00"))

    def test_06_replies_is_heard_and_gets_more_time_once(self):
        _, file = self.drafted()
        made = self.ok(self.issuer.post(f"/api/v1/evaluations/{file}/disclosures")).json()
        path = f"/api/v1/disclosures/{made['id']}"
        before = self.until(file)
        self.ok(self.judge.post(f"{path}/extension", headers=tag(self.judge.get(path))))
        self.assertEqual((self.until(file) - before).days, 10, "ten days more")
        problem(self, self.judge.post(f"{path}/extension", headers=tag(self.judge.get(path))), 409)
        asked = self.ok(self.judge.post(f"/api/v1/evaluations/{file}/interviews", {"text": "حضوری توضیح می‌دهم"}))
        heard = {"held_on": "1404-09-01", "attended": True, "text": "توضیح داد", "attendance": "قاضی و هیئت"}
        self.ok(self.chair.post(f"/api/v1/interviews/{asked.json()['id']}/record", heard, headers=tag(asked)))
        minutes = self.judge.items(f"/api/v1/interviews?evaluation_id={file}")[0]["minutes"]
        self.assertEqual((minutes["text"], minutes["attendance"]), ("توضیح داد", "قاضی و هیئت"), "he reads what was noted")
        reply = self.ok(self.judge.post(f"/api/v1/evaluations/{file}/replies", {"points": ["یک", "دو"]})).json()
        which = f"/api/v1/replies/{reply['id']}"
        self.ok(self.judge.post(f"{which}/submit", headers=tag(self.judge.get(which))))
        for no in (1, 2):
            self.ok(self.chair.post(f"{which}/points/{no}/answer", {"text": "به دلیل"}))
        told = self.judge.get(which).json()
        self.assertEqual(json.dumps(told, ensure_ascii=False).count("به دلیل"), 2, told)

    def test_07_gets_a_reasoned_decision(self):
        _, file = self.drafted()
        self.move(file, "reply_lapsed", ", disclosed_at = now()")
        bare = {"items": [{"item_no": 1, "outcome": "unchanged"}], "narrative": ""}
        self.assertIn(self.chair.post(f"/api/v1/evaluations/{file}/verdicts", bare).status, (400, 422), "a decision without reasons")
        items = [{"item_no": number, "outcome": "unchanged"} for number in (1, 2, 3, 4)]
        self.ok(self.chair.post(f"/api/v1/evaluations/{file}/verdicts", {"items": items, "narrative": "به این دلایل"}))
        told = self.judge.items(f"/api/v1/verdicts?evaluation_id={file}")
        self.assertEqual(self.judge.get(f"/api/v1/verdicts/{told[0]['id']}").json()["narrative"], "به این دلایل")

    def test_08_acknowledges_without_agreeing(self):
        file = self.file_in("issued", clocks=("appeal",))
        done = self.ok(self.judge.post(f"/api/v1/evaluations/{file}/acknowledgement", {"kind": "read_but_disagree", "statement": "مخالفم"}))
        self.assertEqual(done.json()["kind"], "read_but_disagree")
        self.assertEqual(self.stack.sql(f"select state from sanjeh.evaluation where id = '{file}'"), "acknowledged")
        self.ok(self.judge.post(f"/api/v1/evaluations/{file}/appeals", {"grounds": "نمره رفتار"}))

    def test_09_appeals(self):
        file = self.file_in("issued", clocks=("appeal",))
        self.assertIn(self.other.post(f"/api/v1/evaluations/{file}/appeals", {"grounds": "نه"}).status, (403, 404))
        self.ok(self.judge.post(f"/api/v1/evaluations/{file}/appeals", {"grounds": "نمره رفتار"}))
        self.assertEqual(self.stack.sql(f"select state from sanjeh.evaluation where id = '{file}'"), "appealed")

    def card(self, file, version=1):
        return self.ok(self.stack.client("card.issuer").post(f"/api/v1/evaluations/{file}/report-cards", headers={"If-Match": f'"v{version}"'})).json()

    def test_10_gets_a_signed_copy_that_verifies_offline(self):
        card = self.card(test_report_cards.ReportCards.gated(self))
        bundle = self.ok(self.judge.get(f"/api/v1/report-cards/{card['id']}/bundle"))
        with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(bundle.body)) as tar:
            tar.extractall(folder)
            at = pathlib.Path(folder)
            done = run(self.stack.build / "server/sanjeh-verify", "--card", at / "card.json", "--note", at / "card.note", "--vkey", at / "vkey",
                       check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue((at / "card.fa.pdf").read_bytes().startswith(b"%PDF"))
            signed = (at / "card.json").read_bytes()
            self.assertIn(self.judge_id.encode(), signed)
            (at / "card.json").write_bytes(signed.replace(b'"test":false', b'"test":true'))
            done = run(self.stack.build / "server/sanjeh-verify", "--card", at / "card.json", "--note", at / "card.note", "--vkey", at / "vkey",
                       check=False)
            self.assertEqual(done.returncode, 1, "a changed card verifies")
        self.assertEqual(self.other.get(f"/api/v1/report-cards/{card['id']}").status, 404)

    def test_11_appends_a_statement_of_a_hundred_words(self):
        file = test_report_cards.ReportCards.gated(self)
        path = f"/api/v1/evaluations/{file}/statements"
        problem(self, self.judge.post(path, {"statement": "کلمه " * 101}), 422, "INVALID")
        self.assertIn(self.chair.post(path, {"statement": "نه"}).status, (403, 404))
        said = "کلمه " * 99 + "پایان"
        self.ok(self.judge.post(path, {"statement": said}))
        self.assertIn(said, json.dumps(self.card(file)["card"], ensure_ascii=False), "the card does not carry it")

    def in_log(self, answer, unit, roles, purpose, outcome="permitted"):
        """The entry of a request of somebody else in the judge's own log: office, roles, time, purpose and what came of it."""
        index, before = int(answer.header("Audit-Index")), datetime.datetime.now(datetime.timezone.utc)
        for _ in range(40):
            log = self.ok(self.judge.get(f"/api/v1/judges/{self.judge_id}/access-log?limit=20")).json()["items"]
            found = [row for row in log if row["index"] == index]
            if found:
                break
            time.sleep(0.05)
        self.assertTrue(found, f"no trace of {answer}")
        entry = found[0]
        self.assertEqual((entry["unit"] and entry["unit"]["code"], entry["purpose"], entry["outcome"], entry["own"]),
                         (unit, purpose, outcome, False), entry)
        self.assertTrue(set(roles) <= set(entry["roles"]), entry)
        self.assertLess(abs((datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")) - before).total_seconds()), 60, entry)
        return entry

    def survey(self):
        made = self.ok(self.owner.post("/api/v1/surveys", {
            "judge_id": self.judge_id, "title_fa": "نظرسنجی", "title_en": "Survey", "period": "1403", "criteria": ["S01"],
            "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2090-01-01T00:00:00Z"}))
        return made.json()["id"]

    def released(self):
        """A survey about him whose results are out."""
        survey = self.survey()
        path = f"/api/v1/surveys/{survey}"
        tokens = self.ok(self.owner.post(f"{path}/invitations", {"group": "lawyers", "count": 6})).json()["tokens"]
        self.ok(self.owner.post(f"{path}/moves", {"to": "open"}, headers=tag(self.owner.get(path))))
        for token in tokens:
            self.ok(self.stack.anonymous().post("/api/v1/survey-answers", {"token": token, "marks": {"S01": 4}}))
        self.ok(self.owner.post(f"{path}/moves", {"to": "closed"}, headers=tag(self.owner.get(path))))
        self.ok(self.owner.post(f"{path}/releases", None, headers=tag(self.owner.get(path))))
        return survey

    def relation(self):
        made = self.ok(self.discipline.post("/api/v1/relations", {"person_id": self.person("board.three"), "judge_id": self.judge_id,
                                                                  "kind": "disciplinary", "valid_from": "1400-01-01"}))
        self.addCleanup(self.stack.sql, f"delete from sanjeh.relation where id = '{made.json()['id']}'")

    def test_12_sees_who_opened_the_file(self):
        """Whatever way it was opened by: lists, clocks, relations, results, one by one, and when it was refused."""
        file, survey = self.file_in("collecting", clocks=("self_assessment",)), self.released()
        self.relation()
        hrd = ("HRD", ["process-owner"])
        for client, path, (unit, roles), purpose in (
                (self.owner, f"evaluations/{file}", hrd, "evaluation"), (self.owner, "evaluations?limit=500", hrd, "evaluation"),
                (self.owner, "deadlines?limit=500", hrd, "evaluation"), (self.issuer, "deadlines?mine=false", ("JDP", ["issuer"]), "evaluation"),
                (self.discipline, "relations", ("JDP", ["gate-keeper"]), "register"),
                (self.owner, f"surveys/{survey}/results", hrd, "survey"), (self.owner, "surveys", hrd, "survey"),
                (self.owner, "judges", ("HRD", ["unit-manager"]), "register"),
                (self.owner, f"judges/{self.judge_id}", ("HRD", ["unit-manager"]), "register"),
                (self.chair, f"evaluations/{file}/seats", ("SC", ["evaluator"]), "evaluation")):
            with self.subTest(path):
                entry = self.in_log(self.ok(client.get(f"/api/v1/{path}")), unit, roles, purpose)
                self.assertNotIn("account", json.dumps(entry), "the capacity, not the person")
        self.assertIn(self.other.get(f"/api/v1/judges/{self.judge_id}/access-log").status, (403, 404), "his log is his alone")

    def test_12_sees_whom_the_file_was_refused(self):
        """The attempt counts though the other one did not even learn that there is such a thing."""
        _, file = self.drafted()
        disclosure = self.ok(self.issuer.post(f"/api/v1/evaluations/{file}/disclosures")).json()["id"]
        draft = self.judge.items(f"/api/v1/evaluations/{file}/drafts")[0]["id"]
        reply = self.ok(self.judge.post(f"/api/v1/evaluations/{file}/replies", {"points": ["یک"]})).json()["id"]
        plan = self.ok(self.owner.post(f"/api/v1/evaluations/{self.file_in('issued')}/plans", {"goal": "هدف", "actions": [{"text": "دوره", "due_on": "1405-06-31"}]})).json()["id"]
        card = self.card(test_report_cards.ReportCards.gated(self))["id"]
        fact = self.stack.sql(f"select id from sanjeh.workload_fact where judge_id = '{self.judge_id}' limit 1")
        for path, purpose in ((f"evaluations/{file}", "evaluation"), (f"evaluations/{file}/score", "figures"), (f"drafts/{draft}", "evaluation"),
                              (f"disclosures/{disclosure}", "hearing"), (f"replies/{reply}", "hearing"), (f"plans/{plan}", "improvement"),
                              (f"report-cards/{card}", "report_card"), (f"report-cards/{card}/pdf", "report_card"), (f"facts/{fact}", "figures"),
                              (f"ratings?evaluation_id={file}", "evaluation"), (f"surveys/{self.survey()}", "survey"),
                              (f"judges/{self.judge_id}", "register")):
            with self.subTest(path):
                answer = self.other.get(f"/api/v1/{path}")
                self.assertIn(answer.status, (403, 404), answer)
                self.assertIn("judge", self.in_log(answer, None, ["judge"], purpose, "denied")["roles"])
        for path, body in (("self-assessments", {"evaluation_id": file, "achievements": "نه"}), (f"evaluations/{file}/appeals", {"grounds": "نه"})):
            with self.subTest(path):
                answer = self.other.post(f"/api/v1/{path}", body)
                self.assertIn(answer.status, (403, 404), answer)
                self.in_log(answer, None, ["judge"], "appeal" if "appeals" in path else "evaluation", "denied")
        denied = self.stack.client("admin.one").get(f"/api/v1/drafts/{draft}")
        self.assertEqual(denied.status, 403)
        self.assertEqual(self.in_log(denied, None, ["administrator"], "evaluation", "denied")["action"], "draft:read")
        mine = self.other.get("/api/v1/me").json()["judge_id"]
        theirs = {row["index"] for row in self.other.get(f"/api/v1/judges/{mine}/access-log?limit=100").json()["items"]}
        self.assertNotIn(int(denied.header("Audit-Index")), theirs, "of one judge in another's log")

    def check_distribution(self, peers, sheet, resolved):
        """Of ten judges, worked out again from what was sent about each; for the printed texts and for the sheet's numbers alike."""
        raw = [six(dec(count) / dec(320) * 100) for count in resolved.values()]
        middle = six(median(raw))
        expected = {"mean": six(sum(raw) / len(raw)), "median": middle, "mad": six(median([abs(value - middle) for value in raw]))}
        for shown in (peers, sheet):
            self.assertEqual((shown["n"], shown["group"], shown["grade_band"], shown["province_class"]), (10, "cycle", None, None))
            self.assertEqual({name: dec(shown[name]) for name in expected}, expected)

    def nobody_else_in(self, *documents):
        text = json.dumps(documents, ensure_ascii=False)
        for judge, number in self.numbers.items():
            if judge != self.judge_id:
                self.assertNotIn(judge, text)
                self.assertNotIn(number, text)

    def test_13_sees_peers_only_as_a_distribution_of_ten_and_more(self):
        file, sheet, resolved = self.computed(1376, 10)  # and of no more
        card = self.issue(file)["card"]
        lines, items = {line["no"]: line for line in sheet["items"]}, {item["no"]: item for item in card["items"]}
        self.check_distribution(items[3]["peers"], lines[3]["peers"], resolved)
        self.assertEqual([(item["peers"]["n"], item["peers_reason"]) for item in card["items"]], [(10, None)] * 3)
        self.nobody_else_in(card, sheet)
        self.assertEqual({row["id"] for row in self.judge.items("/api/v1/judges")}, {self.judge_id})
        self.assertEqual({row["judge_id"] for row in self.judge.items("/api/v1/facts")}, {self.judge_id})

    def test_13_sees_nothing_of_nine_peers(self):
        """Nine are too few: a mean of nine tells about eight others."""
        file, sheet, _ = self.computed(1377, 9)
        card = self.issue(file)["card"]
        self.assertEqual([(item["peers"], item["peers_reason"]) for item in card["items"]], [(None, "SMALL_PEER_GROUP")] * 3)
        for line in sheet["items"]:
            self.assertEqual({line["peers"][name] for name in ("n", "mean", "median", "mad")}, {None}, line["code"])
            self.assertEqual((line["peers"]["withheld"], line["robust_z"], line["shrunk"]), ("SMALL_PEER_GROUP", None, None))
            self.assertIsNotNone(line["sub_score"], "his own figure is told all the same")
        self.nobody_else_in(card, sheet)

    def test_14_keeps_the_plan_out_of_discipline(self):
        file = self.file_in("issued")
        made = self.ok(self.owner.post(f"/api/v1/evaluations/{file}/plans", {"goal": "بهبود زمان", "actions": [{"text": "دوره", "due_on": "1405-06-31"}]}))
        plan = f"/api/v1/plans/{made.json()['id']}"
        self.assertEqual(self.ok(self.judge.get(plan)).json()["goal"], "بهبود زمان")
        self.assertEqual([row["id"] for row in self.judge.items(f"/api/v1/plans?evaluation_id={file}")], [made.json()["id"]])
        for client in (self.discipline, self.other):
            self.assertIn(client.get(plan).status, (403, 404))
            listed = client.get(f"/api/v1/plans?evaluation_id={file}")
            self.assertTrue(listed.status in (403, 404) or listed.json()["items"] == [], listed)
        card = self.card(test_report_cards.ReportCards.gated(self))["card"]
        self.assertNotIn("بهبود زمان", json.dumps(card, ensure_ascii=False))

    def test_15_an_old_result_expires_and_stays_his(self):
        card = self.card(test_report_cards.ReportCards.gated(self))
        self.ok(self.owner.get(f"/api/v1/report-cards/{card['id']}"))
        self.stack.sql(f"update sanjeh.evaluation set state = 'archived' where id = '{card['evaluation_id']}'")
        self.assertEqual(self.owner.get(f"/api/v1/report-cards/{card['id']}").status, 404, "an expired result is still read")
        self.ok(self.judge.get(f"/api/v1/report-cards/{card['id']}"))
        self.ok(self.issuer.get(f"/api/v1/report-cards/{card['id']}"))


if __name__ == "__main__":
    unittest.main()
