# SPDX-License-Identifier: Apache-2.0
"""The world in which every cell of the access matrix is looked at: one evaluation that went through a whole cycle up to an appeal, three
judges beside it (one left alone, one prosecutor, one of the Supreme Court), and one account for each column of the matrix."""

import time

from cycle_case import CycleCase, tag

HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"
SUBJECT, OTHER, PROSECUTOR, SUPREME = "F-001", "F-002", "F-003", "F-004"
FRAME = [{"ref": f"R-{number:02}", "stratum": "حقوقی" if number % 3 else "کیفری", "text": f"متن رأی {number}"} for number in range(1, 13)]
OFFICES = {
    "ago.manager": ("AGO", "-", "unit-manager,prosecution-office", "مدیر دادستانی کل"),
    "sc.manager": ("SC", "-", "unit-manager,sample-office", "مدیر دیوان عالی کشور"),
    "pic.manager": ("PIC", "-", "unit-manager,gate-keeper", "مدیر حفاظت و اطلاعات"),
    "head.one": ("SC", "-", "court-head", "رئیس دادگاه"),
    "reviewer.one": ("SC", "-", "evaluator", "بازبین یکم"),
    "reviewer.two": ("SC", "-", "evaluator", "بازبین دوم"),
    "admin.one": ("-", "-", "administrator", "راهبر یکم"),
}
# Column of the matrix -> account. Nobody is a transfer commission in this product: its cells are about what does not exist.
COLUMNS = {"HRD": "hrd.manager", "SC": "sc.manager", "AGO": "ago.manager", "JDP-E": "jdpe.manager", "JDP-D": "jdpd.manager",
           "PIC": "pic.manager", "SIT": "sit.manager", "Court head": "head.one", "Board member": "board.one", "Appeal board": "appeal.one",
           "Judge (self)": "full.judge", "Transfer commission": None, "Auditor": "security.officer", "Sysadmin": "admin.one"}


