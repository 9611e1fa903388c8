# SPDX-License-Identifier: Apache-2.0
"""Decision samples through the API: who may draw, that no text names the judge, and that two readers stay blind to each other."""

import unittest
import uuid

from stack import SharedTest, problem

FRAME = [{"ref": f"R-{number:02}", "stratum": "حقوقی" if number % 3 else "کیفری", "text": f"متن رأی {number}"} for number in range(1, 13)]
SEED = "5a" * 32


class Samples(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner, cls.office = cls.stack.client("hrd.manager"), cls.stack.client("sc.manager")
        cls.judge = cls.stack.client("judge.one")
        cls.readers = [cls.stack.client("reviewer.one"), cls.stack.client("reviewer.two")]
        cls.judge_id = cls.judge.get("/api/v1/me").json()["judge_id"]

    def evaluation(self, state="collecting"):
        cycle, template, evaluation = (str(uuid.uuid4()) for _ in range(3))
        code = "S" + cycle[:8].upper()
        self.stack.sql(f"""
            begin; set local session_replication_role = replica;
            insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state, created_by, published_at)
                select id, '{template}', '{code}', 1, 'الگو', 'Template', 'judges', 'published', id, now()
                from sanjeh.unit where code = 'HRD';
            insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id,
                issuer_scope_id, state, owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at,
                criteria_sha256, created_by)
                select h.id, '{cycle}', '{code}', 'ارزیابی', 'Evaluation', 'annual', '2025-03-21', '2026-03-20', '{template}', j.id, e.id,
                    'collecting', h.id, now(), j.id, now(), now(), sha256('criteria'), h.id
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
            insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id, state, notified_at)
                select c.unit_id, '{evaluation}', c.id, r.unit_id, r.id, c.issuer_unit_id, c.issuer_scope_id, '{state}', now()
                from sanjeh.cycle c, sanjeh.judge r where c.id = '{cycle}' and r.id = '{self.judge_id}';
            commit;""")
        return evaluation

    def ready(self, readers=("reviewer.one", "reviewer.two")):
        evaluation = self.evaluation()
        for name in readers:
            answer = self.owner.post(f"/api/v1/evaluations/{evaluation}/seats",
                                     {"account_id": self.stack.accounts[name]["id"], "capacity": "reviewer"})
            self.assertEqual(answer.status, 201, answer)
        office = self.stack.accounts["sc.manager"]["id"]
        answer = self.owner.post(f"/api/v1/evaluations/{evaluation}/samples/order", {"office_account_id": office})
        self.assertEqual(answer.status, 201, answer)
        return evaluation

    def draw(self, evaluation, **members):
        return self.office.post(f"/api/v1/evaluations/{evaluation}/samples/draw", {"frame": FRAME, "size": 8, "seed": SEED, **members})

    def drawn(self, evaluation, **members):
        answer = self.draw(evaluation, **members)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["items"]

    def faults(self, answer, status, code, fault):
        self.assertIn(fault, [item["code"] for item in problem(self, answer, status, code).get("errors", [])])

    def test_the_same_seed_draws_the_same_decisions_once(self):
        first, second = self.ready(), self.ready()
        one, two = self.drawn(first), self.drawn(second, frame=FRAME[::-1])
        self.assertEqual([item["body"]["ref"] for item in one], [item["body"]["ref"] for item in two])
        self.assertEqual((len(one), {item["seed"] for item in one}), (8, {SEED}))
        self.assertEqual({item["frame_sha256"] for item in one}, {item["frame_sha256"] for item in two})
        for item in one:
            self.assertEqual({item["reviewer_one"], item["reviewer_two"]},
                             {self.stack.accounts[name]["id"] for name in ("reviewer.one", "reviewer.two")})
        problem(self, self.draw(first), 409, "DUPLICATE")
        other = self.drawn(self.ready(), seed=None)
        self.assertNotEqual(other[0]["seed"], SEED)
        stored = self.stack.sql(f"select string_agg(encode(body_ct, 'escape'), ' ') from sanjeh.decision_sample where evaluation_id = '{first}'")
        self.assertNotIn("R-", stored)

    def test_what_must_not_be_drawn_is_refused(self):
        evaluation = self.ready()
        name = self.owner.get(f"/api/v1/judges/{self.judge_id}").json()["name"]
        named = [*FRAME[:-1], {"ref": "R-99", "stratum": "حقوقی", "text": f"رأی به انشای {name.split()[-1]} صادر شد"}]
        self.faults(self.draw(evaluation, frame=named), 422, "INVALID", "NAMES_THE_JUDGE")
        self.faults(self.draw(evaluation, frame=[FRAME[0]] * 9), 422, "INVALID", "BAD_FRAME")
        self.faults(self.draw(evaluation, frame=FRAME[:7]), 422, "INVALID", "BAD_FRAME")
        for members in ({"size": 7}, {"seed": "zz" * 32}, {"frame": {}}, {"frame": [{"ref": "1"}]},
                        {"frame": [{**FRAME[0], "text": "a\u202eb"}, *FRAME[1:]]}):
            self.faults(self.draw(evaluation, **members), 422, "INVALID", "FORMAT")
        self.faults(self.draw(self.ready(("reviewer.one",))), 409, "GUARD_UNMET", "TOO_FEW_REVIEWERS")
        self.assertIn(self.draw(self.evaluation()).status, (403, 404), "nobody ordered it")
        path = f"/api/v1/evaluations/{evaluation}/samples/draw"
        for name in ("hrd.manager", "reviewer.one", "judge.one", "admin.one"):
            self.assertIn(self.stack.client(name).post(path, {"frame": FRAME, "size": 8}).status, (403, 404), name)

    def test_a_colleague_of_the_office_sees_nothing_of_the_file(self):
        """board.one is of the office's unit and has no seat here."""
        evaluation = self.ready()
        sample = self.drawn(evaluation)[0]["id"]
        colleague = self.stack.client("board.one")
        for path in (f"evaluations/{evaluation}", f"evaluations/{evaluation}/samples", f"evaluations/{evaluation}/samples/quality",
                     f"samples/{sample}/reviews"):
            self.assertEqual(colleague.get(f"/api/v1/{path}").status, 404, path)

    def test_two_readers_are_blind_until_both_have_written(self):
        evaluation = self.ready()
        samples = self.drawn(evaluation)
        mine = self.readers[0].items(f"/api/v1/evaluations/{evaluation}/samples")
        self.assertEqual([item["body"] for item in mine], [item["body"] for item in samples])
        self.assertEqual({item["reviewer_two"] for item in mine} | {item["seed"] for item in mine}, {None})
        self.assertEqual(self.judge.get(f"/api/v1/evaluations/{evaluation}/samples/quality").status in (403, 404), True)
        reviews = f"/api/v1/samples/{samples[0]['id']}/reviews"
        body = {"marks": [{"item": "استدلال", "mark": "۸۰"}, {"item": "استناد", "mark": "90"}], "comments": "نظر"}
        for marks in ([], [{"item": "a", "mark": "101"}], [{"item": "a", "mark": "1"}] * 2, [{"item": "a", "mark": "1", "x": "1"}]):
            problem(self, self.readers[0].post(reviews, {"marks": marks}), 422, "INVALID")
        for name in ("sc.manager", "hrd.manager", "judge.one", "board.one"):
            self.assertIn(self.stack.client(name).post(reviews, body).status, (403, 404), name)
        made = self.readers[0].post(reviews, body)
        self.assertEqual((made.status, made.json()["body"]["mean"]), (201, "85"), made)
        problem(self, self.readers[0].post(reviews, body), 409, "DUPLICATE")
        self.assertEqual(len(self.readers[0].items(reviews)), 1)
        self.assertEqual(self.readers[1].items(reviews), [], "blind")
        self.assertEqual(self.readers[1].post(reviews, {"marks": [{"item": "استدلال", "mark": "75"}]}).status, 201)
        for reader in self.readers:
            self.assertEqual(len(reader.items(reviews)), 2)
        quality = f"/api/v1/evaluations/{evaluation}/samples/quality"
        self.assertEqual(self.office.get(quality).json(), {"samples": 8, "reviewed": 1, "mean": None, "agreement": None})
        self.faults(self.office.post(quality), 409, "GUARD_UNMET", "NOT_ALL_READ")
        for sample in samples[1:]:
            for reader, mark in zip(self.readers, ("85", "75")):
                path = f"/api/v1/samples/{sample['id']}/reviews"
                self.assertEqual(reader.post(path, {"marks": [{"item": "استدلال", "mark": mark}]}).status, 201)
        said = {"samples": 8, "reviewed": 8, "mean": "80", "agreement": "0.9"}
        self.assertEqual(self.office.get(quality).json(), said)
        for name in ("hrd.manager", "reviewer.one", "judge.one", "board.one"):
            self.assertIn(self.stack.client(name).post(quality).status, (403, 404), name)
        self.stack.sql(f"update sanjeh.evaluation set state = 'frozen' where id = '{evaluation}'")
        self.faults(self.office.post(quality), 409, "CONFLICT", "NOT_COLLECTING")
        self.stack.sql(f"update sanjeh.evaluation set state = 'collecting' where id = '{evaluation}'")
        made = self.office.post(quality)
        self.assertEqual((made.status, made.json()), (201, said))
        problem(self, self.office.post(quality), 409, "DUPLICATE")
        values = {item["indicator"]: item for code in ("Q01", "Q02") for item in self.office.items(
            f"/api/v1/indicator-values?indicator={code}") if item["judge_id"] == self.judge_id}
        self.assertEqual({code: (float(item["value"]), item["n"]) for code, item in values.items()}, {"Q01": (80, 8), "Q02": (0.9, 8)})


if __name__ == "__main__":
    unittest.main()
