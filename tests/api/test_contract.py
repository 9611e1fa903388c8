# SPDX-License-Identifier: Apache-2.0
"""Does every answer keep the rules of CONTRACT 2: headers, problems, lists, preconditions, idempotency?"""

import json
import secrets
import unittest
import uuid

from stack import SharedTest, problem, recorded


class Headers(SharedTest):
    def check_security_headers(self, answer):
        self.assertEqual(answer.header("Strict-Transport-Security"), "max-age=31536000; includeSubDomains", answer.headers)
        self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertEqual(answer.header("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'")

    def test_every_answer_to_a_session_is_on_the_record(self):
        client = self.stack.client("hrd.manager")
        answers = {
            "200": client.get("/api/v1/me"),
            "404 object": client.get(f"/api/v1/judges/{uuid.uuid4()}"),
            "404 malformed id": client.get("/api/v1/judges/not-an-id"),
            "404 route": client.get("/api/v1/nothing-here"),
            "405": client.request("DELETE", "/api/v1/units"),
            "HEAD": client.request("HEAD", "/api/v1/units"),
            "HEAD 404": client.request("HEAD", f"/api/v1/judges/{uuid.uuid4()}"),
            "OPTIONS": client.request("OPTIONS", "/api/v1/units"),
            "400 JSON": client.request("POST", "/api/v1/judges", body=b"{", headers={"Content-Type": "application/json"}),
            "400 query": client.get("/api/v1/judges?no_such=1"),
            "415": client.request("POST", "/api/v1/judges", body=b"x", headers={"Content-Type": "text/plain"}),
            "403": client.post("/api/v1/audit/exports", {"from": 0, "to": None}),
        }
        seen = set()
        for name, answer in answers.items():
            with self.subTest(name):
                index = recorded(self, answer)
                self.assertNotIn(index, seen)
                seen.add(index)
                self.check_security_headers(answer)
        too_large = client.request("POST", "/api/v1/judges", body=b'{"name":"' + b"x" * 2_000_000 + b'"}',
                                   headers={"Content-Type": "application/json"})
        problem(self, too_large, 413, "BODY_TOO_LARGE")
        recorded(self, too_large)
        expected = {"404 route": 404, "405": 405, "415": 415, "403": 403, "400 JSON": 400, "400 query": 400, "HEAD": 200,
                    "HEAD 404": 404, "404 malformed id": 404}
        for name, status in expected.items():
            self.assertEqual(answers[name].status, status, name)
        self.assertEqual(answers["HEAD"].body, b"")
        self.assertIn("GET", answers["405"].header("Allow") or "")

    def test_a_stranger_gets_only_a_request_id(self):
        stranger = self.stack.anonymous()
        for path in ("/api/v1/me", "/api/v1/judges", "/api/v1/nothing-here", f"/api/v1/judges/{uuid.uuid4()}"):
            with self.subTest(path):
                answer = stranger.get(path)
                self.assertIn(answer.status, (401, 404))
                self.assertTrue(answer.header("X-Request-Id"))
                self.assertIsNone(answer.header("Audit-Index"))
                self.assertIsNone(answer.header("Audit-Leaf"))
                self.check_security_headers(answer)
        problem(self, stranger.get("/api/v1/me"), 401, "UNAUTHENTICATED")

    def test_health_is_open_and_carries_no_data(self):
        stranger = self.stack.anonymous()
        for path in ("/healthz", "/readyz"):
            answer = stranger.get(path)
            self.assertEqual(answer.status, 200, answer)
            self.assertLess(len(answer.body), 200)
            self.assertIsNone(answer.header("Audit-Index"))

    def test_metrics_are_prometheus_text_on_loopback(self):
        answer = self.stack.anonymous().get("/metrics")
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.header("Content-Type").startswith("text/plain"))
        for line in answer.body.decode().splitlines():
            self.assertRegex(line, r"^(#.*|[a-z_:][a-z0-9_:]*(\{.*\})? -?[0-9.e+]+)$")


