# SPDX-License-Identifier: Apache-2.0
"""OpenID AuthZEN 1.0 over TLS: the certification scenario and the todo interoperability decisions against policy domains of ours, and
what the standard leaves to us: documents that are refused with their place, pages, masks, who may ask, what the record keeps."""

import concurrent.futures
import hashlib
import json
import pathlib
import unittest

from stack import ROOT, SharedTest, problem

VECTORS = ROOT / "tests/vectors/authzen"
DOMAINS = ROOT / "policies/domains"


def document(name):
    return json.loads((DOMAINS / f"{name}.json").read_text())


class AuthZen(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.stack.client("admin.one")
        for name in ("records", "todo"):
            answer = cls.put(name, document(name))
            assert answer.status in (200, 201), answer
        cls.scenario = json.loads((VECTORS / "certification-1.0.json").read_text())

    @classmethod
    def put(cls, name, body, **headers):
        return cls.admin.request("PUT", f"/api/v1/policy-domains/{name}", json_body=body, headers=headers)

    def ask(self, path, body, domain="records", client=None, **kw):
        return (client or self.admin).post(path.replace("/access/v1/", f"/access/v1/{domain}/"), body, **kw)

    def decide(self, subject, action, resource, domain="records", **more):
        answer = self.ask("/access/v1/evaluation", {
            "subject": {"type": "user", "id": subject}, "action": {"name": action}, "resource": resource, **more}, domain)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()


class Certification(AuthZen):
    def check(self, case, answer):
        kind, expect = case["check"], case.get("expect")
        if kind in ("decision", "exact-results"):
            for member, value in expect.items():
                self.assertEqual(answer[member], value, case["id"])
        elif kind == "decisions":
            self.assertEqual([{"decision": item["decision"]} for item in answer["evaluations"]], expect["evaluations"], case["id"])
        elif kind == "structure":
            self.assertEqual(len(answer["evaluations"]), case["expect_count"], case["id"])
            self.assertTrue(all(isinstance(item["decision"], bool) for item in answer["evaluations"]), case["id"])
        elif kind == "results-include":
            for wanted in expect["results"]:
                self.assertIn(wanted, answer["results"], case["id"])
        elif kind in ("search-structure", "search-structure-paged"):
            self.assertIsInstance(answer["results"], list, case["id"])
            self.assertIsInstance(answer["page"]["next_token"], str, case["id"])
        else:
            self.assertEqual(kind, "status-only", case["id"])

    def test_every_case_of_the_scenario(self):
        token = None
        for case in self.scenario["cases"]:
            request = case["request"]
            if case["check"] == "search-structure-paged":
                self.assertTrue(token, "the page before has more")
                request = {**request, "page": {"token": token}}
            for bare in ("", "?bare=1"):
                answer = self.ask(case["path"] + bare, request)
                self.assertEqual(answer.status, case["status"], f"{case['id']} {answer}")
                if answer.status == 200:
                    self.check(case, answer.json())
            if case["check"] == "search-structure":
                token = answer.json()["page"]["next_token"]

    def test_search_decisions_hold_in_evaluations_and_leave_nothing_out(self):
        for action in ("read", "write", "delete"):
            for resource in ("record-1", "record-2"):
                found = self.ask("/access/v1/search/subject", {"subject": {"type": "user"}, "action": {"name": action},
                                                               "resource": {"type": "record", "id": resource}}).json()["results"]
                decided = [name for name in ("alice", "bob") if self.decide(name, action, {"type": "record", "id": resource})["decision"]]
                self.assertEqual([item["id"] for item in found], decided, (action, resource))

    def test_every_protocol_case(self):
        for case in self.scenario["protocol_cases"]:
            for _ in range(case.get("repeat", 1)):
                answer = self.admin.request("POST", case["path"].replace("/access/v1/", "/access/v1/records/"), body=case["body"],
                                            headers={"Content-Type": case["content_type"], **case.get("headers", {})})
                self.assertEqual(answer.status, case["status"], f"{case['id']} {answer}")
                for name, value in case.get("response_headers", {}).items():
                    self.assertEqual(answer.header(name), value, case["id"])

    def test_metadata(self):
        anybody = self.stack.anonymous()
        for name in ("records", "no-such-domain"):
            answer = anybody.get(f"/.well-known/authzen-configuration/{name}")
            self.assertEqual(answer.status, 200)
            found = answer.json()
            base = f"https://localhost:{self.stack.port}"
            self.assertEqual(found["policy_decision_point"], f"{base}/{name}")
            for member in ("access_evaluation_endpoint", "access_evaluations_endpoint", "search_subject_endpoint",
                           "search_resource_endpoint", "search_action_endpoint"):
                self.assertTrue(found[member].startswith(f"{base}/access/v1/{name}/"), member)
        path = found["access_evaluation_endpoint"].replace(base, "").replace("no-such-domain", "records")
        self.assertEqual(self.admin.post(path, self.scenario["cases"][0]["request"]).json()["decision"], True)
        problem(self, anybody.get("/.well-known/authzen-configuration/No_Such"), 404, "NOT_FOUND")


class Todo(AuthZen):
    def test_every_decision(self):
        decided = json.loads((VECTORS / "todo-1.0.json").read_text())
        self.assertEqual(len(decided["evaluation"]), 40)
        for case in decided["evaluation"]:
            answer = self.ask("/access/v1/evaluation?bare=1", case["request"], "todo")
            self.assertEqual(answer.json(), {"decision": case["expected"]}, case)

    def test_all_at_once_and_byte_for_byte(self):
        cases = json.loads((VECTORS / "todo-1.0.json").read_text())["evaluation"]
        answer = self.ask("/access/v1/evaluations?bare=1", {"evaluations": [case["request"] for case in cases]}, "todo")
        self.assertEqual(answer.json(), {"evaluations": [{"decision": case["expected"]} for case in cases]})


class Batches(AuthZen):
    ITEMS = [{"subject": {"type": "user", "id": name}} for name in ("bob", "alice", "bob")]

    def batch(self, semantic, items=None, **more):
        body = {"action": {"name": "write"}, "resource": {"type": "record", "id": "record-1"},
                "evaluations": self.ITEMS if items is None else items, "options": {"evaluations_semantic": semantic}, **more}
        return self.ask("/access/v1/evaluations", body)

    def test_short_circuits(self):
        for semantic, expected in (("execute_all", [False, True, False]), ("deny_on_first_deny", [False]),
                                   ("permit_on_first_permit", [False, True])):
            found = self.batch(semantic).json()["evaluations"]
            self.assertEqual([item["decision"] for item in found], expected, semantic)
            if semantic != "execute_all":
                self.assertEqual(found[-1]["context"]["reason"], semantic)

    def test_a_broken_item_is_refused_alone(self):
        found = self.batch("execute_all", [{"subject": "alice"}, 7, {"subject": {"type": "user", "id": "alice"}}]).json()["evaluations"]
        self.assertEqual([item["decision"] for item in found], [False, False, True])
        self.assertEqual([item["context"]["error"]["status"] for item in found[:2]], [400, 400])

    def test_what_is_broken_as_a_whole(self):
        for body in ({"evaluations": {}}, {"evaluations": [{}], "options": 3}, {"evaluations": [{}] * 1001},
                     {"evaluations": [{}], "options": {"evaluations_semantic": "all"}}, {"evaluations": [{}], "subject": []}, [], 7, None):
            answer = self.admin.request("POST", "/access/v1/records/evaluations", body=json.dumps(body),
                                        headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400, body)

    def test_a_thousand_at_once(self):
        found = self.batch("execute_all", self.ITEMS[:2] * 500).json()["evaluations"]
        self.assertEqual([item["decision"] for item in found], [False, True] * 500)


class Documents(AuthZen):
    def refused(self, change, pointer):
        body = document("records")
        change(body)
        answer = self.put("broken", body)
        problem(self, answer, 422, "INVALID")
        self.assertEqual(answer.json()["errors"][0]["pointer"], pointer, answer)

    def test_mistakes_are_told_with_their_place_and_the_present_one_stays(self):
        self.refused(lambda d: d["policy"]["rules"][0].update(effect="allow"), "/policy/rules/0/effect")
        self.refused(lambda d: d["policy"]["rules"][1].update(when=["eq", "resource.state", 1]), "/policy/rules/1/when/1")
        self.refused(lambda d: d["entities"]["subjects"][1].update(roles=["owner"]), "/entities/subjects/1/roles")
        self.refused(lambda d: d["entities"]["subjects"][1]["properties"].update(role="king"), "/entities/subjects/1/properties/role")
        self.refused(lambda d: d["entities"]["resources"].append(d["entities"]["resources"][0]), "/entities/resources/2")
        self.refused(lambda d: d["entities"]["resources"][0].update(type="file"), "/entities/resources/0/type")
        self.refused(lambda d: d["entities"].update(users=[]), "/entities")
        self.refused(lambda d: d.pop("policy"), "")
        problem(self, self.admin.get("/api/v1/policy-domains/broken"), 404, "NOT_FOUND")
        before = self.decide("alice", "write", {"type": "record", "id": "record-1"})
        bad = document("records")
        bad["policy"]["roles"]["reader"]["inherits"] = ["writer"]
        self.assertEqual(self.put("records", bad).status, 422)
        self.assertEqual(self.decide("alice", "write", {"type": "record", "id": "record-1"}), before)

    def test_places_are_lines_of_the_document(self):
        text = (DOMAINS / "records.json").read_text().replace('"effect": "permit", "roles": ["writer"]', '"effect": "allow", "roles": ["writer"]', 1)
        line = next(number for number, row in enumerate(text.splitlines(), 1) if '"allow"' in row)
        answer = self.admin.request("PUT", "/api/v1/policy-domains/broken", body=text, headers={"Content-Type": "application/json"})
        self.assertIn(f"line {line},", answer.json()["errors"][0]["detail"])
        twice = text.replace('"allow"', '"permit"').replace('"id": "records"', '"id": "records", "id": "records"')
        answer = self.admin.request("PUT", "/api/v1/policy-domains/broken", body=twice, headers={"Content-Type": "application/json"})
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("DUPLICATE", answer.json()["errors"][0]["detail"])

    def test_a_change_counts_for_the_next_request_and_versions_grow(self):
        body = document("records")
        self.assertEqual(self.put("changing", body).status, 201)
        first = self.admin.get("/api/v1/policy-domains/changing")
        self.assertEqual(first.json()["document"], body)
        for version in range(2, 12):
            body["entities"]["subjects"][0]["roles"] = ["writer"] if version % 2 else ["reader"]
            self.assertEqual(self.put("changing", body).status, 200)
            found = self.decide("alice", "write", {"type": "record", "id": "record-1"}, "changing")
            self.assertEqual(found["decision"], bool(version % 2))
            self.assertEqual(found["context"]["policy"]["domain_version"], version)
        problem(self, self.put("changing", body, **{"If-Match": first.header("ETag")}), 412, "PRECONDITION_FAILED")
        problem(self, self.admin.delete("/api/v1/policy-domains/changing"), 428, "PRECONDITION_REQUIRED")
        present = self.admin.get("/api/v1/policy-domains/changing").header("ETag")
        self.assertEqual(self.admin.delete("/api/v1/policy-domains/changing", headers={"If-Match": present}).status, 204)
        self.assertEqual(self.ask("/access/v1/evaluation", self.scenario["cases"][0]["request"], "changing").status, 404)

    def test_names(self):
        for name in ("evaluation", "search", "Records", "9lives", "a_b", "x" * 65):
            self.assertEqual(self.put(name, document("records")).status, 404, name)
        self.assertEqual([row["name"] for row in self.admin.items("/api/v1/policy-domains") if row["name"] in ("records", "todo")],
                         ["records", "todo"])

    def test_a_document_written_past_the_server_is_not_believed(self):
        self.assertEqual(self.put("sealed", document("records")).status, 201)
        wider = json.dumps({**document("records"), "entities": {"subjects": [{"type": "user", "id": "mallory", "roles": ["writer"]}]}})
        self.stack.sql(f"update sanjeh.policy_domain set document = convert_to('{wider}', 'UTF8') where name = 'sealed'")
        request = {"subject": {"type": "user", "id": "mallory"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}}
        self.wait_for(lambda: self.ask("/access/v1/evaluation", request, "sealed").status == 404)
        self.stack.sql("delete from sanjeh.policy_domain where name = 'sealed'")

    def wait_for(self, happened):
        import time
        until = time.monotonic() + 20
        while not happened():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)


