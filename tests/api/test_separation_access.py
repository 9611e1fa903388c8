# SPDX-License-Identifier: Apache-2.0
"""Separation as access: rules 4, 8, 13, 14 and 17 of the domain's list, each an attempt with genuine sessions. (The others are in
test_separation and test_separation_files; 15 in test_break_glass, groups of ten of rule 13 and rule 16 in test_packages.)"""

from approval_case import approve, ask
from board_case import BoardTest
from stack import problem

DATA_ROLES = ("unit-contributor", "unit-manager", "analyst", "judge", "process-owner", "issuer", "evaluator", "sample-office", "gate-keeper",
              "prosecution-office", "statistics-office", "court-head", "security-officer")
APART = [("evaluator", "gate-keeper"), ("issuer", "gate-keeper"), *(("administrator", role) for role in DATA_ROLES)]
ACCOUNTS = {"rule.pic": ("PIC", "-", "evaluator", "از حفاظت"), "rule.jdpd": ("JDP", "JDP-D", "evaluator", "از انتظامی"),
            "rule.giver": ("HRD", "-", "unit-contributor", "تفویض‌کننده"), "rule.colleague": ("HRD", "-", "member", "همکار"),
            "rule.emergency.sit": ("SIT", "-", "emergency-approver", "تأییدکننده"), "rule.emergency.ago": ("AGO", "-", "emergency-approver", "تأییدکننده"),
            "rule.emergency.hrd": ("HRD", "-", "emergency-approver", "تأییدکننده"),
            "rule.emergency.hrd.two": ("HRD", "-", "emergency-approver", "تأییدکننده"),
            "rule.desk": ("JDP", "JDP-D", "member", "کارمند"), "rule.plain": ("SC", "-", "member", "بی‌نقش")}