class Bodies(SharedTest):
    def post_judge(self, body):
        return self.stack.client("hrd.manager").request("POST", "/api/v1/judges", body=body,
                                                        headers={"Content-Type": "application/json"})

    def count(self):
        return len(self.stack.client("hrd.manager").items("/api/v1/judges"))

    def test_unknown_duplicate_and_wrong_members_are_refused(self):
        before = self.count()
        cases = [
            (b'{"personnel_number":"T-1","name":"x","rank":1}', 400, "UNKNOWN_MEMBER"),
            (b'{"personnel_number":"T-1","personnel_number":"T-2","name":"x"}', 400, "DUPLICATE_MEMBER"),
            (b'{"personnel_number":"T-1","name":"x"', 400, "BAD_JSON"),
            (b'[1,2]', 400, "BAD_JSON"),
            (b'{"personnel_number":"T-1","name":"\xff\xfe"}', 400, "BAD_JSON"),
            (b'{"personnel_number":7,"name":"x"}', 422, "INVALID"),
            (b'{"personnel_number":"T-1"}', 422, "INVALID"),
            (b'{}', 422, "INVALID"),
            (b'{"a":' * 40 + b"1" + b"}" * 40, 400, None),
        ]
        for body, status, code in cases:
            with self.subTest(body[:60]):
                document = problem(self, self.post_judge(body), status, code)
                if status == 422:
                    self.assertTrue(document["errors"], document)
                    self.assertTrue(document["errors"][0]["pointer"].startswith("/"))
        self.assertIn(self.post_judge(b"").status, (400, 415), "no body at all")
        self.assertEqual(self.count(), before)


