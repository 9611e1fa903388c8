# SPDX-License-Identifier: Apache-2.0
"""A transparency log and a witness for tests, written a second time from the standards (RFC 6962, C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-witness): nothing of ours is in it but the programs under test. Ed25519 is openssl's."""

import base64
import hashlib
import http.client
import pathlib
import signal
import ssl
import subprocess
import time

from stack import ROOT, free_port, run


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split_of(count):
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def root_of(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split_of(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def consistency(m, leaves, whole=True):
    """RFC 6962 2.1.2, SUBPROOF."""
    if m == len(leaves):
        return [] if whole else [root_of(leaves)]
    k = split_of(len(leaves))
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root_of(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root_of(leaves[:k])]


def inclusion(m, leaves):
    """RFC 6962 2.1.1, PATH."""
    if len(leaves) == 1:
        return []
    k = split_of(len(leaves))
    if m < k:
        return inclusion(m, leaves[:k]) + [root_of(leaves[k:])]
    return inclusion(m - k, leaves[k:]) + [root_of(leaves[:k])]


def b64(data):
    return base64.b64encode(data).decode()


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey_of(name, kind, public):
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


class Key:
    def __init__(self, folder, name, kind=1):
        self.name, self.kind = name, kind
        self.path = pathlib.Path(folder) / f"{name.replace('/', '_')}.{kind}.pem"
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path)
        spki = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"], check=True,
                              capture_output=True).stdout
        self.public = spki[-32:]
        self.vkey = vkey_of(name, kind, self.public)

    def sign(self, message):
        text = self.path.with_suffix(".text")
        text.write_bytes(message)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", text], check=True,
                              capture_output=True).stdout

    def line(self, text):
        return f"— {self.name} {b64(key_id(self.name, self.kind, self.public) + self.sign(text.encode()))}\n"

    def cosign(self, text, seconds):
        signed = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        blob = key_id(self.name, self.kind, self.public) + seconds.to_bytes(8, "big") + self.sign(signed)
        return f"— {self.name} {b64(blob)}\n"


class Log:
    """Entries, and what the log signs about them."""

    def __init__(self, key, entries):
        self.key, self.entries = key, list(entries)
        self.leaves = [leaf_hash(entry) for entry in self.entries]

    def text(self, size, extension=""):
        return f"{self.key.name}\n{size}\n{b64(root_of(self.leaves[:size]))}\n{extension}"

    def checkpoint(self, size, extension=""):
        text = self.text(size, extension)
        return f"{text}\n{self.key.line(text)}"

    def request(self, old, size):
        proof = consistency(old, self.leaves[:size]) if 0 < old < size else []
        return f"old {old}\n" + "".join(f"{b64(one)}\n" for one in proof) + "\n" + self.checkpoint(size)


class Witness:
    """A running sanjeh-witness in a folder of its own."""

    def __init__(self, folder, build, name, logs, certs):
        self.folder, self.name = pathlib.Path(folder) / name, name
        self.program = pathlib.Path(build) / "server/sanjeh-witness"
        self.folder.mkdir(parents=True)
        self.port, self.certs, self.process = free_port(), pathlib.Path(certs), None
        self.vkey = run(self.program, "--make-key", self.folder / "key", "--name", name).stdout.strip()
        self.trust(logs)
        self.config = self.folder / "witness.conf"
        self.config.write_text(f"""[witness]
port = {self.port}
cert_file = {self.certs}/server.pem
tls_key_file = {self.certs}/server.key
key_file = {self.folder}/key
policy_file = {self.folder}/policy
state = {self.folder}/state
""")

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def trust(self, logs):
        (self.folder / "policy").write_text("".join(f"log {vkey}\n" for vkey in logs) + "quorum none\n")

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([self.program, "--config", self.config], stderr=log, stdout=log)
        log.close()
        deadline = time.time() + 60
        while time.time() < deadline:
            try:
                if self.get("/healthz")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.02)
            if self.process.poll() is not None:
                break
        raise RuntimeError(f"{self.name} did not start\n{self.log()}")

    def stop(self, how=signal.SIGTERM):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(15) if self.process is not None else None
        self.process = None
        return code

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def ask(self, method, path, body=None, headers=None):
        context = ssl.create_default_context(cafile=self.certs / "ca.pem")
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=15)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", path)

    def add(self, request, headers=None):
        return self.ask("POST", "/add-checkpoint", request.encode() if isinstance(request, str) else request, headers)

    def copy(self, origin):
        return self.get(f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")


def make_certs(folder):
    run(ROOT / "certs-example/make-certs", folder, "localhost")
    return pathlib.Path(folder)
