# SPDX-License-Identifier: Apache-2.0
"""Can an outsider rebuild the tree over HTTP with SHA-256 alone, and are proofs those of RFC 6962 (C2SP tlog-tiles, tlog-proof)?"""

import base64
import hashlib
import unittest

from stack import SharedTest, problem, recorded

ABSENT = ("0/x000/000", "0/0", "0/00", "0/0000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000/", "0/000.p", "64/000",
          "-1/000", "entries/x", "entries/000.p/", "x/000", "00/000", "0/x001", "0/001/000", "0/..%2f", "%30/000")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaves):
    """MTH of RFC 6962 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\1", root_of(leaves[:k]), root_of(leaves[k:]))


def climb(index, size, leaf, proof):
    """@cite RFC 9162 2.1.3.2"""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        assert sn, "the proof is too long"
        if fn & 1 or fn == sn:
            r = sha(b"\1", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\1", r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, "the proof is too short"
    return r


def consistent(old, new, proof):
    """@cite RFC 9162 2.1.4.2; the roots that the proof implies."""
    (m, root1), n = old, new
    if m & (m - 1) == 0:
        proof = [root1, *proof]
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        assert sn
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\1", c, fr), sha(b"\1", c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\1", sr, c)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return fr, sr


def name_of(n):
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03d}")
    return "/".join(groups)


class Tree(SharedTest):
    def setUp(self):
        self.officer = self.stack.client("security.officer")

    def checkpoint(self):
        answer = self.officer.get("/audit/checkpoint")
        self.assertEqual(answer.status, 200, answer)
        origin, size, root = answer.body.decode().splitlines()[:3]
        return origin, int(size), base64.b64decode(root)

    def tile(self, level, n, width):
        part = f".p/{width}" if width < 256 else ""
        answer = self.officer.get(f"/audit/tile/{level}/{name_of(n)}{part}")
        self.assertEqual(answer.status, 200, (level, n, width, answer))
        recorded(self, answer)
        return answer.body

    def entries(self, size):
        found = []
        for n in range(0, (size + 255) // 256):
            body = self.tile("entries", n, min(256, size - 256 * n))
            while body:
                length = int.from_bytes(body[:2], "big")
                found.append(body[2:2 + length])
                body = body[2 + length:]
        return found

    def test_tiles_checkpoint_and_proofs_describe_one_tree(self):
        _, size, root = self.checkpoint()
        leaves = [sha(b"\0", entry) for entry in self.entries(size)]
        self.assertEqual(len(leaves), size)
        self.assertEqual(root_of(leaves), root)
        level, nodes = 0, leaves
        while nodes:
            for n in range(0, (len(nodes) + 255) // 256):
                part = nodes[256 * n:256 * n + 256]
                self.assertEqual(self.tile(level, n, len(part)), b"".join(part), (level, n))
            nodes = [root_of(nodes[i:i + 256]) for i in range(0, len(nodes) - 255, 256)]
            level += 1
        for index in sorted({0, 1, min(255, size - 1), min(256, size - 1), size // 2, size - 1}):
            lines = self.proof(index)
            proven = int(lines["checkpoint"].splitlines()[1])
            self.assertEqual(climb(index, proven, leaves[index], lines["hashes"]),
                             base64.b64decode(lines["checkpoint"].splitlines()[2]))
        for old in sorted({1, 2, min(255, size), min(256, size), min(257, size), size // 2, size - 1, size}):
            answer = self.officer.get(f"/api/v1/audit/consistency?old={old}&new={size}")
            self.assertEqual(answer.status, 200, answer)
            document = answer.json()
            self.assertEqual((document["old"]["size"], document["new"]["size"]), (old, size))
            told = [base64.b64decode(document[name]["root"]) for name in ("old", "new")]
            self.assertEqual(told, [root_of(leaves[:old]), root])
            proof = [base64.b64decode(text) for text in document["proof"]]
            if old < size:
                self.assertEqual(consistent((old, told[0]), size, proof), tuple(told))
            else:
                self.assertEqual(proof, [])

    def proof(self, index, query=""):
        answer = self.officer.get(f"/api/v1/audit/proof/{index}{query}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.header("Content-Type"), "text/plain; charset=utf-8")
        head, checkpoint = answer.body.decode().split("\n\n", 1)
        lines = head.split("\n")
        self.assertEqual(lines[:2], ["c2sp.org/tlog-proof@v1", f"index {index}"])
        return {"hashes": [base64.b64decode(line, validate=True) for line in lines[2:]], "checkpoint": checkpoint}

    def test_a_proof_for_an_older_size_carries_its_own_checkpoint(self):
        _, size, _ = self.checkpoint()
        self.officer.get("/api/v1/me")  # its batch stores the note of that size
        older = self.proof(3, f"?size={size}")
        self.assertEqual(int(older["checkpoint"].splitlines()[1]), size)
        entry = bytes.fromhex(self.stack.sql("select encode(entry, 'hex') from sanjeh.audit_entry where idx = 3"))
        self.assertEqual(climb(3, size, sha(b"\0", entry), older["hashes"]), base64.b64decode(older["checkpoint"].splitlines()[2]))
        problem(self, self.officer.get(f"/api/v1/audit/proof/3?size={size + 10 ** 9}"), 404, "NOT_FOUND")
        problem(self, self.officer.get(f"/api/v1/audit/proof/{10 ** 12}"), 404, "NOT_FOUND")
        for query in ("size=x", "size=-1", "size=01", "sise=4", "size=4&x=1"):
            problem(self, self.officer.get(f"/api/v1/audit/proof/3?{query}"), 400, "BAD_PARAMETER")
        for query in ("", "?old=x", "?old=5&new=4", "?old=5&newer=6", "?new=7"):
            problem(self, self.officer.get(f"/api/v1/audit/consistency{query}"), 400, "BAD_PARAMETER")
        problem(self, self.officer.get(f"/api/v1/audit/consistency?old=1&new={10 ** 12}"), 404, "NOT_FOUND")

    def test_types_and_caching_are_those_of_the_specification(self):
        answer = self.officer.get("/audit/checkpoint")
        self.assertEqual(answer.header("Content-Type"), "text/plain; charset=utf-8")
        self.assertEqual(answer.header("Cache-Control"), "private, max-age=1")
        tile = self.officer.get("/audit/tile/0/000.p/1")
        self.assertEqual(tile.header("Content-Type"), "application/octet-stream")
        self.assertIn("immutable", tile.header("Cache-Control"))
        self.assertIn("private", tile.header("Cache-Control"))
        for answer in (answer, tile):
            self.assertEqual(answer.header("Vary"), "Authorization, Cookie")
            recorded(self, answer)
        missing = self.officer.get("/audit/tile/0/x999/999")
        self.assertEqual(missing.header("Cache-Control"), "no-store", "an absence does not last")

    def test_a_name_that_is_not_canonical_is_400_and_an_absent_tile_404(self):
        _, size, _ = self.checkpoint()
        while size % 256 > 180:  # what is asked for below must not fill the tile
            _, size, _ = self.checkpoint()
        for name in ABSENT:
            answer = self.officer.get(f"/audit/tile/{name}")
            problem(self, answer, 400)
            recorded(self, answer)
        last = size // 256
        for name in (f"0/{name_of(last)}", f"0/{name_of(last + 9)}.p/1", "9/000.p/1", "63/000", f"entries/{name_of(last + 9)}",
                     f"0/{name_of(last)}.p/255" if size % 256 < 200 else f"0/{name_of(last + 1)}.p/255"):
            problem(self, self.officer.get(f"/audit/tile/{name}"), 404, "NOT_FOUND")
        for path in ("/audit/tile", "/audit/tile/", "/audit/tiles/0/000", "/audit/"):
            problem(self, self.officer.get(path), 404, "NOT_FOUND")


if __name__ == "__main__":
    unittest.main()