class Lists(SharedTest):
    def test_pages_join_to_the_whole(self):
        client = self.stack.client("hrd.manager")
        whole = [judge["id"] for judge in client.items("/api/v1/judges")]
        paged, cursor = [], None
        while True:
            page = client.get("/api/v1/judges?limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
            self.assertEqual(set(page), {"items", "next"})
            self.assertLessEqual(len(page["items"]), 7)
            paged += [judge["id"] for judge in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        self.assertEqual(paged, whole)
        self.assertEqual(len(set(whole)), len(whole))

    def test_default_is_50_and_most_is_500(self):
        client = self.stack.client("sit.manager")
        self.assertEqual(len(client.get("/api/v1/judges").json()["items"]), 50)
        self.assertEqual(len(client.get("/api/v1/judges?limit=500").json()["items"]), 500)
        for bad in ("limit=0", "limit=501", "limit=-1", "limit=x", "limit=", "cursor=garbage", "cursor="):
            with self.subTest(bad):
                self.assertEqual(client.get(f"/api/v1/judges?{bad}").status, 400)


class Objects(SharedTest):
    def create(self, **headers):
        client = self.stack.client("hrd.manager")
        number = f"T-{secrets.token_hex(6).upper()}"
        body = {"personnel_number": number, "name": "قاضی آزمایشی"}
        return client, body, client.post("/api/v1/judges", body, headers=headers)

    def withdraw(self, identity):
        """Test judges leave the list again, so that counts of other tests hold."""
        self.stack.sql(f"""delete from sanjeh.blind_index where row_id = '{identity}';
                           delete from sanjeh.judge where id = '{identity}';""")

    def test_created_read_changed_with_preconditions(self):
        client, body, made = self.create()
        self.assertEqual(made.status, 201, made)
        location = made.header("Location")
        self.assertEqual(location, f"/api/v1/judges/{made.json()['id']}")
        self.addCleanup(self.withdraw, made.json()["id"])
        read = client.get(location)
        self.assertEqual(read.status, 200)
        self.assertEqual(read.json()["personnel_number"], body["personnel_number"])
        self.assertEqual(read.json()["name"], body["name"])
        etag = read.header("ETag")
        self.assertRegex(etag, r'^"[^"]+"$')
        change = {"name": "قاضی آزمایشی دوم"}
        problem(self, client.patch(location, change), 428, "PRECONDITION_REQUIRED")
        problem(self, client.patch(location, change, headers={"If-Match": '"stale"'}), 412, "PRECONDITION_FAILED")
        self.assertEqual(client.get(location).json()["name"], body["name"])
        changed = client.patch(location, change, headers={"If-Match": etag})
        self.assertEqual(changed.status, 200, changed)
        self.assertNotEqual(changed.header("ETag"), etag)
        self.assertEqual(client.get(location).json()["name"], change["name"])
        problem(self, client.patch(location, change, headers={"If-Match": etag}), 412, "PRECONDITION_FAILED")

    def test_the_same_personnel_number_twice_is_a_conflict(self):
        client, body, made = self.create()
        self.addCleanup(self.withdraw, made.json()["id"])
        again = client.post("/api/v1/judges", body)
        problem(self, again, 409)

    def test_idempotency_key_answers_the_first_answer_again(self):
        key = secrets.token_hex(16)
        client, body, made = self.create(**{"Idempotency-Key": key})
        self.assertEqual(made.status, 201, made)
        self.addCleanup(self.withdraw, made.json()["id"])
        again = client.post("/api/v1/judges", body, headers={"Idempotency-Key": key})
        self.assertEqual(again.status, 201, again)
        self.assertEqual(again.json(), made.json())
        self.assertEqual(again.header("Location"), made.header("Location"))
        self.assertNotEqual(recorded(self, again), recorded(self, made))
        other = {**body, "name": "دیگری"}
        problem(self, client.post("/api/v1/judges", other, headers={"Idempotency-Key": key}), 422, "IDEMPOTENCY_KEY_REUSED")

    def test_a_bad_idempotency_key_is_refused(self):
        for key in ("x" * 129, "tab\there"):
            with self.subTest(key[:10]):
                _, _, answer = self.create(**{"Idempotency-Key": key})
                problem(self, answer, 400)

    def test_two_at_once_with_one_key_make_one_object(self):
        import threading
        number, key = f"T-{secrets.token_hex(6).upper()}", secrets.token_hex(16)
        token = self.stack.client("hrd.manager").token
        answers = []

        def post():
            client = self.stack.anonymous(token=token)
            answers.append(client.post("/api/v1/judges", {"personnel_number": number, "name": "همزمان"},
                                       headers={"Idempotency-Key": key}))
        threads = [threading.Thread(target=post) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = {answer.json()["id"] for answer in answers if answer.status == 201}
        self.assertEqual(len(made), 1, answers)
        self.addCleanup(self.withdraw, made.pop())
        for answer in answers:
            self.assertIn(answer.status, (201, 409), answer)
            if answer.status == 409:
                problem(self, answer, 409, "IN_PROGRESS")

    def test_forbidden_action_is_403_and_absent_object_404(self):
        analyst = self.stack.client("sit.analyst")
        problem(self, analyst.post("/api/v1/judges", {"personnel_number": "T-X", "name": "x"}), 403, "FORBIDDEN")
        problem(self, analyst.get(f"/api/v1/judges/{uuid.uuid4()}"), 404, "NOT_FOUND")

    def test_an_unknown_query_parameter_is_named_without_its_value(self):
        officer, manager = self.stack.client("security.officer"), self.stack.client("hrd.manager")
        for client, path in ((manager, "/api/v1/judges"), (officer, "/api/v1/audit/entries"), (officer, "/api/v1/audit/index"),
                             (officer, "/api/v1/audit/keys"), (officer, "/api/v1/audit/alarms"), (officer, "/api/v1/audit/proof/0"),
                             (officer, "/api/v1/audit/consistency"), (self.stack.client("admin.one"), "/api/v1/policy-domains")):
            with self.subTest(path):
                answer = client.get(f"{path}?surprise=secretvalue")
                document = problem(self, answer, 400, "BAD_PARAMETER")
                self.assertEqual([fault["pointer"] for fault in document["errors"]], ["surprise"])
                self.assertNotIn(b"secretvalue", answer.body)

    def test_a_problem_tells_nothing_about_the_inside(self):
        client = self.stack.client("hrd.manager")
        for answer in (client.get(f"/api/v1/judges/{uuid.uuid4()}"), client.get("/api/v1/judges?limit=x")):
            text = json.dumps(answer.json())
            for word in ("select", "sanjeh.", ".c:", "libpq", "relation", "stack"):
                self.assertNotIn(word, text)


if __name__ == "__main__":
    unittest.main()
