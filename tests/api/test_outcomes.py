# SPDX-License-Identifier: Apache-2.0
"""How an evaluation ends: appeals upheld, rejected, varied; a correction; too few data. Six judges walk one cycle together, over the
API alone, and the cycle goes with them through every state of its own. The tests are stages: each needs the one before."""

import time
import unittest
import uuid
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from approval_case import correction
from cycle_case import ITEMS, WORKLOAD, CycleCase
from stack import problem

WEIGHTS = {1: "40", 2: "20", 3: "25", 4: "15"}  # without its indicator a judge has 60 of 100: too little
DISSENT = "One member would have marked conduct at 90."
OUTVOTED = "One member of the appeal board would have upheld it."
SAID = "Hearings were kept in order."
WHY = "The hearing of 12 Mehr was not weighed."
KEPT, REFUSED, VARIED, CORRECTED, THIN = JUDGES = ("out.kept", "out.refused", "out.varied", "out.corrected", "out.thin")
RATED = JUDGES[:4]


class Outcomes(CycleCase):
    CODE = "OUT"
    ITEMS = [{**item, "weight": WEIGHTS[item["no"]]} for item in ITEMS]
    WORKLOAD = WORKLOAD + "".join(f"F-00{n},شعبه {n},1404,240,265,7,0,0,329,183\n" for n in (3, 4))
    JUDGES = {name: f"F-00{n}" for n, name in enumerate(JUDGES, 1)}
    OTHERS = ("F-006",)  # has no data either

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = {}
        cls.failed = False

    def setUp(self):
        self.assertFalse(type(self).failed, "a stage before this one failed")
        type(self).failed = True
        self.__dict__.update(getattr(type(self), "kept", {}))

    def stage_done(self):
        type(self).failed = False
        type(self).kept = {key: self.__dict__[key] for key in ("cycle", "paths", "me", "path", "panel") if key in self.__dict__}

    def move_cycle(self, to, status=(200,)):
        return self.call("owner", f"cycles/{self.cycle}/moves", {"to": to}, status, on=f"cycles/{self.cycle}")

    def move_all(self, came, to):
        return self.call("owner", f"cycles/{self.cycle}/evaluation-moves", {"from": came, "to": to}).json()

    def state(self, judge):
        return self.read("owner", self.paths[judge]).json()["state"]

    def all_become(self, judges, state):
        for judge in judges:
            self.on(judge)
            self.becomes(state)

    def last_event(self):
        return self.who("owner").items(f"/api/v1/{self.path}/events")[-1]

    def cards_of(self, judge):
        return self.who(judge).items(f"/api/v1/report-cards?evaluation_id={self.paths[judge].split('/')[1]}")

    # ---- the cut ----

    def test_1_too_few_data_end_an_evaluation_at_the_cut(self):
        self.prepare()
        board = self.board("first", {"board.one": "chair", "board.two": "member", "board.three": "rapporteur"})
        everybody = self.who("owner").items(f"/api/v1/evaluations?cycle_id={self.cycle}")
        self.call("owner", f"cycles/{self.cycle}/seats", {"board_id": board, "evaluations": [row["id"] for row in everybody]})
        self.assertEqual(self.move_all("planned", "notified"), {"refused": [], "moved": 6, "insufficient": 0, "has_more": False, "next": None})
        self.advance(12)
        self.all_become(JUDGES, "collecting")
        self.advance(12)
        self.move_cycle("collecting")
        problem(self, self.move_cycle("frozen", 409), 409, "GUARD_UNMET")
        self.on(THIN)
        for _ in range(400):  # the clocks of self-assessment and contest
            if self.refused("owner", "frozen") == {"COMPUTED", "COVERAGE_ENOUGH"}:
                break
            time.sleep(0.1)
        self.call("owner", f"cycles/{self.cycle}/computations")
        self.assertLess(float(self.read("owner", self.path).json()["coverage"]), 70)
        answer = self.move("owner", "frozen")
        entry = self.read("security.officer", f"audit/entries/{answer.header('Audit-Index')}").json()
        self.assertRegex(entry["detail"], "^to=insufficient;by=system(;|$)")
        cut = answer.json()
        self.assertEqual(cut["state"], "insufficient")
        self.assertIsNone(cut["frozen_at"])
        event = self.last_event()
        self.assertEqual((event["from"], event["to"], event["by"]), ("collecting", "insufficient", None))
        many = self.move_all("collecting", "frozen")
        self.assertEqual((many["moved"], many["insufficient"], many["refused"]), (4, 1, []), "the other one without data")
        problem(self, self.call("issuer", f"{self.path}/report-cards", status=409, on=self.path), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.cards_of(THIN), [])
        sheet = self.read("issuer", f"{self.path}/score").json()["sheet"]
        self.assertNotIn("score", sheet)
        self.assertEqual([item["sub_score"] for item in sheet["items"]], [None] * len(sheet["items"]), sheet)
        self.stage_done()

    def test_2_after_the_cut_only_a_correction_changes_what_it_rests_on(self):
        self.move_cycle("frozen")
        again = self.call("owner", f"cycles/{self.cycle}/computations").json()
        self.assertEqual((again["evaluations"], again["sufficient"]), (4, 4), "who has too few data stands in figures and peers")
        rows = self.WORKLOAD.splitlines()[0] + "\nF-005,شعبه ۵,1404,1,1,0,0,0,1,1\n"
        late = self.call("sit.manager", "contributions", {
            "kind": "workload", "format": "csv", "period": "1404", "cycle": self.CODE, "data": rows}, 409)
        problem(self, late, 409, "FROZEN")
        self.move_cycle("rating")
        self.stage_done()

    # ---- to the card ----

    def test_3_four_judges_are_rated_and_get_their_cards(self):
        problem(self, self.move_cycle("calibration", 409), 409, "GUARD_UNMET")
        for judge in RATED:
            self.on(judge)
            self.judge_in_rating()
        self.move_cycle("calibration")
        self.move_cycle("disclosure")
        problem(self, self.move_cycle("deciding", 409), 409, "GUARD_UNMET")
        for judge in RATED:
            self.on(judge)
            self.call("issuer", f"{self.path}/disclosures")
        self.advance(20)
        self.all_become(RATED, "reply_lapsed")
        self.move_cycle("deciding")
        problem(self, self.move_cycle("appeal", 409), 409, "GUARD_UNMET")
        for judge in RATED:
            self.on(judge)
            self.decide_and_gate(DISSENT if judge == KEPT else None)
            self.cards[judge] = [self.issue()]
            self.dissent_is_heard(judge)
        self.move_cycle("appeal")
        problem(self, self.move_cycle("closed", 409), 409, "GUARD_UNMET")
        self.stage_done()

    def dissent_is_heard(self, judge):
        """What the outvoted member of the first board held stands on the card, signed and printed; where there is none, nothing does."""
        card, printed = self.verify(self.cards[judge][0]), self.printed(self.cards[judge][0])
        decision = card["decision"]
        self.assertEqual((decision["text"], decision["minority"]), ("رأی هیأت", DISSENT if judge == KEPT else None))
        self.assertEqual([(item["no"], item["outcome"]) for item in decision["items"]], [(item["no"], "unchanged") for item in self.ITEMS])
        self.assertEqual(card["narrative"]["minority"], "نظر اقلیت", "that of the draft stands beside it")
        self.assertIsNone(card["appeal"])
        self.assertEqual(DISSENT in printed, judge == KEPT, printed)
        self.assertEqual("Minority opinion on the decision" in printed, judge == KEPT)

    # ---- the ends ----

    def test_4_to_have_read_is_not_to_agree(self):
        self.on(REFUSED)
        said = self.call("judge", f"{self.path}/acknowledgement", {"kind": "read_but_disagree", "statement": "موافق نیستم"}).json()
        self.assertEqual((said["kind"], said["statement"]), ("read_but_disagree", "موافق نیستم"))
        self.becomes("acknowledged")
        self.assertNotIn(b"agree", self.who("judge").get(f"/api/v1/report-cards/{self.cards[REFUSED][0]}").body.replace(b"disagree", b""))
        self.assertEqual([card["id"] for card in self.cards_of(REFUSED)], self.cards[REFUSED], "reading made another card")
        self.call("judge", f"{self.path}/acknowledgement", {"kind": "agree"}, 409)
        self.stage_done()  # the appeal below is filed by him who has read

    def test_5_an_appeal_upheld_or_rejected_leaves_the_card(self):
        for judge, outcome in ((KEPT, "upheld"), (REFUSED, "rejected")):
            self.on(judge)
            self.appeal(outcome)
            self.assertEqual(self.state(judge), "final")
            self.assertEqual([card["id"] for card in self.cards_of(judge)], self.cards[judge])
            self.assertIsNone(self.cards_of(judge)[0]["superseded_by"])
            decided = self.who("judge").items(f"/api/v1/appeals?evaluation_id={self.path.split('/')[1]}")[-1]
            self.assertEqual((decided["state"], decided["outcome"]), ("decided", outcome))
            problem(self, self.call("issuer", f"{self.path}/report-cards", status=409, on=self.path), 409, "NO_SUCH_MOVE")
            self.call("judge", f"{self.path}/appeals", {"grounds": "دوباره"}, 409)
            self.verify(self.cards[judge][0])
        self.stage_done()

    def test_6_an_appeal_varied_makes_a_card_that_supersedes(self):
        self.on(VARIED)
        which = self.heard({"appeal.one": "varied", "appeal.two": "varied", "appeal.three": "upheld"})
        changes = [{"item_no": 3, "mark": "۹۲.۵", "text": SAID, "reason": WHY}, {"item_no": 2, "mark": "85", "reason": "دلیل دوم"}]
        for wrong, code in (("نمره رفتار حذف می‌شود", "REQUIRED"), ([], "REQUIRED"), (None, "REQUIRED"), (["بند یکم"], "FORMAT"),
                            ([{**changes[0], "item_no": 1}], "UNKNOWN_ITEM"), ([{**changes[0], "item_no": 9}], "UNKNOWN_ITEM"),
                            ([changes[0], changes[0]], "UNKNOWN_ITEM"), ([{**changes[0], "mark": "100.5"}], "BAD_MARK"),
                            ([{**changes[0], "mark": "خوب"}], "BAD_MARK"), ([{"item_no": 3, "mark": "90"}], "FORMAT_OR_EMPTY"),
                            ([{**changes[0], "band": "excellent"}], "FORMAT")):
            with self.subTest(f"{wrong}"):
                answer = self.conclude(which, "varied", 422, changes=wrong, minority_opinion=OUTVOTED)
                found = [fault["code"] for fault in problem(self, answer, 422, "INVALID")["errors"]]
                self.assertEqual(len(found), 1)
                if code != "FORMAT_OR_EMPTY":
                    self.assertEqual(found, [code])
        refused = problem(self, self.conclude(which, "varied", 422, changes=changes), 422, "INVALID")
        self.assertEqual([(fault["pointer"], fault["code"]) for fault in refused["errors"]], [("/minority_opinion", "REQUIRED")])
        self.assertEqual(self.state(VARIED), "appealed")
        said = self.conclude(which, "varied", changes=changes, minority_opinion=OUTVOTED).json()["decision"]
        self.assertEqual([(row["item_no"], row["before"], row["after"]) for row in said["changes"]],
                         [(3, "79.166667", "92.5"), (2, "79.166667", "85")])
        done = self.stack.sql(f"update sanjeh.appeal set change_count = 0 where id = '{which}'", check=False)
        self.assertIn("appeal_varied_has_changes", done.stderr)
        self.assertEqual(self.state(VARIED), "varied")
        self.assertEqual(self.refused("issuer", "final"), {"CARD_SUPERSEDED"})
        self.replace(VARIED, "varied_on_appeal")
        self.assertEqual(self.state(VARIED), "final")
        self.card_is_made_of_the_varied_marks()
        self.stage_done()

    def card_is_made_of_the_varied_marks(self):
        """The total worked out by hand: the indicator as it was, two marks of the appeal board, one of the first."""
        cards = sorted(self.cards_of(VARIED), key=lambda card: card["number"])
        former, latest = (self.verify(card["id"]) for card in cards)
        lines = {line["no"]: line for line in latest["items"]}
        old = {line["no"]: line for line in former["items"]}
        self.assertEqual({no: line["mark"] for no, line in lines.items()}, {1: None, 2: "85", 3: "92.5", 4: "79.166667"})
        self.assertEqual({no: line["sub_score"] for no, line in lines.items() if no in (2, 3)}, {2: "85", 3: "92.5"})
        self.assertEqual((lines[1], lines[4]), (old[1], old[4]), "what nobody varied")
        clearance = Decimal(old[1]["sub_score"])
        total = (40 * clearance + 20 * Decimal(85) + 25 * Decimal("92.5") + 15 * Decimal("79.166667")) / 100
        before = (40 * clearance + 60 * Decimal("79.166667")) / 100
        for card, score in ((former, before), (latest, total)):
            self.assertIn(card["result"]["score"], {str(score.quantize(Decimal("0.01"), way)) for way in (ROUND_HALF_EVEN, ROUND_HALF_UP)})
            band = next(code for least, code in ((90, "excellent"), (80, "very_good"), (70, "good"), (50, "fair"), (0, "poor")) if score >= least)
            self.assertEqual(card["result"]["band"]["code"], band)
        self.assertEqual(total - before, (20 * (85 - Decimal("79.166667")) + 25 * (Decimal("92.5") - Decimal("79.166667"))) / 100)
        told = {(line["what"], line["no"]): (line["before"], line["after"]) for line in latest["changes"]["lines"]}
        self.assertEqual((told["mark", 2], told["mark", 3]), (("79.166667", "85"), ("79.166667", "92.5")))
        self.assertEqual(told["score", None], (former["result"]["score"], latest["result"]["score"]))
        self.assertNotIn(("mark", 4), told)
        appeal = latest["appeal"]
        self.assertEqual((appeal["outcome"], appeal["reasons"], appeal["minority"]), ("varied", "رسیدگی دوباره لازم است", OUTVOTED))
        self.assertEqual([tuple(row[key] for key in ("no", "before", "after", "text", "reason")) for row in appeal["changes"]],
                         [(3, "79.166667", "92.5", SAID, WHY), (2, "79.166667", "85", None, "دلیل دوم")])
        self.assertEqual(latest["decision"], former["decision"], "the first decision stays beside it")
        printed = self.printed(cards[1]["id"])
        for text in ("The first decision was varied", "Criterion 3 (Conduct): mark", "was 79.166667, is now 92.5", WHY, SAID,
                     "Minority opinion of the appeal board", OUTVOTED):
            self.assertIn(text, printed)

    def replace(self, judge, cause):
        """The issuer signs another card; it is chained to the former, which knows it and verifies as before."""
        former = self.cards[judge][0]
        kept = self.who("judge").get(f"/api/v1/report-cards/{former}/bundle").body
        latest = self.call("issuer", f"{self.path}/report-cards", on=self.path).json()["id"]
        old, new = (self.read("judge", f"report-cards/{which}").json() for which in (former, latest))
        self.assertEqual((old["superseded_by"], new["supersedes"], new["superseded_by"]), (latest, former, None))
        self.assertEqual(self.who("judge").get(f"/api/v1/report-cards/{former}/bundle").body, kept, "the old version changed")
        first, second = self.verify(former), self.verify(latest)
        self.assertEqual(second["chain"]["number"], new["number"])
        self.assertGreater(new["number"], old["number"])
        self.assertEqual((first.get("supersedes"), second["supersedes"]), (None, former))
        changes = second["changes"]
        self.assertEqual((first["changes"], changes["cause"], changes["card_id"], changes["number"], changes["sha256"]),
                         (None, cause, former, old["number"], old["sha256"]), "what changed against the card that gave way")
        told = {line["what"] for line in changes["lines"]}
        self.assertEqual("score" in told, first["result"]["score"] != second["result"]["score"])
        self.assertEqual("statement" in told, first["statement"] != second["statement"])
        self.assertEqual({card["id"] for card in self.cards_of(judge)}, {former, latest})

    def test_7_a_correction_order_supersedes_before_the_judge_s_eyes(self):
        self.on(CORRECTED)
        self.call("issuer", f"{self.path}/corrections", {"reason": "زود"}, 409)
        self.advance(40)
        self.becomes("final")
        self.assertIsNone(self.last_event()["by"])
        for name in ("judge", "owner", "board.one", "appeal.one"):
            self.call(name, f"{self.path}/corrections", {"reason": "خودم"}, (403, 404))
        self.call("issuer", f"{self.path}/corrections", {"reason": " "}, 422)
        self.assertEqual(self.refused("issuer", "superseded"), {"CORRECTION_ORDERED"})
        reason = "سطری از آمار دوبار شمرده شده بود"
        self.call("issuer", f"{self.path}/corrections", {"reason": reason}, 409)
        self.call("issuer", f"{self.path}/corrections",
                  correction(self.stack, "jdpe.manager", "approver.outcomes", self.path.split("/")[1], reason))
        self.assertEqual(self.state(CORRECTED), "superseded")
        seen = self.who("judge").items(f"/api/v1/corrections?evaluation_id={self.path.split('/')[1]}")
        self.assertEqual([row["reason"] for row in seen], ["سطری از آمار دوبار شمرده شده بود"])
        self.assertEqual(self.who(KEPT).items(f"/api/v1/corrections?evaluation_id={self.path.split('/')[1]}"), [])
        self.data_are_corrected(seen[0]["id"])
        self.replace(CORRECTED, "correction")
        self.card_says_what_changed(seen[0]["id"])
        self.assertEqual(self.state(CORRECTED), "superseded")
        self.stage_done()

    def correct(self, order, number, counts, status=201, **more):
        rows = self.WORKLOAD.splitlines()[0] + f"\n{number},شعبه {number[-1]},1404,{counts}\n"
        return self.call("sit.manager", "contributions", {"kind": "workload", "format": "csv", "data": rows, "correction_id": order, **more},
                         status)

    def data_are_corrected(self, order):
        """Rule 10: only under the order, only its judge, only while it is open."""
        number = self.JUDGES[CORRECTED]
        counts = "240,265,7,0,0,229,283"
        before = self.facts(CORRECTED)
        self.assertEqual([(row["resolved"], row["pending_end"]) for row in before], [(329, 183)])
        problem(self, self.correct(str(uuid.uuid4()), number, counts, 404), 404)
        refused = problem(self, self.correct(order, self.JUDGES[KEPT], counts, 422), 422, "ROWS_REJECTED")
        self.assertEqual([(fault["column"], fault["code"]) for fault in refused["errors"]], [("judge", "OTHER_JUDGE")])
        for more in ({"hold": True}, {"supersedes": str(uuid.uuid4())}, {"cycle": "ANOTHER"}):
            self.correct(order, number, counts, 422, **more)
        self.assertIn("only a correction order", self.past_the_server(f"'{self.CODE}', null"))
        self.assertIn("about the judge of its order alone", self.past_the_server(f"'{self.CODE}', '{order}'", KEPT))
        self.assertIn("an order that is open", self.past_the_server("'ANOTHER', '" + order + "'", CORRECTED))
        self.assertEqual(self.facts(CORRECTED), before)
        batch = self.correct(order, number, counts).json()["id"]
        self.assertEqual(self.read("sit.manager", f"contributions/{batch}").json()["correction_id"], order)
        self.assertEqual([(row["resolved"], row["pending_end"]) for row in self.facts(CORRECTED)], [(229, 283)])
        self.assertEqual(self.stack.sql(f"select resolved, in_force from sanjeh.workload_fact where id = '{before[0]['id']}'"), "329|f",
                         "what was corrected is kept")

    def facts(self, judge):
        return [row for row in self.who(judge).items("/api/v1/facts") if row["period"].startswith(("1404", "2025"))]

    def past_the_server(self, named, judge=None):
        """A batch with one row as the server's role writes it under a genuine context of SIT."""
        row = "" if judge is None else f"""insert into sanjeh.workload_fact (unit_id, id, contribution_id, judge_unit_id, judge_id, period_from,
            period_to, filed) select u.id, gen_random_uuid(), '{(batch := uuid.uuid4())}', e.judge_unit_id, e.judge_id, '1999-01-01', '1999-01-31', 1
            from sanjeh.unit u, whose e where u.code = 'SIT';"""
        batch = batch if judge else uuid.uuid4()
        found = self.paths[judge].split("/")[1] if judge else uuid.uuid4()
        return self.stack.sql(f"""create temporary table whose as select judge_unit_id, judge_id from sanjeh.evaluation where id = '{found}';
            grant select on whose to sanjeh_app;
            select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) from sanjeh.context_key k,
            (select 'v1.' || extract(epoch from now() + interval '1 minute')::int8 || '.' || id as text from sanjeh.unit where code = 'SIT') c;
            set role sanjeh_app; begin;
            insert into sanjeh.contribution (unit_id, id, kind, format, cycle, correction_id, file_sha256, key_version, byte_size, rows_ok,
            rows_rejected, state, submitted_by) select u.id, '{batch}', 'workload', 'csv', {named}, '', 1, 1, 1, 0, 'accepted', u.id
            from sanjeh.unit u where u.code = 'SIT'; {row} commit;""", check=False).stderr

    def card_says_what_changed(self, order):
        former, latest = (self.verify(card["id"]) for card in sorted(self.cards_of(CORRECTED), key=lambda card: card["number"]))
        changed = {(line["what"], line["no"]): (line["before"], line["after"]) for line in latest["changes"]["lines"]}
        self.assertEqual(changed["value", 1], ("120.955882", "84.191176"))  # 329 and 229 of 272
        self.assertIn(("sub_score", 1), changed)
        lines = {card: next(line for line in card_["items"] if line["no"] == 1)
                 for card, card_ in (("former", former), ("latest", latest))}
        self.assertEqual(changed["sub_score", 1], (lines["former"]["sub_score"], lines["latest"]["sub_score"]))
        self.assertNotEqual(lines["former"]["sub_score"], lines["latest"]["sub_score"])
        self.assertEqual(lines["former"]["peers"], lines["latest"]["peers"], "peers stay as they were at the freeze")
        others = [line for line in former["items"] if line["no"] != 1]
        self.assertEqual(others, [line for line in latest["items"] if line["no"] in {line["no"] for line in others}])
        sheet = self.read("judge", f"{self.path}/score").json()["sheet"]
        self.assertEqual(next(line["raw"] for line in sheet["items"] if line["no"] == 1), 84.191176)
        problem(self, self.correct(order, self.JUDGES[CORRECTED], "240,265,7,0,0,329,183", 409), 409, "CONFLICT")
        untouched = self.stack.sql("select count(*) from sanjeh.evaluation_score where correction_id is not null")
        self.assertEqual(untouched, "1", "nobody else's sheet was computed again")

    def test_8_what_has_ended_is_archived_and_the_cycle_with_it(self):
        for judge, came in ((KEPT, "final"), (CORRECTED, "superseded"), (THIN, "insufficient")):
            self.on(judge)
            self.move("owner", "archived")
            self.assertEqual((self.last_event()["from"], self.state(judge)), (came, "archived"))
            self.call("judge", f"{self.path}/statements", {"statement": "دیر"}, 409)
        self.on(KEPT)
        self.verify(self.cards[KEPT][0])
        self.move_cycle("closed")
        problem(self, self.move_cycle("appeal", 409), 409, "NO_SUCH_MOVE")
        self.move_cycle("archived")
        self.assertEqual(self.read("owner", f"cycles/{self.cycle}").json()["next"], [])
        self.stage_done()


if __name__ == "__main__":
    unittest.main()
