# SPDX-License-Identifier: Apache-2.0
"""Is every cell of the access matrix true at the API?

tests/data/matrix.tsv has the matrix cell by cell: its code (C contribute, R read, r restricted, D decide, X export, - none) and what the
product shows for it, in these words:

  all, subject, prosecutors, board+supreme, ids   whose rows: everybody's, of the one whose file it is, …, the bare id only
  full, blind, gate, value, gist, band, state, courts, openings, own   what of the file: everything, without reviewers' names, the value without its
                                                  grounds, the band, that it exists and how far it is, …
  own full     nothing, until the subject belongs to the office (prosecutor, judge of the Supreme Court): then everything
  none         every way to it is refused or empty
  absent       the product does not have this class: no route offers it
  C D X contest   the deeds that are not refused

The code says what the word may be (test_codes_and_words_agree); the human table is policies/default/README.md.
"""

import random
import re
import unittest

from matrix_case import COLUMNS, OTHER, PROSECUTOR, SUBJECT, SUPREME, MatrixCase, tag
from stack import LONG, ROOT, as_app

ROWS = {"Roster, postings, grades": "roster", "Workload & timeliness facts": "facts", "Case-level identifiers": "cases",
        "Decision samples & reviews": "samples", "Survey invitations (KA)": "invitations", "Survey aggregates ≥ threshold": "survey",
        "Self-assessment": "self-assessment", "Training, attendance": "training", "Individual marks & drafts": "marks",
        "Report card (final)": "card", "Reply, appeal, minutes": "reply", "Improvement plan": "plan",
        "Open disciplinary files": "discipline-open", "Final disciplinary extract": "discipline-final",
        "Integrity opinion text (K5)": "integrity-text", "Integrity gate value": "integrity-value", "Findings about a person": "findings",
        "Aggregates k ≥ 10, packages": "packages", "Decrees, programmes, threads": "programmes",
        "Indicator & template definitions": "definitions", "Audit chain": "record"}
# Words of paths by which a class would show that it has come to be.
ABSENT = {"cases": "case-(id|ref|file)|/cases", "training": "training|attendance|course", "discipline-open": "disciplin|complaint",
          "findings": "finding",
          "programmes": "decree|programme|thread|meeting|resolution"}
PEOPLE = {SUBJECT: "subject", OTHER: "other", PROSECUTOR: "prosecutor", SUPREME: "supreme"}
REACHES = {frozenset(): "none", frozenset({"subject"}): "subject", frozenset(PEOPLE.values()): "all",
           frozenset({"prosecutor"}): "prosecutors", frozenset({"subject", "supreme"}): "board+supreme"}
REFUSED = (403, 404)


