# SPDX-License-Identifier: Apache-2.0
"""Are surveys anonymous against a superuser of the database, and do results keep small groups hidden?

One stack of its own: answers are given, the whole database is read as its superuser, processes are killed."""

import hashlib
import secrets
import threading
import unittest

from stack import Stack, problem

ACCOUNTS = {
    "hrd.manager": ("HRD", "-", "unit-manager", "مدیر منابع انسانی"),
    "hrd.survey": ("HRD", "-", "process-owner", "دفتر نظرسنجی"),
    "sc.survey": ("SC", "-", "process-owner", "دفتر دیگر"),
    "security.officer": ("-", "-", "security-officer", "مسئول امنیت"),
}


def spearman(ranks):
    """Rank correlation of ranks with 0, 1, 2, …"""
    count = len(ranks)
    return 1 - 6 * sum((rank - number) ** 2 for number, rank in enumerate(ranks)) / (count * (count * count - 1))


class Surveys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=(), env={"SANJEH_AUTHN_IDLE_S": "3600"})
        cls.stack.add_accounts(ACCOUNTS)
        hrd = cls.stack.client("hrd.manager")
        cls.judge = hrd.post("/api/v1/judges", {"personnel_number": "SV-1", "name": "قاضی آزمون"}).json()["id"]
        cls.stack.add_accounts({"judge.self": ("-", "-", "judge", "قاضی آزمون", "HRD:SV-1")})
        cls.owner = cls.stack.client("hrd.survey")

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    # ---- steps ----

    def make(self, period, groups, criteria=("S01", "S02"), **members):
        made = self.owner.post("/api/v1/surveys", {
            "judge_id": self.judge, "title_fa": "نظرسنجی", "title_en": "Survey", "period": period, "criteria": list(criteria),
            "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2090-01-01T00:00:00Z", **members})
        self.assertEqual(made.status, 201, made)
        path = made.header("Location")
        self.assertLessEqual(set(criteria), {item["criterion"] for item in self.owner.get(f"{path}/items").json()["items"]})
        tokens = {}
        for group, count in groups.items():
            drawn = self.owner.post(f"{path}/invitations", {"group": group, "count": count})
            self.assertEqual(drawn.status, 201, drawn)
            tokens[group] = drawn.json()["tokens"]
            self.assertEqual(len(set(tokens[group])), count)
        self.move(path, "open")
        return path, tokens

    def etag(self, path):
        return {"If-Match": self.owner.get(path).header("ETag")}

    def move(self, path, to, status=200):
        answer = self.owner.post(f"{path}/moves", {"to": to}, headers=self.etag(path))
        self.assertEqual(answer.status, status, answer)
        return answer

    def release(self, path, status=201):
        answer = self.owner.post(f"{path}/releases", None, headers=self.etag(path))
        self.assertEqual(answer.status, status, answer)
        return answer

    def answer(self, token, marks=None, status=201, **members):
        client = self.stack.anonymous()
        answer = client.post("/api/v1/survey-answers", {"token": token, "marks": {"S02": 4} if marks is None else marks, **members})
        client.close()
        self.assertEqual(answer.status, status, answer)
        return answer

    def results(self, path, client=None):
        answer = (client or self.owner).get(f"{path}/results")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def line(self, results, criterion):
        found = next(line for line in results["criteria"] if line["criterion"] == criterion)
        return found["all"], {group["respondents"]: group for group in found["groups"]}

    # ---- the whole way, and the superuser ----

    def test_twenty_answers_tell_a_superuser_nothing(self):
        path, tokens = self.make("1401", {"lawyers": 14, "judges": 10})
        survey = path.rsplit("/", 1)[1]
        spent = [("lawyers", token) for token in tokens["lawyers"][:12]] + [("judges", token) for token in tokens["judges"][:8]]
        secrets.SystemRandom().shuffle(spent)
        before = self.snapshot(survey)
        for number, (group, token) in enumerate(spent):
            asked = self.stack.anonymous().post("/api/v1/survey-questions", {"token": token}).json()
            self.assertEqual([item["criterion"] for item in asked["items"]], ["S01", "S02"])
            self.answer(token, {"S01": 1 + number % 5, "S02": None if number == 3 else 4},
                        comment=f"نظر {number}" if group == "lawyers" else None)
            after = self.snapshot(survey)
            self.compare(before, after)
            before = after
        self.attack(survey, [hashlib.sha256(token.encode()).hexdigest() for _, token in spent])
        self.finish(path)

    def snapshot(self, survey):
        rows = self.stack.sql("select a.id, a.xmin, a.ctid, octet_length(a.body_ct), encode(sha256(a.body_ct), 'hex') "
                              f"from sanjeh.survey_answer a where a.survey_id = '{survey}' order by a.id").splitlines()
        invites = self.stack.sql("select encode(token_sha256, 'hex'), xmin, used from sanjeh.survey_invite "
                                 f"where survey_id = '{survey}' order by 1").splitlines()
        return ([row.split("|") for row in rows], [row.split("|") for row in invites])

    def compare(self, before, after):
        """Between two answers everything changes alike: every part, and the xmin of every invitation."""
        (parts_before, invites_before), (parts, invites) = before, after
        self.assertEqual([part[0] for part in parts], [part[0] for part in parts_before])
        for part, part_before in zip(parts, parts_before):
            self.assertNotEqual(part[4], part_before[4], "a part kept its bytes")
            self.assertEqual(part[3], part_before[3], "a part changed its size")
        self.assertEqual(len({part[1] for part in parts} | {invite[1] for invite in invites}), 1, "xmin tells rows apart")
        used = [sum(invite[2] == "t" for invite in side) for side in (invites_before, invites)]
        self.assertEqual(used[1], used[0] + 1)

    def attack(self, survey, order):
        """What a join could use: each candidate key takes one value for all rows, or does not exist."""
        sql = self.stack.sql
        pairs = sql("select count(*), count(distinct (i.token_sha256, i.used)), count(distinct a.id) from sanjeh.survey_invite i "
                    f"join sanjeh.survey_answer a on a.xmin = i.xmin where i.survey_id = '{survey}'").split("|")
        invites, parts = (int(sql(f"select count(*) from sanjeh.{table} where survey_id = '{survey}'"))
                          for table in ("survey_invite", "survey_answer"))
        self.assertEqual([int(number) for number in pairs], [invites * parts, invites, parts], "the join by xmin is a product")
        self.assertEqual(int(sql(f"select count(distinct octet_length(body_ct)) from sanjeh.survey_answer where survey_id = '{survey}'")), 1)
        columns = sql("select string_agg(column_name || ':' || data_type, ',' order by column_name) from information_schema.columns "
                      "where table_schema = 'sanjeh' and table_name = 'survey_answer'")
        self.assertEqual(columns, "body_ct:bytea,id:uuid,key_version:integer,survey_id:uuid,unit_id:uuid")
        columns = sql("select string_agg(column_name, ',' order by column_name) from information_schema.columns "
                      "where table_schema = 'sanjeh' and table_name = 'survey_invite'")
        self.assertEqual(columns, "respondents,survey_id,token_sha256,unit_id,used", "an invitation has a time, account or order")
        # physical order against the order of answering: no more correlated than chance (p < 0.0002 beyond 0.75 at n = 20)
        places = sql("select encode(token_sha256, 'hex') from sanjeh.survey_invite where used and "
                     f"survey_id = '{survey}' order by ctid").splitlines()
        self.assertEqual(set(places), set(order))
        self.assertLess(abs(spearman([places.index(digest) for digest in order])), 0.75)
        # neither record, outbox, idempotency nor sequence knows of an answer
        self.assertEqual(sql("select count(*) from sanjeh.audit_entry where position('survey-answer'::bytea in entry) > 0"), "0")
        self.assertEqual(sql("select count(*) from pg_sequences where schemaname = 'sanjeh' and sequencename like '%survey%'"), "0")
        for digest in order:
            for table in ("audit_entry", "idempotency"):
                self.assertEqual(sql(f"select count(*) from sanjeh.{table} as t where t::text like '%{digest}%'"), "0", table)
        dump = sql(f"select encode(body_ct, 'escape') from sanjeh.survey_answer where survey_id = '{survey}'")
        self.assertNotIn("نظر", dump)

    def finish(self, path):
        problem(self, self.owner.get(f"{path}/results"), 404)
        self.assertEqual(self.owner.get(f"{path}/comments").json()["items"], [], "comments are shown while the survey is open")
        self.move(path, "closed")
        refused = self.owner.post(f"{path}/releases", None, headers=self.etag(path))
        problem(self, refused, 409, "GUARD_UNMET")
        comments = self.owner.get(f"{path}/comments").json()["items"]
        self.assertEqual(len(comments), 12)
        for number, comment in enumerate(comments):
            body = {"comment_id": comment["id"], "decision": "refuse" if number == 0 else "release",
                    "spans": [] if number else None}
            if number == 1:
                body["spans"] = [{"from": 0, "to": len("نظر".encode())}]
            self.assertEqual(self.owner.post(f"{path}/comments", body).status, 200)
        self.release(path)
        results = self.results(path)
        self.assertEqual((results["answers"], results["counts_toward_score"]), (20, True))
        everybody, groups = self.line(results, "S01")
        self.assertEqual(everybody["n"], 20)
        self.assertEqual(everybody["mean"], 3)
        self.assertEqual(sum(everybody["distribution"]), 20)
        self.assertEqual({name: group["n"] for name, group in groups.items()}, {"lawyers": 12, "judges": 8})
        self.assertEqual({name for name in self.line(results, "S02")[1]}, {"lawyers", "judges", "staff", "court_users", "court_head"})
        self.assertEqual(len(results["comments"]), 11)
        self.assertEqual(sum(comment["text"].startswith("******") for comment in results["comments"]), 1)
        judge = self.stack.client("judge.self")
        self.assertEqual(self.results(path, judge)["criteria"], results["criteria"])
        problem(self, self.stack.client("sc.survey").get(f"{path}/results"), 404)
        values = self.stack.client("hrd.manager").items(f"/api/v1/indicator-values?judge_id={self.judge}&period=1401")
        self.assertEqual({(value["indicator"], value["n"]) for value in values}, {("S01", 20), ("S02", 19)}, values)

    # ---- thresholds ----

    def test_a_small_group_does_not_follow_by_subtraction(self):
        path, tokens = self.make("1402", {"lawyers": 9, "judges": 6, "staff": 2}, criteria=("S02",))
        for group, count in (("lawyers", 9), ("judges", 6), ("staff", 2)):
            for token in tokens[group][:count]:
                self.answer(token, {"S02": 1 if group == "staff" else 5})
        self.move(path, "closed")
        self.release(path)
        results = self.results(path)
        everybody, groups = self.line(results, "S02")
        self.assertEqual(everybody["n"], 17)
        self.assertEqual({name: group["n"] for name, group in groups.items()},
                         {"lawyers": 9, "judges": None, "staff": None, "court_users": None, "court_head": None})
        self.assertEqual((groups["judges"]["mean"], groups["judges"]["distribution"]), (None, None))
        self.assertEqual(results["comments"], [])

    def test_a_gap_between_groups_is_pointed_at_but_never_below_the_thresholds(self):
        """A whole mark between two means that are shown; what is hidden gives nothing away, not even that it differs."""
        path, tokens = self.make("1394", {"lawyers": 6, "judges": 5, "staff": 4}, criteria=("S02", "S03", "S04"))
        marks = {"lawyers": {"S02": 5, "S03": 5, "S04": 4}, "judges": {"S02": 4, "S03": 4, "S04": 4}, "staff": {"S02": 1, "S03": 4, "S04": 1}}
        for group, count in (("lawyers", 6), ("judges", 5), ("staff", 4)):
            for number, token in enumerate(tokens[group][:count]):
                # one judge of five is kinder in S03: 4.2 against 5 is less than a whole mark
                self.answer(token, {**marks[group], **({"S03": 5} if group == "judges" and number == 0 else {})})
        self.move(path, "closed")
        self.release(path)
        results = self.results(path)
        self.assertEqual({line["criterion"]: line["check_subgroup_gap"] for line in results["criteria"]},
                         {"S02": False, "S03": False, "S04": False}, "staff are hidden, and one more group with them")
        groups = self.line(results, "S02")[1]
        self.assertEqual([groups[name]["n"] for name in ("staff", "judges")], [None, None])
        path, tokens = self.make("1393", {"lawyers": 5, "judges": 5}, criteria=("S02", "S03"))
        for group in ("lawyers", "judges"):
            for number, token in enumerate(tokens[group]):
                self.answer(token, {**{key: marks[group][key] for key in ("S02", "S03")},
                                    **({"S03": 5} if group == "judges" and number == 0 else {})})
        self.move(path, "closed")
        self.release(path)
        found = {line["criterion"]: line["check_subgroup_gap"] for line in self.results(path)["criteria"]}
        self.assertEqual(found, {"S02": True, "S03": False})
        self.assertEqual(self.results(path, self.stack.client("judge.self"))["criteria"], self.results(path)["criteria"])

    def test_two_releases_do_not_differ_by_one_answer(self):
        path, tokens = self.make("1403", {"lawyers": 12}, criteria=("S02",))
        for token in tokens["lawyers"][:6]:
            self.answer(token, {"S02": 4})
        self.move(path, "closed")
        self.release(path)
        first = self.results(path)
        self.move(path, "open")
        for token in tokens["lawyers"][6:8]:
            self.answer(token, {"S02": 1})
        self.assertEqual(self.results(path), first, "results are live")
        self.move(path, "closed")
        self.release(path, status=409)
        self.assertEqual(self.results(path), first)
        self.move(path, "open")
        self.answer(tokens["lawyers"][8], {"S02": 1})
        self.move(path, "closed")
        self.release(path)
        self.assertEqual(self.line(self.results(path), "S02")[0]["n"], 9)

    # period: whose answers, and what comes out of them: (n, a mean, a distribution) of everybody, whether it counts, comments shown
    EDGES = {"1381": ({"lawyers": 4}, (None, False, False), False, 0), "1382": ({"lawyers": 5}, (5, True, False), False, 0),
             "1383": ({"lawyers": 7}, (7, True, False), False, 0), "1384": ({"lawyers": 8}, (8, True, True), False, 0),
             "1385": ({"lawyers": 9, "judges": 5}, (14, True, True), False, 0),
             "1386": ({"lawyers": 9, "judges": 6}, (15, True, True), True, 0),
             "1387": ({"lawyers": 10}, (10, True, True), False, 10), "1388": ({"lawyers": 10, "judges": 5}, (15, True, True), True, 10)}

    def test_each_threshold_at_the_last_number_below_it_and_the_first_that_reaches_it(self):
        """4 and 5 for a mean, 7 and 8 for a distribution, 9 and 10 of a group for its comments, 14 and 15 of all to count toward a score."""
        for period, (groups, shown, counts, quoted) in self.EDGES.items():
            with self.subTest(str(groups)):
                path, tokens = self.make(period, groups, criteria=("S02",))
                for group, count in groups.items():
                    for token in tokens[group]:
                        self.answer(token, {"S02": 4}, comment="نظر" if group == "lawyers" else None)
                self.move(path, "closed")
                readable = self.owner.get(f"{path}/comments").json()["items"]
                self.assertEqual(len(readable), quoted, "the office reads words of a small group")
                for comment in readable:
                    decided = self.owner.post(f"{path}/comments", {"comment_id": comment["id"], "decision": "release", "spans": []})
                    self.assertEqual(decided.status, 200, decided)
                self.release(path)
                results = self.results(path)
                everybody = self.line(results, "S02")[0]
                self.assertEqual((everybody["n"], everybody["mean"] == 4, everybody["distribution"] is not None), shown)
                self.assertEqual((results["counts_toward_score"], len(results["comments"])), (counts, quoted))
                self.assertEqual(self.results(path, self.stack.client("judge.self")), results)
                values = self.stack.client("hrd.manager").items(f"/api/v1/indicator-values?judge_id={self.judge}&period={period}")
                self.assertEqual([(value["indicator"], value["n"]) for value in values], [("S02", shown[0])] if counts else [])

    def test_thresholds_go_upward_only(self):
        body = {"judge_id": self.judge, "title_fa": "نظرسنجی", "title_en": "Survey", "period": "1404", "criteria": ["S02"],
                "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2090-01-01T00:00:00Z"}
        for thresholds in ({"mean": 4}, {"distribution": 7}, {"comments": 9}, {"score": 14}, {"mean": 9}, {"other": 9}):
            with self.subTest(thresholds):
                problem(self, self.owner.post("/api/v1/surveys", {**body, "thresholds": thresholds}), 422, "INVALID")
        for criteria in (["T01"], ["S02", "S02"], ["INTG"], []):
            with self.subTest(criteria):
                problem(self, self.owner.post("/api/v1/surveys", {**body, "criteria": criteria}), 422, "INVALID")

    # ---- tokens ----

    def test_spent_forged_and_foreign_tokens_are_one_answer(self):
        path, tokens = self.make("1399", {"lawyers": 3, "staff": 2}, criteria=("S01", "S02"))
        spent, fresh = tokens["lawyers"][:2]
        self.answer(spent)
        seen = set()
        for token in (spent, secrets.token_hex(32), "", "a" * 63, "a" * 100, spent.upper()):
            document = problem(self, self.answer(token, status=404), 404, "SURVEY_CLOSED_OR_SPENT")
            seen.add((document["title"], document["detail"]))
        self.assertEqual(len(seen), 1)
        for marks in ({"S01": 3}, {"S09": 3}):  # staff do not rate legal ability
            problem(self, self.answer(tokens["staff"][0], marks, status=422), 422, "INVALID")
        for marks in ({"S02": 0}, {"S02": 6}, {"S02": "5"}, {"S02": None}, [], {"S02": True}):
            problem(self, self.answer(fresh, marks, status=422), 422, "INVALID")
        for comment in ("a\u202eb", "a\u0007b", "x" * 961):
            problem(self, self.answer(fresh, status=422, comment=comment), 422, "INVALID")
        self.answer(fresh)
        self.move(path, "closed")
        problem(self, self.answer(tokens["lawyers"][2], status=404), 404, "SURVEY_CLOSED_OR_SPENT")

    def test_two_at_once_are_both_kept_and_one_token_counts_once(self):
        path, tokens = self.make("1398", {"lawyers": 8}, criteria=("S02",))
        statuses = []

        def send(token):
            client = self.stack.anonymous()
            statuses.append(client.post("/api/v1/survey-answers", {"token": token, "marks": {"S02": 5}}).status)
            client.close()

        threads = [threading.Thread(target=send, args=(token,)) for token in tokens["lawyers"] for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [201] * 8 + [404] * 8)
        self.move(path, "closed")
        self.release(path)
        self.assertEqual(self.line(self.results(path), "S02")[0]["n"], 8)

    def test_an_acknowledged_answer_survives_kill_9(self):
        path, tokens = self.make("1397", {"lawyers": 9}, criteria=("S02",))
        for number, token in enumerate(tokens["lawyers"]):
            self.answer(token, {"S02": 2})
            if number in (2, 8):
                self.stack.kill9()
                self.stack.start()
                self.owner.close()
                self.stack.client("hrd.manager").close()
        self.move(path, "closed")
        self.release(path)
        everybody = self.line(self.results(path), "S02")[0]
        self.assertEqual((everybody["n"], everybody["mean"]), (9, 2))

    # ---- walls ----

    def test_others_do_not_reach_a_survey(self):
        path, _ = self.make("1396", {"lawyers": 1}, criteria=("S02",))
        other = self.stack.client("sc.survey")
        for answer in (other.get(path), other.get(f"{path}/comments"),
                       other.post(f"{path}/invitations", {"group": "lawyers", "count": 1}),
                       other.post(f"{path}/moves", {"to": "closed"}, headers={"If-Match": '"1"'})):
            problem(self, answer, 404, "NOT_FOUND")
        problem(self, self.stack.client("judge.self").get(path), 404)
        problem(self, self.stack.client("security.officer").get(path), 403)


if __name__ == "__main__":
    unittest.main()
