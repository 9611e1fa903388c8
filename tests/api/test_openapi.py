# SPDX-License-Identifier: Apache-2.0
"""Do the document, the route table and the server agree?"""

import re
import unittest

from stack import SharedTest, run

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


class OpenApi(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.stack.anonymous().get("/api/v1/openapi.json").json()
        lines = run(cls.stack.build / "server/sanjehd", "--routes").stdout.splitlines()
        cls.routes = {tuple(line.split()[:2]) for line in lines if line.strip()}

    def documented(self):
        return {(method.upper(), path) for path, item in self.document["paths"].items() for method in item if method in METHODS}

    def test_it_is_openapi_3_1(self):
        self.assertRegex(self.document["openapi"], r"^3\.1\.\d+$")
        self.assertTrue(self.document["info"]["version"])

    def test_every_route_is_documented_and_nothing_else(self):
        self.assertTrue(self.routes)
        self.assertEqual(self.documented() ^ self.routes, set())

    def test_references_and_parameters_resolve(self):
        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    yield node["$ref"]
                for value in node.values():
                    yield from walk(value)
            elif isinstance(node, list):
                for value in node:
                    yield from walk(value)
        for reference in walk(self.document):
            node = self.document
            self.assertTrue(reference.startswith("#/"), reference)
            for part in reference[2:].split("/"):
                self.assertIn(part.replace("~1", "/"), node, reference)
                node = node[part.replace("~1", "/")]
        for path, item in self.document["paths"].items():
            names = set(re.findall(r"\{(\w+)\}", path))
            for method in METHODS:
                if method in item:
                    given = {parameter.get("name") or self.resolve(parameter["$ref"])["name"]
                             for parameter in item.get("parameters", []) + item[method].get("parameters", [])}
                    self.assertLessEqual(names, given, f"{method} {path}")

    def resolve(self, reference):
        node = self.document
        for part in reference[2:].split("/"):
            node = node[part]
        return node

    def test_every_read_route_refuses_a_stranger_and_records_a_session(self):
        """Coverage of the record: no route answers a session without an entry (AUDIT 4.1, attack 22)."""
        open_routes = {"/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/.well-known/authzen-configuration", "/.well-known/authzen-configuration/{domain}"}
        client, stranger = self.stack.client("hrd.manager"), self.stack.anonymous()
        for method, path in sorted(self.routes):
            if method != "GET" or path in open_routes:
                continue
            target = re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", path)
            with self.subTest(target):
                self.assertIn(stranger.get(target).status, (401, 404))
                answer = client.get(target)
                self.assertTrue(answer.header("Audit-Index"), answer)


if __name__ == "__main__":
    unittest.main()