class MatrixCase(CycleCase):
    CODE = "MATRIX"
    WORKLOAD = HEAD + "".join(f"{number},شعبه {n},1404,240,265,7,0,0,329,183\n"
                              for n, number in enumerate((SUBJECT, OTHER, PROSECUTOR, SUPREME), 1))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts(OFFICES)
        cls.stack.add_accounts({"other.judge": ("-", "-", "judge", "قاضی دیگر", f"HRD:{OTHER}")})
        case = cls("walk")
        cls.addClassCleanup(case.doCleanups)
        case.walk()
        cls.world = case

    def walk(self):
        """What setUpClass does once; not a test."""
        self.post_judges()
        self.prepare()
        self.collect()
        self.judge_in_rating()
        self.disclose_and_reply()
        self.decide_and_gate()
        self.issued_index, self.card = self.issue_card()
        plan = self.call("owner", f"{self.path}/plans", {"goal": "بهبود", "actions": [{"text": "دوره", "due_on": "1405-06-31"}]}).json()
        self.plan, self.action = plan["id"], plan["actions"][0]["id"]
        self.call("judge", f"{self.path}/acknowledgement", {"kind": "read_but_disagree", "statement": "با احترام"})
        self.call("judge", f"{self.path}/appeals", {"grounds": "نمره رفتار مستند نیست"})
        self.becomes("appealed")
        panel = self.board("appeal", {"appeal.one": "chair", "appeal.two": "member", "appeal.three": "member"})
        self.call("owner", f"{self.path}/seats", {"board_id": panel})
        self.learn_ids()

    def learn_ids(self):
        """Ids that nobody is told twice: what each probe reads by id."""
        sql, which = self.stack.sql, self.evaluation
        self.gates = dict(line.split("|") for line in sql(f"select gate, id from sanjeh.gate_answer where evaluation_id = '{which}'").splitlines())
        self.template = sql("select template_id from sanjeh.cycle limit 1")
        self.packages = {state: sql(f"""insert into sanjeh.package (unit_id, id, code, edition, title_fa, title_en, question, method, limits,
            indicators, period_from, period_to, grouped_by, state, released_at, content_sha256) select u.id, gen_random_uuid(), '{state.upper()}', 1,
            'بار کار', 'Workload', 'چرا', 'میانگین', 'یک سال', '{{T01}}', '2025-03-21', '2026-03-20', 'all', '{state}', {when}, {of}
            from sanjeh.unit as u where u.code = 'SIT' returning id""") for state, when, of in
            (("draft", "null", "null"), ("released", "now()", "sha256('x')"))}
        for name, table in (("assessment", "self_assessment"), ("draft_id", "draft"), ("reply", "reply"), ("appeal_id", "appeal")):
            setattr(self, name, sql(f"select id from sanjeh.{table} where evaluation_id = '{which}' limit 1"))
        numbers = {judge: number for number, judge in self.judges.items()}
        self.facts = {numbers[judge]: fact for judge, fact in
                      (line.split("|") for line in sql("select judge_id, id from sanjeh.workload_fact where in_force").splitlines())}

    def issue_card(self):
        """(index of its entry in the record, id)."""
        self.evaluation = self.path.split("/")[1]
        made = self.call("issuer", f"{self.path}/report-cards", on=self.path)
        self.becomes("issued")
        return made.header("Audit-Index"), made.json()["id"]

    def decide_and_gate(self):
        self.verdict = [{"item_no": item["no"], "outcome": "unchanged"} for item in self.ITEMS]
        self.call("board.one", f"{self.path}/verdicts", {"items": self.verdict, "narrative": "رأی هیأت"})
        self.becomes("decided")
        self.call("issuer", f"{self.path}/gates/ask", {"purpose": "report_card"})
        self.call("issuer", f"{self.path}/gates/ask", {"purpose": "promotion", "gates": ["D03"]})
        for name in ("jdpd.manager", "pic.manager", "hrd.gate"):
            for gate in self.who(name).items("/api/v1/gates"):
                if gate["state"] != "asked":
                    continue
                body = {"D02": {"value": "remark", "gist": "توبیخ کتبی", "final_judgment_no": "1403-1", "degree": 2},
                        "D03": {"value": "remark", "gist": "چکیده"}}.get(gate["gate"], {"value": "clear"})
                self.assessed_index = self.call(name, f"gates/{gate['id']}/answer", {**body, "expires_on": "2027-06-01"},
                                                on=f"gates/{gate['id']}").header("Audit-Index")
        self.move("issuer", "gated")

    def post_judges(self):
        courts = {}
        for code, kind in (("دادسرا", "prosecution"), ("دیوان", "supreme"), ("نخستین", "first_instance")):
            courts[kind] = self.call("owner", "courts", {"code": code, "name_fa": code, "name_en": kind, "kind": kind}).json()["id"]
        for number, kind in ((SUBJECT, "first_instance"), (OTHER, "first_instance"), (PROSECUTOR, "prosecution"), (SUPREME, "supreme")):
            self.call("owner", "postings", {"judge_id": self.judges[number], "court_id": courts[kind], "title": "قاضی", "from": "1400-01-01"})
        self.courts = courts

    def gathered(self):
        self.call("owner", f"{self.path}/seats", {"account_id": self.account("head.one"), "capacity": "court_head"})
        self.draw_samples()
        self.surveys = {"judge": self.survey({"judge_id": self.judges[SUBJECT], "cycle_id": self.cycle}),
                        "court": self.survey({"court_id": self.courts["first_instance"]})}

    def account(self, name):
        return self.stack.accounts[name]["id"]

    def draw_samples(self):
        for name in ("reviewer.one", "reviewer.two"):
            self.call("owner", f"{self.path}/seats", {"account_id": self.account(name), "capacity": "reviewer"})
        self.call("owner", f"{self.path}/samples/order", {"office_account_id": self.account("sc.manager")})
        drawn = self.call("sc.manager", f"{self.path}/samples/draw", {"frame": FRAME, "size": 8, "seed": "5a" * 32}).json()["items"]
        self.sample = drawn[0]["id"]
        for sample in drawn:
            for name, mark in (("reviewer.one", "80"), ("reviewer.two", "75")):
                self.call(name, f"samples/{sample['id']}/reviews", {"marks": [{"item": "استدلال", "mark": mark}], "comments": "روان"})

    def survey(self, about):
        path = self.call("owner", "surveys", {
            **about, "title_fa": "نظرسنجی", "title_en": "Survey", "period": "1404", "criteria": ["S02"],
            "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2090-01-01T00:00:00Z"}).header("Location").removeprefix("/api/v1/")
        tokens = self.call("owner", f"{path}/invitations", {"group": "lawyers", "count": 6}).json()["tokens"]
        self.call("owner", f"{path}/moves", {"to": "open"}, on=path)
        stranger = self.stack.anonymous()
        for token in tokens:
            self.assertEqual(stranger.post("/api/v1/survey-answers", {"token": token, "marks": {"S02": 4}}).status, 201)
        stranger.close()
        self.call("owner", f"{path}/moves", {"to": "closed"}, on=path)
        self.call("owner", f"{path}/releases", on=path)
        return path