class Access(BoardTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts({name: account for name, account in ACCOUNTS.items() if name not in cls.stack.accounts})
        cls.admin = cls.stack.client("admin.one")
        cls.document = cls.stack.anonymous().get("/api/v1/openapi.json").json()

    def holds(self, account, role):
        self.stack.sql(f"""insert into sanjeh.role_assignment (id, account_id, unit_id, role, granted_by) select gen_random_uuid(), a.id, a.unit_id,
            '{role}', a.id from sanjeh.account a where a.id = '{account}' and not exists (select from sanjeh.role_assignment r
            where r.account_id = a.id and r.role = '{role}' and r.revoked_at is null)""")

    def test_rule_04_no_account_comes_to_hold_two_that_are_apart(self):
        account = self.account("rule.plain")
        for first, second in APART:
            made = self.admin.post("/api/v1/assignments", {"account_id": account, "role": second, "reason": "آزمون"})
            self.assertEqual(made.status, 201, f"{second} {made}")
            refused = self.admin.post("/api/v1/assignments", {"account_id": account, "role": first, "reason": "آزمون"})
            document = problem(self, refused, 422)
            self.assertIn("SEPARATION", str(document), f"{first} beside {second}")
            ended = self.admin.delete(f"/api/v1/assignments/{made.json()['id']}", headers={"If-Match": made.header("ETag")})
            self.assertEqual(ended.status, 204, ended)

    def test_rule_04_discipline_and_integrity_never_sit(self):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle)
        for name in ("rule.pic", "rule.jdpd"):
            self.assertIn("EXCLUDED_UNIT", str(self.owner.post("/api/v1/boards", {
                "cycle_id": cycle, "name": "هیئت", "kind": "first", "members": self.members(
                    ("board.one", "chair"), ("board.two", "member"), (name, "member"))}).json()), name)
            for capacity in ("member", "appeal_member", "calibrator", "reviewer"):
                refused = self.seat(evaluation, account_id=self.account(name), capacity=capacity)
                self.assertIn(refused.status, (409, 422), refused)
                self.assertEqual([fault["code"] for fault in refused.json()["errors"]], ["EXCLUDED_UNIT"], f"{name} {capacity}")

    def test_rule_08_of_integrity_there_is_no_list_no_search_and_no_export(self):
        """The opinion has no column and no route; its gist is with its keeper, the judge and the appeal board, one gate at a time."""
        words = ("opinion", "integrity", "intelligence")
        self.assertEqual([path for path in self.document["paths"] if any(word in path for word in words)], [])
        gates = self.document["paths"]["/api/v1/gates"]["get"]
        names = {(parameter.get("name") or parameter["$ref"].rsplit("/", 1)[1]).lower() for parameter in gates["parameters"]}
        self.assertEqual(names, {"limit", "cursor", "evaluation_id"}, "neither text nor judge can be searched for")
        self.assertEqual([path for path in self.document["paths"] if path.startswith("/api/v1/gates") and "export" in path], [])
        keeper = self.stack.client("jdpd.manager")
        for question in ("q=x", "gist=x", "judge_id=" + self.judge_id, "value=remark"):
            self.assertEqual(keeper.get(f"/api/v1/gates?{question}").status, 400, question)
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.indicator where code = 'D03' and kind = 'computed'"), "0")

    def test_rule_13_analysts_work_on_ids(self):
        analyst = self.stack.client("sit.analyst")
        rows = analyst.get("/api/v1/judges?limit=500").json()["items"]
        self.assertTrue(rows)
        shown = {name for row in rows for name, value in row.items() if value is not None}
        self.assertEqual(shown & {"name", "personnel_number", "national_number", "sex", "birth_year", "education"}, set())
        for question in ("q=ali", "personnel_number=HRD-0001", "national_number=0790419904"):
            problem(self, analyst.get(f"/api/v1/judges?{question}"), 403, "FORBIDDEN")
        problem(self, analyst.get(f"/api/v1/judges/{self.judge_id}"), 404, "NOT_FOUND")
        for role in ("unit-contributor", "unit-manager"):
            refused = self.admin.post("/api/v1/assignments", {"account_id": self.account("sit.analyst"), "role": role, "reason": "نام‌ها"})
            self.assertIn("SEPARATION", str(problem(self, refused, 422)), "pseudonyms and names are not in one hand")

    def test_rule_13_a_name_takes_two_approvers(self):
        analyst, path = self.stack.client("sit.analyst"), f"/api/v1/judges/{self.judge_id}/identification"
        problem(self, analyst.post(path, {"approval_id": self.judge_id}), 409, "GUARD_UNMET")
        made = ask(self.stack, "sit.analyst", "judge:reidentify", self.judge_id, {})
        self.assertEqual(made.status, 201, made)
        body = {"approval_id": made.json()["id"]}
        for name, refusal in (("rule.emergency.sit", "OTHER_UNIT"), ("rule.emergency.hrd", None), ("rule.emergency.hrd.two", "SAME_UNIT")):
            answer = approve(self.stack, name, made)
            if refusal is None:
                self.assertEqual((answer.status, answer.json()["state"]), (200, "open"), answer)
                made = self.stack.client(name).get(f"/api/v1/approvals/{body['approval_id']}")
            else:
                self.assertEqual([fault["code"] for fault in problem(self, answer, 409, "GUARD_UNMET")["errors"]], [refusal])
            problem(self, analyst.post(path, body), 409, "GUARD_UNMET")
        self.assertEqual(approve(self.stack, "rule.emergency.ago", made).json()["state"], "approved")
        problem(self, analyst.post(path.replace(self.judge_id, self.account("sit.analyst")), body), 409, "GUARD_UNMET")
        for name in ("rule.emergency.hrd", "sit.manager", "admin.one"):
            problem(self, self.stack.client(name).post(path, body), 403, "FORBIDDEN")
        told = analyst.post(path, body)
        self.assertEqual(told.status, 200, told)
        known = self.owner.get(f"/api/v1/judges/{self.judge_id}").json()
        self.assertEqual({name: told.json()[name] for name in ("id", "name", "personnel_number")},
                         {name: known[name] for name in ("id", "name", "personnel_number")})
        opened = self.judge.get(f"/api/v1/judges/{self.judge_id}/access-log?limit=20").json()["items"]
        self.assertIn("judge:reidentify", [row["action"] for row in opened], "he sees who got his name")
        problem(self, analyst.post(path, body), 409, "GUARD_UNMET")

    def test_rule_14_an_administrator_reads_no_row_by_any_route(self):
        evaluation = self.evaluation(self.cycle(), "disclosed")
        known = {"evaluations": evaluation, "judges": self.judge_id}
        for path, methods in sorted(self.document["paths"].items()):
            if "get" not in methods or methods["get"].get("security") == []:
                continue
            if methods["get"]["tags"][0] in ("system", "sign-in", "sessions", "administration", "decisions"):
                continue
            target = path
            for name in ("{id}", "{account_id}", "{no}", "{index}", "{day}", "{role}", "{name}", "{domain}"):
                target = target.replace(name, known.get(path.split("/")[3] if path.startswith("/api/v1/") else "", evaluation))
            answer = self.admin.get(target)
            self.assertTrue(answer.status in (403, 404) or methods["get"]["tags"][0] in ("reference",), f"{target} {answer}")

    def test_rule_17_a_delegation_is_never_wider_than_its_delegator(self):
        manager = self.stack.client("rule.giver")
        body = {"account_id": self.account("rule.colleague"), "valid_until": "2026-12-10T00:00:00Z", "reason": "مرخصی"}
        for role in ("gate-keeper", "issuer", "process-owner", "security-officer", "administrator", "evaluator"):
            refused = manager.post("/api/v1/delegations", {**body, "role": role})
            self.assertIn(refused.status, (403, 409, 422), f"{role} {refused}")
        problem(self, manager.post("/api/v1/delegations", {**body, "role": "unit-contributor", "valid_until": "2030-01-01T00:00:00Z"}), 422)
        keeper = self.stack.client("jdpd.manager")  # holds what opens K4, and may not pass it on; his other role he may
        document = problem(self, keeper.post("/api/v1/delegations", {**body, "account_id": self.account("rule.desk"), "role": "gate-keeper"}), 403)
        self.assertEqual([fault["code"] for fault in document["errors"]], ["NOT_DELEGABLE"])
        passed = keeper.post("/api/v1/delegations", {**body, "account_id": self.account("rule.desk"), "role": "unit-manager"})
        self.assertEqual(passed.status, 201, passed)
        problem(self, self.stack.client("rule.desk").get("/api/v1/gates"), 403, "FORBIDDEN")
        made = manager.post("/api/v1/delegations", {**body, "role": "unit-contributor"})
        self.assertEqual(made.status, 201, made)
        colleague = self.stack.client("rule.colleague")
        etag = manager.get(f"/api/v1/judges/{self.judge_id}").header("ETag")
        self.assertEqual(colleague.get(f"/api/v1/judges/{self.judge_id}").status, 200)
        problem(self, colleague.patch(f"/api/v1/judges/{self.judge_id}", {"status": "active"}, headers={"If-Match": etag}), 403, "FORBIDDEN")
        problem(self, colleague.get("/api/v1/gates"), 403, "FORBIDDEN")
        onward = colleague.post("/api/v1/delegations", {**body, "account_id": self.account("rule.plain"), "role": "unit-contributor"})
        self.assertIn(onward.status, (403, 409, 422), onward)


if __name__ == "__main__":
    __import__("unittest").main()