CASES = {
    "policy": {
        "format": "policy/1", "id": "cases", "version": 3,
        "schema": {
            "subject": {"id": "string", "unit": "unit", "level": {"int": [0, 3]}, "tags": {"set": "string"}},
            "context": {"ip": "ip", "now": "time", "acr": {"int": [0, 3]}},
            "types": {"case": {
                "actions": ["read", "close"], "attrs": {"unit": "unit", "level": {"int": [0, 3]}, "tag": "string"},
                "field_classes": {"public": ["title"], "personal": ["name", "phone"]}}}},
        "roles": {"clerk": {}, "chief": {"inherits": ["clerk"]}},
        "rules": [
            {"id": "P1", "effect": "permit", "roles": ["clerk"], "do": ["case:read"], "scope": "unit", "fields": {"read": ["*"]},
             "when": ["le", "resource.level", "subject.level"]},
            {"id": "P2", "effect": "permit", "roles": ["chief"], "do": ["case:*"], "scope": "subtree", "fields": {"read": ["*"], "write": ["public"]}},
            {"id": "F1", "effect": "forbid", "do": ["*:*"], "when": ["ip_in", "context.ip", "203.0.113.0/24"], "code": "E_PLACE"},
            {"id": "M1", "effect": "mask", "do": ["case:read"], "classes": ["personal"], "how": {"phone": "last4", "*": "redact"},
             "unless": ["ge", "subject.level", 3]},
            {"id": "Q1", "effect": "require", "do": ["case:close"], "that": [["ge", "context.acr", 2]],
             "oblige": {"type": "step-up", "acr_value": "urn:example:acr:2"}}]},
    "entities": {
        "units": [{"id": "root"}, {"id": "north", "parent": "root"}, {"id": "south", "parent": "root"}],
        "subjects": [
            {"type": "user", "id": "nina", "properties": {"unit": "north", "level": 1}, "roles": ["clerk"]},
            {"type": "user", "id": "ruth", "properties": {"unit": "root", "level": 3}, "roles": ["chief"]},
            {"type": "user", "id": "temp", "properties": {"unit": "north", "level": 3},
             "roles": [{"role": "clerk", "unit": "south", "from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}]}],
        "resources": [{"type": "case", "id": f"c{number:05d}", "properties": {"unit": "north" if number % 2 else "south", "level": number % 4}}
                      for number in range(1200)]}}


class Model(AuthZen):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.put("cases", CASES).status in (200, 201)

    def case(self, subject, action="read", number=1, client_ip="192.0.2.1", domain="cases", **context):
        return self.decide(subject, action, {"type": "case", "id": f"c{number:05d}"}, domain, context={"ip": client_ip, **context})

    def test_units_levels_masks_requirements(self):
        self.assertTrue(self.case("nina", number=1)["decision"])
        self.assertEqual(self.case("nina", number=3)["context"]["reason_user"], "E_NO_PERMIT", "above her level")
        self.assertFalse(self.case("nina", number=0)["decision"], "another unit")
        self.assertTrue(self.case("ruth", number=0)["decision"])
        self.assertEqual(self.case("nina")["context"]["fields"],
                         {"read": ["title", "name", "phone"], "write": [], "mask": {"name": "redact", "phone": "last4"}})
        self.assertEqual(self.case("ruth")["context"]["fields"]["mask"], {})
        self.assertEqual(self.case("ruth", client_ip="203.0.113.9")["context"]["reason_user"], "E_PLACE")
        without = self.decide("ruth", "read", {"type": "case", "id": "c00001"}, "cases")
        self.assertEqual(without["context"]["reason_user"], "E_PLACE", "a forbid that cannot be decided forbids")
        blocked = self.case("ruth", "close", acr=1)
        self.assertEqual((blocked["decision"], blocked["context"]["reason_user"]), (False, "E_REQUIRE"))
        self.assertEqual(blocked["context"]["obligations"][0]["type"], "step-up")
        self.assertEqual(blocked["context"]["obligations"][0]["properties"]["acr_value"], "urn:example:acr:2")
        self.assertTrue(self.case("ruth", "close", acr=2)["decision"])
        self.assertFalse(self.case("nina", "close", acr=2)["decision"], "nobody is sent to step up in vain")
        self.assertFalse(self.case("temp", number=0)["decision"], "the role has ended")

    def test_properties_stand_over_what_is_known_and_types_are_kept(self):
        def asked(subject, resource):
            return self.ask("/access/v1/evaluation", {"subject": subject, "action": {"name": "read"}, "resource": resource,
                                                      "context": {"ip": "192.0.2.1"}}, "cases")
        nina, case = {"type": "user", "id": "nina"}, {"type": "case", "id": "c00003"}
        self.assertFalse(asked(nina, case).json()["decision"])
        self.assertTrue(asked({**nina, "properties": {"level": 3}}, case).json()["decision"])
        self.assertTrue(asked(nina, {**case, "properties": {"level": 0}}).json()["decision"])
        self.assertFalse(asked(nina, {**case, "properties": {"level": None}}).json()["decision"], "null is unknown")
        self.assertFalse(asked(nina, {**case, "properties": {"level": 0, "unit": "atlantis"}}).json()["decision"])
        for properties in ({"level": "3"}, {"level": 3.0}, {"level": 4}, {"unit": 1}, {"tags": "a"}, {"tags": [1]}, {"tags": ["x"] * 257}):
            answer = asked({**nina, "properties": properties}, case)
            problem(self, answer, 400, "BAD_REQUEST")
            self.assertEqual(answer.json()["errors"][0]["pointer"], "/subject/properties")

    def test_whom_the_domain_does_not_know_brings_roles_and_whom_it_knows_does_not(self):
        def decided(subject, roles):
            return self.ask("/access/v1/evaluation", {
                "subject": {"type": "user", "id": subject, "properties": {"unit": "north", "level": 1, "roles": roles}},
                "action": {"name": "close"}, "resource": {"type": "case", "id": "c00001"},
                "context": {"ip": "192.0.2.1", "acr": 2}}, "cases")
        self.assertTrue(decided("stranger", ["chief"]).json()["decision"])
        self.assertFalse(decided("stranger", []).json()["decision"])
        self.assertFalse(decided("nina", ["chief"]).json()["decision"], "the domain says what nina is")
        self.assertEqual(decided("stranger", ["king"]).status, 400)

    def search(self, **page):
        return self.ask("/access/v1/search/resource", {
            "subject": {"type": "user", "id": "ruth"}, "action": {"name": "read"}, "resource": {"type": "case"},
            "context": {"ip": "192.0.2.1"}, **({"page": page} if page else {})}, "cases")

    def test_pages_leave_nothing_out_and_repeat_nothing(self):
        for limit in (1200, 500, 7):
            found, token, calls = [], None, 0
            while token != "":
                answer = self.search(limit=limit, **({"token": token} if token else {})).json()
                self.assertEqual(list(answer)[0], "page")
                found += [item["id"] for item in answer["results"]]
                token, calls = answer["page"]["next_token"], calls + 1
                if limit == 7 and calls == 3:
                    break
            expected = [f"c{number:05d}" for number in range(1200)]
            self.assertEqual(found, expected if limit != 7 else expected[:21])
        whole = self.search().json()
        self.assertEqual(len(whole["results"]), 500)
        self.assertTrue(whole["page"]["next_token"], "a part is never given as the whole")
        self.assertEqual(self.search(limit=0).json()["results"], [])

    def test_tokens_belong_to_their_search(self):
        token = self.search(limit=5).json()["page"]["next_token"]
        other = self.ask("/access/v1/search/resource", {
            "subject": {"type": "user", "id": "nina"}, "action": {"name": "read"}, "resource": {"type": "case"},
            "context": {"ip": "192.0.2.1"}, "page": {"token": token}}, "cases")
        problem(self, other, 400, "BAD_REQUEST")
        for broken in ("x", token[:-2] + "AA", token + "A", "é"):
            self.assertEqual(self.search(token=broken).status, 400, broken)
        self.assertEqual(self.search(token=token, limit=3).status, 200, "the limit may change")
        for page in ({"limit": -1}, {"limit": 1.5}, {"limit": "5"}, {"token": 5}):
            self.assertEqual(self.search(**page).status, 400, page)

    def test_actions(self):
        def names(subject, **context):
            return [item["name"] for item in self.ask("/access/v1/search/action", {
                "subject": {"type": "user", "id": subject}, "resource": {"type": "case", "id": "c00001"},
                "context": {"ip": "192.0.2.1", **context}}, "cases").json()["results"]]
        self.assertEqual(names("ruth"), ["read"])
        self.assertEqual(names("ruth", acr=2), ["read", "close"])
        self.assertEqual(names("nina", acr=2), ["read"])


class Access(AuthZen):
    def test_who_may_ask_and_who_may_write(self):
        request = self.scenario["cases"][0]["request"]
        problem(self, self.ask("/access/v1/evaluation", request, client=self.stack.anonymous()), 401, "UNAUTHENTICATED")
        self.assertTrue(self.ask("/access/v1/evaluation", request, client=self.stack.anonymous()).header("WWW-Authenticate"))
        for name in ("hrd.manager", "judge.one", "security.officer", "sit.analyst"):
            client = self.stack.client(name)
            problem(self, self.ask("/access/v1/evaluation", request, client=client), 403, "FORBIDDEN")
            problem(self, client.get("/api/v1/policy-domains"), 403, "FORBIDDEN")
            problem(self, client.request("PUT", "/api/v1/policy-domains/mine", json_body=document("todo")), 403, "FORBIDDEN")
        if "pep.one" not in self.stack.accounts:
            self.stack.add_accounts({"pep.one": ("-", "-", "decision-client", "سامانه دیگر")})
        asker = self.stack.client("pep.one")
        self.assertTrue(self.ask("/access/v1/evaluation", request, client=asker).json()["decision"])
        problem(self, asker.request("PUT", "/api/v1/policy-domains/mine", json_body=document("todo")), 403, "FORBIDDEN")
        problem(self, asker.get("/api/v1/judges"), 403, "FORBIDDEN")

    def test_the_record_keeps_what_was_decided_and_no_names(self):
        request = {"subject": {"type": "user", "id": "alice", "properties": {"secret": "kept-nowhere"}}, "action": {"name": "read"},
                   "resource": {"type": "record", "id": "record-1"}}
        body = json.dumps(request)
        answer = self.admin.request("POST", "/access/v1/records/evaluation", body=body, headers={"Content-Type": "application/json"})
        entry = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{answer.header('Audit-Index')}").json()
        self.assertEqual((entry["action"], entry["outcome"]), ("decision:evaluate", "permitted"))
        for part in ("domain=records", "decisions=1", "permitted=1", answer.json()["context"]["policy"]["digest"],
                     f"request_sha256={hashlib.sha256(body.encode()).hexdigest()}"):
            self.assertIn(part, entry["detail"])
        self.assertNotIn("alice", json.dumps(entry))

    def test_hostile_bodies_end_well(self):
        deep = '{"subject":' * 40 + "1" + "}" * 40
        for body in (deep, '{"subject":{"type":"user","type":"user","id":"alice"}}', '{"a":1e308}', '{"a":1e999}', '"\\ud800"', "{}", "[]",
                     '{"subject":{"type":"user","id":"\\u0000"}}', "\xff\xfe", '{"subject":' + "[" * 5000, "x" * 100000):
            answer = self.admin.request("POST", "/access/v1/records/evaluation", body=body.encode("latin-1"),
                                        headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400, body[:60])
        big = json.dumps({**self.scenario["cases"][0]["request"], "pad": ["x" * 1000] * 1200})
        self.assertEqual(self.admin.request("POST", "/access/v1/records/evaluation", body=big,
                                            headers={"Content-Type": "application/json"}).status, 413)
        self.admin.close()

    def test_a_good_question_with_one_hostile_thing_in_it(self):
        """Each is refused for that thing: without it the same body is answered."""
        good = json.dumps(self.scenario["cases"][0]["request"])
        for member, status in (('"x": "harmless"', 200), ('"x": 1e308', 200), ('"x": 1, "x": 2', 400), ('"subject": {"type": "user", "id": "alice"}', 400),
                               ('"x": "\\ud800"', 400), ('"x": "\\u0000"', 400), ('"x": 1e999', 400), ('"x": ' + "[" * 200 + "]" * 200, 400),
                               ('"x": NaN', 400), ('"x": 01', 400), ('"\\ud800": 1', 400)):
            body = good[:-1] + ", " + member + "}"
            answer = self.admin.request("POST", "/access/v1/records/evaluation", body=body.encode(), headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, status, f"{member[:60]} {answer}")
        self.admin.close()

    def test_many_at_once_while_the_document_changes(self):
        """Every answer is of one of the two versions, whole."""
        def put_next():
            """alice writes in odd versions only."""
            present = self.admin.get("/api/v1/policy-domains/busy")
            version = present.json()["version"] + 1 if present.status == 200 else 1
            body = document("records")
            body["entities"]["subjects"][0]["roles"] = ["writer"] if version % 2 else ["reader"]
            self.assertIn(self.put("busy", body).status, (200, 201))

        put_next()
        clients = [self.stack.client("admin.one").with_token(self.admin.token) for _ in range(4)]

        def ask(client):
            found = set()
            for _ in range(60):
                answer = client.post("/access/v1/busy/evaluation", {
                    "subject": {"type": "user", "id": "alice"}, "action": {"name": "write"}, "resource": {"type": "record", "id": "record-1"}})
                decided = answer.json()
                found.add((decided["decision"], decided["context"]["policy"]["domain_version"] % 2))
            return found

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            running = [pool.submit(ask, client) for client in clients]
            for _ in range(20):
                put_next()
            seen = set().union(*(one.result() for one in running))
        for client in clients:
            client.close()
        self.assertEqual(seen, {(True, 1), (False, 0)})


class Own(AuthZen):
    """Sanjeh's own policy, asked about accounts: the answers are those that the routes give."""

    def own(self, subject, action, kind, bare="", **properties):
        answer = self.admin.post(f"/access/v1/evaluation{bare}", {
            "subject": {"type": "account", "id": subject}, "action": {"name": action},
            "resource": {"type": kind, "id": "x", "properties": properties}})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def test_answers_are_those_of_the_routes(self):
        """What everybody may list in the own unit: the decision point and the route agree for every account and collection."""
        kinds = {"judge": "judges", "fact": "facts", "indicator": "indicators", "contribution": "contributions", "cycle": "cycles",
                 "evaluation": "evaluations", "account": "accounts", "template": "templates", "survey": "surveys", "posting": "postings"}
        for name in ("hrd.manager", "hrd.contributor", "sit.manager", "sit.analyst", "security.officer", "admin.one", "judge.one", "board.one"):
            client = self.stack.client(name)
            unit = client.get("/api/v1/me").json()
            judge = self.stack.sql(f"select coalesce(judge_id::text, '') from sanjeh.account where username = '{name}'")
            about = {"unit": unit["unit"]} if unit["unit"] else {}
            about |= {"judge": judge} if judge else {}
            for kind, collection in kinds.items():
                decided = self.own(name, "list", kind, file=self.seat(name), **about)["decision"]
                self.assertEqual(client.get(f"/api/v1/{collection}?limit=1").status == 200, decided, (name, kind))

    def seat(self, name):
        return self.stack.sql("select coalesce(min(evaluation_id::text), 'none') from sanjeh.seat where ended_at is null and account_id = "
                              f"'{self.stack.accounts[name]['id']}'")

    def test_scopes(self):
        judge = self.stack.sql("select judge_id from sanjeh.account where username = 'judge.one'")
        self.assertTrue(self.own("hrd.manager", "read", "judge", unit="HRD")["decision"])
        self.assertFalse(self.own("hrd.manager", "update", "judge", unit="SIT")["decision"])
        self.assertFalse(self.own("hrd.manager", "update", "judge")["decision"], "an object of no known unit")
        self.assertTrue(self.own("judge.one", "read", "judge", judge=judge)["decision"])
        self.assertFalse(self.own("judge.two", "read", "judge", judge=judge)["decision"])
        self.assertFalse(self.own("nobody", "read", "judge", unit="HRD")["decision"])
        self.assertEqual(self.own("admin.one", "read", "judge", unit="HRD")["context"]["reason_user"], "E_SEPARATION")
        self.assertEqual(self.own("admin.one", "read", "judge", "?bare=1"), {"decision": False})
        by_id = self.own(self.stack.accounts["security.officer"]["id"], "read", "audit")
        self.assertTrue(by_id["decision"])
        self.assertEqual(self.own("security.officer", "read", "audit")["decision"], True)

    def test_fields_are_those_of_the_policy(self):
        self.assertEqual(set(self.own("sit.analyst", "read", "judge", unit="SIT")["context"]["fields"]["read"]), {"id", "status"})

    def test_searches(self):
        def search(what, body):
            return self.admin.post(f"/access/v1/search/{what}", body).json()["results"]
        found = search("subject", {"subject": {"type": "account"}, "action": {"name": "read"}, "resource": {"type": "audit", "id": "1"}})
        self.assertEqual([item["id"] for item in found], [self.stack.accounts["security.officer"]["id"]])
        self.assertEqual(search("subject", {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "audit", "id": "1"}}), [])
        found = search("action", {"subject": {"type": "account", "id": "sit.analyst"}, "resource": {"type": "fact", "id": "1",
                                                                                                 "properties": {"unit": "SIT"}}})
        self.assertEqual([item["name"] for item in found], ["list", "read"])
        self.assertEqual(search("resource", {"subject": {"type": "account", "id": "sit.analyst"}, "action": {"name": "read"},
                                             "resource": {"type": "fact"}}), [], "Sanjeh's own things are not listed")

    def test_batches_and_strangers(self):
        body = {"action": {"name": "read"}, "resource": {"type": "audit", "id": "1"},
                "evaluations": [{"subject": {"type": "account", "id": name}} for name in ("security.officer", "admin.one", "no.such", "'; --")]}
        found = self.admin.post("/access/v1/evaluations?bare=1", body).json()
        self.assertEqual(found, {"evaluations": [{"decision": value} for value in (True, False, False, False)]})
        problem(self, self.stack.client("hrd.manager").post("/access/v1/evaluation", body), 403, "FORBIDDEN")
        problem(self, self.admin.post("/access/v1/evaluation", {"subject": {"type": "account", "id": "x"}}), 400, "BAD_REQUEST")
        self.assertEqual(self.stack.anonymous().get("/.well-known/authzen-configuration").json()["policy_decision_point"],
                         f"https://localhost:{self.stack.port}")

    def test_a_disabled_account_holds_nothing(self):
        if "own.gone" not in self.stack.accounts:
            self.stack.add_accounts({"own.gone": ("-", "-", "security-officer", "رفته")})
        self.assertTrue(self.own("own.gone", "read", "audit")["decision"])
        self.stack.sql("update sanjeh.account set status = 'disabled' where username = 'own.gone'")
        self.assertFalse(self.own("own.gone", "read", "audit")["decision"])


del AuthZen  # only its children are tests

if __name__ == "__main__":
    unittest.main()
