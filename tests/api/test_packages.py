# SPDX-License-Identifier: Apache-2.0
"""Aggregates and scientific packages: rule 13 (groups of ten judges at least) and rule 16 (what keeps a package from being released)
of the domain's list, at the API and once more in the database."""

import fractions
import hashlib
import unittest

from stack import Stack, problem

BASES = [5] * 12 + [7] * 11 + [9] * 8 + [11] * 3
WOMEN = 14  # the first of them; they have more pending at the end, and clear as much
NAMES = [f"قاضی نمونه {chr(0x628 + i // 6)}{chr(0x62F + i % 6)}" for i in range(len(BASES))]
ROSTER = "personnel_number,name,sex,judicial_base\n" + "".join(
    f"P-{n:03},{NAMES[n - 1]},{'female' if n <= WOMEN else 'male'},{base}\n" for n, base in enumerate(BASES, 1))
HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"
PACKAGE = {"code": "LOAD", "title_fa": "بار کار", "title_en": "Workload", "question": "آیا ورودی رسیدگی می‌شود؟", "method": "نسبت مختومه به وارده",
           "limits": "یک سال", "indicators": ["T01"], "period": "1404", "grouped_by": "sex"}
OFFICES = ("hrd.manager", "sc.manager", "jdpe.manager", "sit.manager", "sit.analyst")


def resolved(number):
    return 90 + number % 5


def workload(period, numbers):
    return HEAD + "".join(f"P-{n:03},شعبه ۱,{period},{300 if n <= WOMEN else 100},100,0,0,0,{resolved(n)},"
                          f"{(300 if n <= WOMEN else 100) + 100 - resolved(n)}\n" for n in numbers)