def cells():
    lines = (ROOT / "tests/data/matrix.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


class Words(unittest.TestCase):
    """What needs no server: the table as people read it, and what the codes allow."""

    def test_the_human_table_is_the_same(self):
        text = (ROOT / "policies/default/README.md").read_text(encoding="utf-8")
        table = [[part.strip() for part in line.strip().strip("|").split("|")] for line in text.splitlines()
                 if line.startswith("| ") and line.count("|") == 16]
        head, body = table[0], [row for row in table[1:] if not row[1].startswith("---")]
        told = [{"class": ROWS[row[0]], "column": column, "code": re.sub(r"\*\*", "", code).replace("–", "-")}
                for row in body for column, code in zip(head[1:], row[1:])]
        self.assertEqual(told, [{name: cell[name] for name in ("class", "column", "code")} for cell in cells()])
        self.assertEqual((head[1:], list(ROWS.values())), (list(COLUMNS), list(dict.fromkeys(cell["class"] for cell in cells()))))

    def test_codes_and_words_agree(self):
        for cell in cells():
            letters, words = re.findall(r"\b[CRrDX]\b(?!-)", cell["code"].split("(")[0]), cell["view"].split()
            name = f"{cell['class']} {cell['column']}: {cell['code']} / {cell['view']}"
            if cell["view"] == "absent":
                self.assertIn(cell["class"], ABSENT, name)
                continue
            if not letters:
                self.assertEqual(words, ["none"], name)
            for letter in "CD":
                self.assertEqual(letter in words, letter in letters, name)
            if "X" in words:
                self.assertIn("X", letters, name)
            if "R" in letters and cell["column"] != "Transfer commission":
                self.assertIn(words[0], ("all", "full", "full+courts", "subject", "blind", "value", "gist"), name)
            if "r" in letters:
                self.assertNotIn(words[0], ("all", "full+courts"), name)
        self.assertEqual({cell["class"] for cell in cells() if cell["view"] == "absent"}, set(ABSENT))


class Matrix(MatrixCase):
    def look(self, name, path):
        """(status, document or None); what is not JSON has a status alone."""
        answer = self.stack.client(name).get("/api/v1/" + path)
        self.assertIn(answer.status, (200, *REFUSED), f"{name} {path} {answer}")
        return answer.json() if answer.status == 200 and (answer.header("Content-Type") or "").startswith("application/json") else None

    def rows(self, name, path):
        document = self.look(name, path + ("&" if "?" in path else "?") + "limit=200")
        return [] if document is None else document["items"]

    def may(self, name, method, path, body=None, headers=None):
        """The deed is not refused for who asks; an empty or wrong body is."""
        client = self.stack.client(name)
        send = client.patch if method == "PATCH" else client.post
        answer = send("/api/v1/" + path, body, headers=headers or {})
        self.assertLess(answer.status, 500, f"{name} {path} {answer}")
        return answer.status not in REFUSED

    def people(self, ids):
        return REACHES.get(frozenset(PEOPLE[number] for number in PEOPLE if self.world.judges[number] in ids), "other")

    def said(self, *words):
        return " ".join(word for word in words if word)

    # ---- classes ----

    def of_roster(self, name):
        world, subject = self.world, self.world.judges[SUBJECT]
        rows = {row["id"]: row for row in self.rows(name, "judges")}
        one = self.look(name, f"judges/{subject}")
        posted = {row["judge_id"] for row in self.rows(name, "postings")}
        seen = self.people(rows)
        self.assertEqual((one is not None, subject in posted), (subject in rows,) * 2, f"{name}: list, one and postings differ")
        self.assertEqual(self.people(posted), seen, name)
        self.assertTrue(all(rows[number]["name"] for number in rows if number in world.judges.values()), name)
        if seen == "none" and name != "hrd.manager":
            ids = {row["judge_id"] for row in self.rows(name, "facts")}
            seen = "ids" if subject in ids and name == "sit.manager" else seen
        etag = tag(self.stack.client("hrd.manager").get(f"/api/v1/judges/{subject}"))
        change = self.may(name, "PATCH", f"judges/{subject}", {"status": "active"}, etag)
        contest = name.endswith("judge") and self.may(name, "POST", "data-issues", {"judge_id": subject})
        return self.said(seen, change and "C", contest and "contest")

    def of_facts(self, name):
        rows = [row for row in self.rows(name, "facts") if row["judge_id"] in self.world.judges.values()]
        self.assertTrue(all(row["filed"] == 265 for row in rows), name)
        one = self.look(name, f"facts/{self.world.facts[SUBJECT]}")
        filtered = self.rows(name, f"facts?judge_id={self.world.judges[SUBJECT]}")
        seen = self.people({row["judge_id"] for row in rows})
        self.assertEqual((one is not None, bool(filtered)), (seen in ("all", "subject"),) * 2, name)
        sends = self.may(name, "POST", "contributions", {"kind": "workload", "format": "csv", "period": "1404", "data": "judge\n"})
        contest = name.endswith("judge") and self.may(name, "POST", "data-issues", {"fact_id": self.world.facts[SUBJECT]})
        return self.said(seen, sends and "C", contest and "contest")

    def of_samples(self, name):
        path = self.world.path
        samples = self.rows(name, f"{path}/samples")
        reviews = self.rows(name, f"samples/{self.world.sample}/reviews")
        quality = self.look(name, f"{path}/samples/quality")
        known = [row["account_id"] for row in reviews if row["account_id"]] + [row["reviewer_one"] for row in samples if row["reviewer_one"]]
        self.assertEqual((bool(samples), bool(reviews)), (bool(reviews),) * 2, name)
        seen = "full" if reviews else "state" if quality and quality["reviewed"] == 8 else "none"
        if seen == "full" and name.endswith("judge"):
            self.assertEqual(known, [], "the judge learns who reviewed")
            seen = "blind"
        draws = self.may(name, "POST", f"{path}/samples/draw", {})
        decides = self.may(name, "POST", f"{path}/samples/quality")
        return self.said(seen, draws and "C", decides and "D")

    def of_invitations(self, name):
        self.assertEqual([path for path, item in self.document["paths"].items() if "invit" in path and "get" in item], [])
        return "full" if "token" in str(self.look(name, self.world.surveys["judge"])) else "none"

    def of_survey(self, name):
        seen = {about: self.look(name, f"{path}/results") for about, path in self.world.surveys.items()}
        listed = {row["id"] for row in self.rows(name, "surveys")}
        for about, path in self.world.surveys.items():
            self.assertEqual(path.split("/")[1] in listed, seen[about] is not None, f"{name}: list and {about} results differ")
            self.assertTrue(seen[about] is None or seen[about]["answers"] == 6, name)
        words = {(True, True): "full+courts", (True, False): "full", (False, True): "courts", (False, False): "none"}
        creates = self.may(name, "POST", "surveys", {})
        return self.said(words[seen["judge"] is not None, seen["court"] is not None], creates and "C")

    def of_file(self, name, lists, ones, state=None):
        """full when every list has rows and every object opens; none when nothing does."""
        found = [bool(self.rows(name, path)) for path in lists] + [self.look(name, path) is not None for path in ones]
        if any(found):
            self.assertTrue(all(found), f"{name}: {list(zip([*lists, *ones], found))}")
            return "full"
        return "state" if state and state(name) else "none"

    def deadline(self, *codes):
        return lambda name: {row["code"] for row in self.rows(name, f"deadlines?evaluation_id={self.world.evaluation}")} >= set(codes)

    def of_self_assessment(self, name):
        seen = self.of_file(name, [f"self-assessments?evaluation_id={self.world.evaluation}"], [f"self-assessments/{self.world.assessment}"],
                            self.deadline("self_assessment"))
        return self.said(seen, self.may(name, "POST", "self-assessments", {"evaluation_id": self.world.evaluation}) and "C")

    def of_marks(self, name):
        path = self.world.path
        seen = self.of_file(name, [f"{path}/ratings", f"{path}/drafts"], [f"drafts/{self.world.draft_id}", f"{path}/score"],
                            lambda who: (self.look(who, path) or {}).get("marks_locked_at") is not None and who == "hrd.manager")
        marks = self.may(name, "POST", f"{path}/ratings", {"item_no": 2, "mark": "80", "reason": "مستند"})
        decides = self.may(name, "POST", f"{path}/verdicts", {"items": self.world.verdict, "narrative": "رأی"}) or self.may(name, "POST", f"{path}/report-cards")
        return self.said(seen, marks and "C", decides and "D")

    def of_card(self, name):
        rows = self.rows(name, f"report-cards?evaluation_id={self.world.evaluation}")
        one = self.look(name, f"report-cards/{self.world.card}")
        self.assertEqual(bool(rows), one is not None, name)
        seen = "none"
        if one is not None:
            self.assertEqual((one["card"]["result"]["band"] if "card" in one else one["band"])["code"], "very_good", name)
            seen = "full" if "card" in one else "band"
        elif self.look(name, f"audit/entries/{self.world.issued_index}"):
            entry = self.look(name, f"audit/entries/{self.world.issued_index}")
            seen = "state" if name == "security.officer" and entry["action"] == "report-card:create" else "none"
        exports = [self.stack.client(name).get(f"/api/v1/report-cards/{self.world.card}/{kind}").status for kind in ("pdf", "bundle")]
        self.assertEqual(len(set(exports)), 1, f"{name} {exports}")
        return self.said(seen, exports[0] == 200 and "X")

    def of_reply(self, name):
        which = self.world.evaluation
        seen = self.of_file(name, [f"{kind}?evaluation_id={which}" for kind in ("replies", "appeals")],
                            [f"replies/{self.world.reply}", f"appeals/{self.world.appeal_id}"], self.deadline("reply", "appeal"))
        files = self.may(name, "POST", f"{self.world.path}/replies", {"points": ["نکته"], "statement": "توضیح"})
        decides = self.may(name, "POST", f"appeals/{self.world.appeal_id}/votes", {"outcome": "rejected", "reason": "دلیل"})
        return self.said(seen, files and "C", decides and "D")

    def of_plan(self, name):
        seen = self.of_file(name, [f"plans?evaluation_id={self.world.evaluation}"],
                            [f"plans/{self.world.plan}", f"plan-actions/{self.world.action}"])
        writes = self.may(name, "POST", f"{self.world.path}/plans", {"goal": "هدف", "actions": [{"text": "دوره", "due_on": "1405-06-31"}]}) or \
            self.may(name, "POST", f"plan-actions/{self.world.action}/progress", {"text": "گذراندم", "evidence": "گواهی"})
        return self.said(seen, writes and "C")

    def of_gate(self, name, code):
        gate = self.world.gates[code]
        rows = [row for row in self.rows(name, "gates") if row["gate"] == code]
        one = self.look(name, f"gates/{gate}")
        self.assertEqual(bool(rows), one is not None, name)
        if one is None:
            seen = "none"
        else:
            self.assertEqual(one["value"], "remark", name)
            seen = "value" if code == "D03" else "full" if one["gist"] else "gate"
        return self.said(seen, self.may(name, "POST", f"gates/{gate}/answer", {"value": "clear", "expires_on": "2027-06-01"}) and "C")

    def of_discipline_final(self, name):
        return self.of_gate(name, "D02")

    def of_integrity_value(self, name):
        return self.of_gate(name, "D03")

    def of_integrity_text(self, name):
        """Of K5 the product keeps the gist that may be served; the opinion itself never comes in."""
        one = self.look(name, f"gates/{self.world.gates['D03']}")
        listed = [row["gist"] for row in self.rows(name, "gates") if row["gate"] == "D03" and row["gist"]]
        self.assertEqual(bool(one and one["gist"]), bool(listed), name)
        return self.said("gist" if listed else "none", listed and self.of_gate(name, "D03").endswith("C") and "C")

    def of_definitions(self, name):
        seen = self.of_file(name, ["indicators", "templates"], [f"templates/{self.world.template}"])
        writes = self.may(name, "POST", "indicators", {})
        decides = any(self.may(name, "POST", path, {}) for path in (f"templates/{self.world.template}/withdrawal",
                      f"templates/{self.world.template}/consent", f"cycles/{self.world.cycle}/signatures"))
        return self.said(seen, writes and "C", decides and "D")

    def of_packages(self, name):
        draft, edition = (f"packages/{self.world.packages[state]}" for state in ("draft", "released"))
        figures = self.rows(name, "aggregates?indicator=T01&period=1404")
        released = self.look(name, edition)
        self.assertTrue(released or not figures, name)
        self.assertEqual(bool(self.look(name, draft)), COLUMNS["SIT"] == name, "a draft is its unit's")
        return self.said("full" if figures else "released" if released else "none", self.may(name, "POST", "packages", {}) and "C",
                         self.look(name, edition + "/edition") and "X")

    def of_record(self, name):
        mine = self.stack.client(name).get("/api/v1/me").header("Audit-Index")
        own = self.look(name, f"audit/entries/{mine}")
        others = self.look(name, f"audit/entries/{self.world.issued_index if name != 'jdpe.manager' else self.world.assessed_index}")
        openings = name.endswith("judge") and self.look(name, f"judges/{self.world.judges[SUBJECT]}/access-log")
        return "full" if others else "own" if own else "openings" if openings else "none"

    # ---- every cell ----

    def observed(self, cell):
        name = COLUMNS[cell["column"]]
        if cell["class"] in ABSENT:
            wanted = re.compile(ABSENT[cell["class"]])
            self.assertEqual([path for path in self.document["paths"] if wanted.search(path)], [], f"{cell['class']} has come: write its cells")
            return "absent"
        if name is None:
            self.assertNotIn("commission", str(self.stack.client("admin.one").get("/api/v1/roles").json()))
            return "none"
        probe = getattr(self, "of_" + cell["class"].replace("-", "_"))
        seen = probe(name)
        if cell["view"].startswith("own "):
            self.assertEqual(seen, "none", f"{cell['class']} {cell['column']} before he belongs to the office")
            self.posted[cell["column"]].append(cell)
            return None
        return seen

    def test_every_cell(self):
        self.document = self.stack.anonymous().get("/api/v1/openapi.json").json()
        self.posted = {"SC": [], "AGO": []}
        for cell in cells():
            with self.subTest(f"{cell['class']} {cell['column']}: {cell['code']}"):
                self.judge_cell(cell, self.observed)
        for column, kind in (("AGO", "prosecution"), ("SC", "supreme")):
            self.world.call("owner", "postings", {"judge_id": self.world.judges[SUBJECT], "court_id": self.world.courts[kind],
                                                  "title": "قاضی", "from": "1403-01-01"})
            for cell in self.posted[column]:
                with self.subTest(f"{cell['class']} {cell['column']}: {cell['code']} (own)"):
                    self.judge_cell(cell, lambda cell: "own " + getattr(self, "of_" + cell["class"].replace("-", "_"))(COLUMNS[cell["column"]]))

    def judge_cell(self, cell, observe):
        name = f"{cell['class']}/{cell['column']}"
        seen = observe(cell)
        if seen is not None:
            self.assertEqual(seen, cell["view"], name)

    # ---- the engine and the database ----

    TABLES = {"judges": "judge", "postings": "posting", "facts": "workload_fact", "contributions": "contribution", "evaluations": "evaluation",
              "drafts": "draft", "self-assessments": "self_assessment", "replies": "reply", "verdicts": "verdict", "gates": "gate_answer",
              "appeals": "appeal", "plans": "improvement_plan", "plan-actions": "plan_action", "report-cards": "report_card",
              "surveys": "survey", "indicator-values": "indicator_value", "samples": "decision_sample", "packages": "package"}

    def test_what_the_engine_does_not_find_the_database_does_not_show(self):
        """Random accounts and objects of the whole world. 404: a context as of that session selects no row. 403, the policy's own no: none either of
        those that are another unit's (inside the own one the roles decide, and no context is signed for who has none)."""
        seed = random.SystemRandom().randrange(1 << 32) if LONG else 1
        chance = random.Random(seed)
        rows = {kind: self.stack.sql(f"select id from sanjeh.{table}").split() for kind, table in self.TABLES.items()}
        asked = [(name, kind, one) for name in (*filter(None, COLUMNS.values()), "other.judge", "board.two", "appeal.three")
                 for kind, ids in rows.items() for one in ids]
        missed, compared = {404: {}, 403: {}}, {404: 0, 403: 0}
        for name, kind, one in chance.sample(asked, min(len(asked), 2000 if LONG else 400)):
            path = f"/api/v1/{kind}/{one}" + ("/reviews" if kind == "samples" else "")
            status = self.stack.client(name).get(path).status
            self.assertIn(status, (200, *REFUSED), f"{name} {path} (seed {seed})")
            if status in missed:
                missed[status].setdefault(name, {}).setdefault(self.TABLES[kind], set()).add(one)
        for status, name, tables in ((status, name, tables) for status, names in missed.items() for name, tables in names.items()):
            scopes, unit = self.stack.sql("select array_to_string(array[id, unit_id, compartment_id, judge_id], ','), unit_id from sanjeh.account "
                                          f"where id = '{self.world.account(name)}'").split("|")
            others = f" and unit_id <> '{unit}'" if status == 403 and unit else ""
            selects = " union all ".join(f"select '{table} ' || id from sanjeh.{table} where id in ({','.join(map(repr, sorted(ids)))})" + others
                                         for table, ids in tables.items())
            done = as_app(self.stack, scopes.split(","), selects)
            self.assertEqual(done.stdout.split("\n", 1)[1].strip(), "", f"{name} gets rows that he is refused with {status} (seed {seed})")
            compared[status] += sum(map(len, tables.values()))
        self.assertGreater(min(compared.values()), 50, f"nothing was compared: {compared}")
        shown = as_app(self.stack, self.stack.sql("select array_to_string(array[id, unit_id], ',') from sanjeh.account where username = "
                                                  "'hrd.manager'").split(","), "select count(*) from sanjeh.judge")
        self.assertGreater(int(shown.stdout.split()[-1]), 3, "the contexts of this test show nothing at all")

    def test_another_judge_sees_nothing_of_it(self):
        self.document = self.stack.anonymous().get("/api/v1/openapi.json").json()
        for kind in ("samples", "survey", "self-assessment", "marks", "card", "reply", "plan", "discipline-final", "integrity-value"):
            with self.subTest(kind):
                self.assertEqual(getattr(self, "of_" + kind.replace("-", "_"))("other.judge"), "none")
        self.assertNotIn("subject", self.of_facts("other.judge"))
        self.assertIsNone(self.look("other.judge", f"judges/{self.world.judges[SUBJECT]}"))


if __name__ == "__main__":
    unittest.main()