def mean(numbers):
    return f"{float(sum(fractions.Fraction(resolved(n)) for n in numbers) / len(numbers)):.4f}"


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=(*OFFICES, "jdpd.manager", "security.officer", "admin.one"))
        cls.addClassCleanup(cls.stack.destroy)
        sent = [cls.stack.client("hrd.manager").post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})]
        sent += [cls.stack.client("sit.manager").post("/api/v1/contributions", {"kind": "workload", "format": "csv", "period": period, "data": rows})
                 for period, rows in (("1404", workload("1404", range(1, 35))), ("1403", workload("1403", range(1, 32))))]
        for answer in sent:
            assert answer.status == 201, answer
        cls.stack.add_accounts({"a.judge": ("-", "-", "judge", "قاضی", "HRD:P-001"), "board.one": ("SC", "-", "evaluator", "عضو"),
                                "one.writes": ("AGO", "-", "prosecution-office", "دادستانی", "HRD:P-030", "person"),
                                "ago.other": ("AGO", "-", "prosecution-office", "همکار"),
                                "one.reviews": ("SC", "-", "sample-office", "همان شخص", "HRD:P-030", "person")})

    def groups(self, by, period="1404", who="sit.analyst", indicator="T01"):
        answer = self.stack.client(who).get(f"/api/v1/aggregates?indicator={indicator}&period={period}&by={by}")
        self.assertEqual(answer.status, 200, answer)
        return {row["group"]: row for row in answer.json()["items"]}

    def make(self, who="sit.analyst", **more):
        made = self.stack.client(who).post("/api/v1/packages", {**PACKAGE, **more})
        self.assertEqual(made.status, 201, made)
        return f"/api/v1/packages/{made.json()['id']}"

    def do(self, who, path, deed, body=None):
        """The deed as somebody who has read the package just now."""
        client = self.stack.client(who)
        return client.post(f"{path}/{deed}", body or {}, headers=tag(client.get(path)))

    def done(self, who, path, deed, body=None):
        answer = self.do(who, path, deed, body)
        self.assertEqual(answer.status, 200, f"{who} {deed} {answer}")
        return answer.json()

    def classified(self, who="sit.analyst", **more):
        path = self.make(who, **more)
        self.done(who, path, "computation")
        self.done(who, path, "submission")
        self.done("hrd.manager", path, "reviews", {"approves": True, "note": "روش درست است"})
        self.assertEqual(self.done("sit.manager", path, "reviews", {"approves": True, "note": "برای واحد"})["state"], "classified")
        return path

    def as_application(self, statement):
        """The server's role with scope EVALUATION: what a bug in its own work could do."""
        return self.stack.sql(f"""select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) from sanjeh.context_key k,
            (select 'v1.' || extract(epoch from now() + interval '1 minute')::int8 || '.00000000-0000-8000-8000-000000000006,' || id as text
             from sanjeh.unit where code = 'SIT') c; set role sanjeh_app; {statement}""", check=False)

    # ---- rule 13 ----

    def test_rule_13_no_group_of_fewer_than_ten_is_shown(self):
        whole = self.groups("all")["all"]
        self.assertEqual((whole["n"], whole["mean"]), (34, mean(range(1, 35))))
        by_sex = self.groups("sex")
        self.assertEqual({key: (row["n"], row["mean"]) for key, row in by_sex.items()},
                         {"female": (14, mean(range(1, 15))), "male": (20, mean(range(15, 35)))})
        by_base = self.groups("judicial_base")
        self.assertEqual({key: row["n"] for key, row in by_base.items()}, {"5": 12, "7": 11, "9": None, "11": None})
        for key in ("9", "11"):
            self.assertEqual(by_base[key], {"group": key, "is_shown": False, "n": None, "mean": None, "spread": None})

    def test_rule_13_the_hidden_one_is_not_the_rest(self):
        """One small group: the next smallest is hidden with it, or the whole less the others would be its mean."""
        by_base = self.groups("judicial_base", "1403")
        self.assertEqual({key: row["n"] for key, row in by_base.items()}, {"5": 12, "7": None, "9": None})

    def test_rule_13_names_and_groups_are_not_for_everybody(self):
        for name in (*OFFICES, "board.one", "security.officer"):
            self.groups("all", who=name)
        for name in ("jdpd.manager", "a.judge", "admin.one"):
            problem(self, self.stack.client(name).get("/api/v1/aggregates?indicator=T01&period=1404"), 403, "FORBIDDEN")
        analyst = self.stack.client("sit.analyst")
        for question in ("period=1404", "indicator=T01", "indicator=T01&period=x", "indicator=T01&period=1404&by=name",
                         "indicator=T01&period=1404&judge_id=" + self.stack.accounts["a.judge"]["id"]):
            self.assertEqual(analyst.get(f"/api/v1/aggregates?{question}").status, 400, question)
        self.assertEqual(analyst.get("/api/v1/aggregates?indicator=NONE&period=1404").json()["items"], [])
        done = self.stack.sql("select count(*) from sanjeh.aggregates('T01', '2025-03-21', '2026-03-20', 'all')", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    # ---- rule 16 ----

    def test_rule_16_a_small_cell_is_not_released(self):
        path = self.classified(code="CELL", grouped_by="judicial_base")
        read = self.stack.client("sit.analyst").get(path).json()
        self.assertEqual({c["group"]: c["n"] for c in read["cells"]}, {"5": 12, "7": 11, "9": None, "11": None})
        document = problem(self, self.do("sit.analyst", path, "release"), 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in document["errors"]], ["CELL_BELOW_K"])
        which = path.rsplit("/", 1)[1]
        for statement, constraint in (
                (f"update sanjeh.package set state = 'released', released_at = now(), content_sha256 = sha256('x') where id = '{which}'",
                 "CELL_BELOW_K"),
                (f"update sanjeh.package_cell set n = 10, mean = 1 where package_id = '{which}'", "permission denied"),
                (f"delete from sanjeh.package_cell where package_id = '{which}'", "figures of a package"),
                (f"update sanjeh.package set grouped_by = 'all' where id = '{which}'", "stays as it is"),
                (f"insert into sanjeh.package_cell select unit_id, id, 'T01', 'x', 9, 1, 1 from sanjeh.package where id = '{which}'", "package")):
            self.assertIn(constraint, self.as_application(statement).stderr, statement)
        self.done("sit.analyst", path, "recall")
        changed = self.stack.client("sit.analyst").patch(path, {"grouped_by": "sex"}, headers=tag(self.stack.client("sit.analyst").get(path)))
        self.assertEqual((changed.status, changed.json()["cells"]), (200, []), "figures of another grouping are none")
        self.assertEqual(set(changed.json()["unmet"]), {"NOT_COMPUTED", "REVIEW_MISSING"}, "what was reviewed is not this")

    def test_rule_16_an_open_check_of_bias_is_not_released(self):
        path = self.classified(code="BIAS", indicators=["T01", "T03"])
        read = self.stack.client("sit.analyst").get(path).json()
        self.assertEqual({c["indicator"]: c["state"] for c in read["bias_checks"]}, {"T01": "clear", "T03": "open"})
        document = problem(self, self.do("sit.analyst", path, "release"), 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in document["errors"]], ["BIAS_CHECK_OPEN"])
        note = {"indicator": "T03", "note": "شعب خانواده"}
        refused = problem(self, self.do("sit.analyst", path, "bias-reviews", note), 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in refused["errors"]], ["REVIEWER_IS_AUTHOR"])
        problem(self, self.do("sc.manager", path, "bias-reviews", {**note, "indicator": "T01"}), 422)
        self.assertEqual(self.done("sc.manager", path, "bias-reviews", note)["unmet"], [])
        recalled = self.done("sit.analyst", path, "recall")
        self.assertEqual((recalled["cells"], recalled["bias_checks"], recalled["computed_at"]), ([], [], None), "of that round")
        problem(self, self.do("sit.analyst", path, "submission"), 409, "GUARD_UNMET")
        self.done("sit.analyst", path, "computation")
        self.done("sit.analyst", path, "submission")
        self.done("hrd.manager", path, "reviews", {"approves": True, "note": "روش"})
        self.done("sit.manager", path, "reviews", {"approves": True, "note": "واحد"})
        self.assertEqual([f["code"] for f in problem(self, self.do("sit.analyst", path, "release"), 409)["errors"]], ["BIAS_CHECK_OPEN"])
        self.done("sc.manager", path, "bias-reviews", note)
        self.assertEqual(self.done("sit.analyst", path, "release")["state"], "released")

    def test_rule_16_nobody_reviews_what_he_has_written(self):
        """By person: the other account of an author is his."""
        path = self.make("one.writes", code="OWN")
        self.done("one.writes", path, "computation")
        self.done("one.writes", path, "submission")
        for name in ("one.writes", "one.reviews"):
            refused = problem(self, self.do(name, path, "reviews", {"approves": True, "note": "خوب است"}), 409, "GUARD_UNMET")
            self.assertEqual([fault["code"] for fault in refused["errors"]], ["REVIEWER_IS_AUTHOR"], name)
            account = self.stack.accounts[name]["id"]
            done = self.as_application(f"""insert into sanjeh.package_review (unit_id, package_id, round, kind, account_id, person_id, approves, note)
                select unit_id, id, round, 'methods', '{account}', '{account}', true, 'x' from sanjeh.package where id = '{path.rsplit('/', 1)[1]}'""")
            self.assertIn("a reviewer is no author", done.stderr, name)
        self.done("sc.manager", path, "reviews", {"approves": True, "note": "خوب"})
        for name, code in (("sc.manager", "REVIEWED_ALREADY"), ("hrd.manager", "OTHER_UNIT")):
            refused = problem(self, self.do(name, path, "reviews", {"approves": True, "note": "خوب"}), 409, "GUARD_UNMET")
            self.assertEqual([fault["code"] for fault in refused["errors"]], [code], "two reviews: two persons, one of the unit")
            account = self.stack.accounts[name]["id"]
            done = self.as_application(f"""insert into sanjeh.package_review (unit_id, package_id, round, kind, account_id, person_id, approves, note)
                select unit_id, id, round, 'unit', '{account}', '{account}', true, 'x' from sanjeh.package where id = '{path.rsplit('/', 1)[1]}'""")
            self.assertRegex(done.stderr, "two reviews are two persons|reviewed in another unit", name)

    def test_rule_16_another_edition_has_the_same_authors(self):
        self.make("one.writes", code="AGAIN")
        path = self.make("ago.other", code="AGAIN")
        self.done("ago.other", path, "computation")
        self.done("ago.other", path, "submission")
        for name in ("one.writes", "one.reviews", "ago.other"):
            refused = problem(self, self.do(name, path, "reviews", {"approves": True, "note": "خوب است"}), 409, "GUARD_UNMET")
            self.assertEqual([fault["code"] for fault in refused["errors"]], ["REVIEWER_IS_AUTHOR"], name)

    def test_a_review_sent_back_from_the_own_unit(self):
        path = self.make(code="INSIDE")
        self.done("sit.analyst", path, "computation")
        self.done("sit.analyst", path, "submission")
        refused = problem(self, self.do("sit.manager", path, "reviews", {"approves": True, "note": "روش"}), 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in refused["errors"]], ["OWN_UNIT"], "the method is looked at from outside")

    # ---- its life ----

    def test_from_a_question_to_an_edition(self):
        analyst, judge, keeper = (self.stack.client(name) for name in ("sit.analyst", "a.judge", "jdpd.manager"))
        path = self.make(code="LIFE")
        problem(self, self.do("sit.analyst", path, "submission"), 409, "GUARD_UNMET")
        self.assertEqual(self.stack.client("sc.manager").get(path).status, 404, "a draft is its unit's")
        problem(self, analyst.post(f"{path}/computation", {}), 428)
        self.done("sit.analyst", path, "computation")
        self.done("sit.analyst", path, "submission")
        problem(self, analyst.patch(path, {"method": "دیگر"}, headers=tag(analyst.get(path))), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.do("sc.manager", path, "reviews", {"approves": False, "note": "روش نوشته نشده"}).status, 204)
        sent_back = analyst.get(path).json()
        self.assertEqual((sent_back["state"], sent_back["round"]), ("draft", 2))
        self.done("sit.analyst", path, "computation")
        self.done("sit.analyst", path, "submission")
        self.done("hrd.manager", path, "reviews", {"approves": True, "note": "روش"})
        problem(self, self.do("sit.analyst", path, "release"), 409, "NO_SUCH_MOVE")
        self.done("sit.manager", path, "reviews", {"approves": True, "note": "واحد"})
        for client in (judge, keeper):
            self.assertEqual(client.get(path).status, 404, "not released")
            self.assertNotIn(path, [f"/api/v1/packages/{row['id']}" for row in client.items("/api/v1/packages")])
        problem(self, self.do("sc.manager", path, "release"), 404, "NOT_FOUND")
        released = self.done("sit.analyst", path, "release")
        self.assertEqual(released["cells"], [{"indicator": "T01", "group": key, "n": n, "mean": mean(numbers), "spread": cell["spread"]}
                                             for cell, (key, n, numbers) in zip(released["cells"], (("female", 14, range(1, 15)),
                                                                                                   ("male", 20, range(15, 35))))])
        content = self.stack.sql("select sanjeh.package_content(unit_id, id) from sanjeh.package where code = 'LIFE'")
        self.assertEqual(released["content_sha256"], hashlib.sha256(content.encode()).hexdigest())
        for client in (judge, keeper, self.stack.client("security.officer")):
            self.assertEqual(client.get(path).json()["content_sha256"], released["content_sha256"])
        problem(self, judge.get(f"{path}/edition"), 403, "FORBIDDEN")
        problem(self, self.stack.client("admin.one").get(path), 403, "FORBIDDEN")
        self.assertEqual(self.stack.client("sc.manager").get(f"{path}/edition").status, 200)
        problem(self, self.do("sit.analyst", path, "bias-reviews", {"indicator": "T01", "note": "دیر"}), 409)
        withdrawn = self.done("sit.analyst", path, "withdrawal", {"reason": "داده نادرست بود"})
        self.assertEqual((withdrawn["state"], judge.get(path).json()["withdrawn_reason"]), ("withdrawn", "داده نادرست بود"))
        self.assertEqual(self.stack.client("sc.manager").get(f"{path}/edition").status, 404)
        again = self.stack.client("sit.analyst").post("/api/v1/packages", {**PACKAGE, "code": "LIFE"})
        self.assertEqual(again.json()["edition"], 2)

    def test_what_is_wrong_is_refused_with_its_place(self):
        analyst = self.stack.client("sit.analyst")
        for change, pointer in (({"code": "a b"}, "/code"), ({"title_fa": ""}, "/title_fa"), ({"question": " "}, "/question"),
                                ({"method": "x\u202ey"}, "/method"), ({"grouped_by": "name"}, "/grouped_by"), ({"period": "14"}, "/period"),
                                ({"indicators": []}, "/indicators"), ({"indicators": ["T01", "T01"]}, "/indicators"),
                                ({"indicators": ["NONE"]}, "/indicators"), ({"indicators": [7]}, "/indicators")):
            document = problem(self, analyst.post("/api/v1/packages", {**PACKAGE, **change}), 422)
            self.assertEqual(document["errors"][0]["pointer"], pointer, document)
        for name in ("a.judge", "board.one", "jdpd.manager", "security.officer", "admin.one"):
            problem(self, self.stack.client(name).post("/api/v1/packages", PACKAGE), 403, "FORBIDDEN")


if __name__ == "__main__":
    unittest.main()
