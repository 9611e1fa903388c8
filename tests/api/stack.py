#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Sanjeh for the black-box tests: private cluster, the built programs, real accounts, real data.

  stack.py up FOLDER --build DIR      the stack that most tests share (ctest fixture)
  stack.py down FOLDER

Tests that break things make their own with Stack.own(). Environment: SANJEH_STACK (folder of the shared stack),
SANJEH_BUILD (build folder), SANJEH_LONG=1 (the full rounds).
"""

import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import demo_load  # noqa: E402
import on_record  # noqa: E402
from sanjeh_client import Client, CodeBook  # noqa: E402

LONG = os.environ.get("SANJEH_LONG") == "1"
SOURCE = ROOT / "tests/data/real"
# The program itself where there is one: what the distribution puts in the path picks a version first, at four times the cost.
PSQL = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"), default="psql")
# username: unit, compartment, roles, display name, judge, whether the account is an office's and the judge its holder
ACCOUNTS = {
    "hrd.manager": ("HRD", "-", "unit-manager,process-owner", "مدیر منابع انسانی"),
    "hrd.contributor": ("HRD", "-", "unit-contributor", "کارشناس منابع انسانی"),
    "sc.manager": ("SC", "-", "unit-manager,sample-office", "مدیر دیوان عالی کشور"),
    "jdpe.manager": ("JDP", "JDP-E", "unit-manager,issuer", "مدیر ارزشیابی"),
    "jdpd.manager": ("JDP", "JDP-D", "unit-manager,gate-keeper", "مدیر انتظامی"),
    "sit.manager": ("SIT", "-", "unit-manager,statistics-office", "مدیر مرکز آمار"),
    "sit.analyst": ("SIT", "-", "analyst", "تحلیلگر مرکز آمار"),
    "security.officer": ("-", "-", "security-officer", "مسئول امنیت"),
    "admin.one": ("-", "-", "administrator", "راهبر یکم"),
    "policy.author": ("-", "-", "policy-author", "نویسنده سیاست"),
    "signer.one": ("-", "-", "policy-signer", "امضاکننده یکم"),
    "signer.two": ("-", "-", "policy-signer", "امضاکننده دوم"),
    "signer.three": ("-", "-", "policy-signer", "امضاکننده سوم"),
}
JUDGES = {
    "judge.one": ("-", "-", "judge", "قاضی یکم", "HRD:HRD-0001"),
    "judge.two": ("-", "-", "judge", "قاضی دوم", "HRD:HRD-0002"),
}
# Most are judges as persons; after the roster, like the judges.
EVALUATORS = {
    name: (unit, "-", "evaluator", f"ارزیاب {name}", *((f"HRD:{judge}", "person") if judge else ()))
    for name, unit, judge in (
        ("board.one", "SC", "HRD-0031"), ("board.two", "SC", "HRD-0032"), ("board.three", "AGO", "HRD-0033"),
        ("board.four", "SC", "HRD-0034"), ("board.five", "HRD", None), ("board.six", "HRD", None),
        ("appeal.one", "SC", "HRD-0035"), ("appeal.two", "SC", "HRD-0036"), ("appeal.three", "AGO", None),
        ("reviewer.one", "SC", "HRD-0037"), ("reviewer.two", "SC", "HRD-0038"))
}
# Managers without an office: what an office does not contribute, a unit still may.
REGISTERS = {
    "hrd.register": ("HRD", "-", "unit-manager", "دفتر ثبت منابع انسانی"),
    "sc.register": ("SC", "-", "unit-manager", "دفتر ثبت دیوان"),
    "jdpe.register": ("JDP", "JDP-E", "unit-manager", "دفتر ثبت ارزشیابی"),
    "jdpd.register": ("JDP", "JDP-D", "unit-manager", "دفتر ثبت انتظامی"),
    "sit.register": ("SIT", "-", "unit-manager", "دفتر ثبت آمار"),
}
# For tests of the sign-in itself: each test has one of its own, because a code works once in 30 seconds.
SIGN_IN = {f"sign.in{number}": ("AGO", "-", "unit-contributor", f"آزمون ورود {number}") for number in range(1, 17)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, env=None, check=True, timeout=300, stdin=""):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace", input=stdin,
                          timeout=timeout, env={**os.environ, **(env or {})})
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout[-2000:]}\n"
                           f"{done.stderr[-4000:]}")
    return done


def fresh_instance(build):
    """A stopped instance without accounts, made once for this build of the programs and these scripts."""
    digest = hashlib.sha256()
    for path in (pathlib.Path(build) / "server/sanjeh", ROOT / "migrations/roles.sql",
                 *(ROOT / "scripts" / name for name in ("instance", "cluster", "lib.sh", "units.txt"))):
        digest.update(path.read_bytes())
    folder = pathlib.Path(build) / "api-fresh" / digest.hexdigest()[:16]
    folder.parent.mkdir(exist_ok=True)
    with open(folder.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            for old in folder.parent.iterdir():
                if old.is_dir():
                    run(ROOT / "scripts/instance", "stop", old, check=False)
                    shutil.rmtree(old)
            run(ROOT / "scripts/instance", "create", folder, "--build", build, "--port", "1")
            run(ROOT / "scripts/cluster", "stop", folder / "pg")
            (folder / "pg/socket-name").unlink(missing_ok=True)
            (folder / "ready").touch()
    return folder


class RecordedClient(Client):
    """Keeps what the record must know of each answer: a line in the stack's `answers`, for on_record.py."""

    def __init__(self, stack, **kw):
        super().__init__(stack.port, stack.ca_file, **kw)
        self.stack = stack

    def with_token(self, token):
        return RecordedClient(self.stack, token=token, timeout=self.timeout, host=self.host)

    def _send(self, method, path, body, headers):
        answer = super()._send(method, path, body, headers)
        on_record.keep(self.stack.answers, method, path, answer, bool(headers.get("Authorization")))
        return answer


class Stack:
    def __init__(self, folder, build, env=None):
        self.folder = pathlib.Path(folder)
        self.build = pathlib.Path(build)
        self.env = env or {}
        self.is_tampered = False  # its record is not what its server wrote, so its answers are not looked for in it
        self._books = {}
        self._clients = {}
        self._dsns = {}

    # ---- making and ending -----------------------------------------------------------------------------------

    @classmethod
    def shared(cls):
        folder = os.environ.get("SANJEH_STACK")
        if not folder or not (pathlib.Path(folder) / "stack.json").exists():
            raise unittest.SkipTest("SANJEH_STACK names no running stack: run through ctest or scripts/dev test")
        return cls(folder, os.environ["SANJEH_BUILD"])

    @classmethod
    def own(cls, accounts=("hrd.manager", "security.officer"), env=None, before_start=None):
        """A fresh, running stack that the caller must destroy(). before_start is given the stack when everything but the server is there."""
        build = os.environ["SANJEH_BUILD"]
        folder = tempfile.mkdtemp(prefix="sanjeh-own-", dir=build)
        os.chmod(folder, 0o755)
        stack = cls(folder, build, env)
        try:
            stack.create({name: ACCOUNTS[name] for name in accounts}, before_start)
        except BaseException:
            stack.keep_log()
            stack.remove()
            raise
        return stack

    def instance(self, *args, **kw):
        return run(ROOT / "scripts/instance", args[0], self.folder, *args[1:], env=self.env, **kw)

    def cluster(self, *args, **kw):
        return run(ROOT / "scripts/cluster", args[0], self.folder / "pg", *args[1:], **kw)

    def create(self, accounts, before_start=None):
        """A copy of the build's fresh instance: making the cluster, its tables and units takes most of a start's time."""
        run("cp", "-a", "--reflink=auto", f"{fresh_instance(self.build)}/.", self.folder)
        self.instance("create", "--build", self.build, "--port", str(free_port()))
        self.add_accounts(accounts)
        if before_start is not None:
            before_start(self)
        self.start()

    def add_accounts(self, accounts):
        for name, account in accounts.items():
            self.instance("account", name, *account)

    def start(self, **kw):
        return self.instance("start", **kw)

    def stop(self):
        for client in self._clients.values():
            client.close()
        self.instance("stop")

    def destroy(self):
        """Also looks whether each answer that its tests were given stands in its record."""
        try:
            on_record.check(self)
        finally:
            self.remove()

    def remove(self):
        if (self.folder / "settings").exists():
            self.instance("stop", check=False)
        if (self.folder / "pg").exists():
            self.cluster("destroy", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep_log(self):
        log = self.folder / "sanjehd.log"
        if log.exists():
            sys.stderr.write(log.read_text(errors="replace")[-4000:])

    # ---- what it is ------------------------------------------------------------------------------------------

    @property
    def port(self):
        settings = (self.folder / "settings").read_text().splitlines()
        return int(next(line for line in settings if line.startswith("port="))[5:])

    @property
    def ca_file(self):
        return self.folder / "certs/ca.pem"

    @property
    def answers(self):
        return self.folder / "answers"

    @property
    def pid(self):
        return int((self.folder / "sanjehd.pid").read_text())

    @property
    def accounts(self):
        lines = (self.folder / "accounts.jsonl").read_text(encoding="utf-8").splitlines()
        return {account["username"]: account for account in map(json.loads, lines)}

    def log(self):
        return (self.folder / "sanjehd.log").read_text(errors="replace")

    def is_alive(self):
        try:
            os.kill(self.pid, 0)
            return "State:\tZ" not in pathlib.Path(f"/proc/{self.pid}/status").read_text()
        except (ProcessLookupError, FileNotFoundError):
            return False

    def child_pid(self, name):
        """A child of the front: sanjehd-keeper or sanjehd-press."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        found = [int(pid) for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name]
        assert len(found) == 1, f"sanjehd has {len(found)} of {name}"
        return found[0]

    def keeper_pid(self):
        return self.child_pid("sanjehd-keeper")

    def press_pid(self):
        return self.child_pid("sanjehd-press")

    # ---- using it --------------------------------------------------------------------------------------------

    def anonymous(self, **kw):
        return RecordedClient(self, **kw)

    def book(self, username):
        if username not in self._books:
            self._books[username] = CodeBook(self.accounts[username]["totp_secret"])
        return self._books[username]

    def sign_in(self, username):
        """A new session; the answer of the second factor."""
        return self.anonymous().sign_in(username, self.accounts[username]["password"], self.book(username))

    def client(self, username):
        """A signed-in client; the session is shared by the tests of one stack."""
        if username not in self._clients:
            saved = self.folder / "tokens.json"
            tokens = json.loads(saved.read_text()) if saved.exists() else {}
            if username not in tokens:
                answer = self.sign_in(username)
                if answer.status == 401:  # the loader or an earlier program used this code: take the next
                    answer = self.sign_in(username)
                if answer.status != 200:
                    raise RuntimeError(f"{username} could not sign in: {answer!r}")
                tokens[username] = answer.json()["token"]
                with open(os.open(saved, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                    json.dump(tokens, out)
            self._clients[username] = self.anonymous(token=tokens[username])
        return self._clients[username]

    def forget_sessions(self):
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        (self.folder / "tokens.json").unlink(missing_ok=True)

    def dsn(self, role="admin"):
        """Asked once for each place of the socket: a restart may move it."""
        place = role, (self.folder / "pg/socket").read_text()
        if place not in self._dsns:
            self._dsns[place] = self.cluster("dsn", role).stdout.strip()
        return self._dsns[place]

    def sql(self, text, role="admin", check=True):
        """Unaligned tuples of a script that stops at its first error."""
        done = run(PSQL, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(role), "-f", "-", stdin=text, check=check)
        return done.stdout.strip() if check else done

    def publish(self, template, owner=None):
        """The Supreme Court consents to a draft of criteria, the owner publishes it; the answer to the last."""
        path = f"/api/v1/templates/{template}"
        for client, deed in ((self.client("sc.manager"), "consent"), (owner or self.client("hrd.manager"), "publication")):
            answer = client.post(f"{path}/{deed}", {}, headers={"If-Match": client.get(path).header("ETag")})
            if answer.status != 200:
                raise RuntimeError(f"{deed}: {answer!r}")
        return answer

    def export(self, name="export.tar"):
        """The record as the security officer exports it; path of the tar."""
        officer = self.client("security.officer")
        officer.close()  # the server may have been another one since
        answer = officer.post("/api/v1/audit/exports", {"from": 0, "to": None})
        if answer.status != 200:
            raise RuntimeError(f"export: {answer!r}")
        path = self.folder / name
        path.write_bytes(answer.body)
        return path

    def verify(self, bundle, *options):
        self.instance("policy")
        return run(self.build / "server/sanjeh-verify", bundle, "--policy", self.folder / "audit.policy", *options, check=False)

    def wait_ready(self, seconds=60):
        """Until /readyz says 200."""
        deadline = time.time() + seconds
        while time.time() < deadline:
            try:
                client = self.anonymous(timeout=3)
                status = client.get("/readyz").status
                client.close()
                if status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"not ready within {seconds} s")

    def kill9(self):
        """Front and keeper at once, as the out-of-memory killer or a power cut would."""
        pids = [self.pid]
        try:
            pids.append(self.keeper_pid())
        except (AssertionError, FileNotFoundError):
            pass
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        deadline = time.time() + 10
        while time.time() < deadline and self.is_alive():
            time.sleep(0.02)


def problem(test, answer, status, code=None):
    """An RFC 9457 answer as CONTRACT 2 wants it; its document."""
    test.assertEqual(answer.status, status, answer)
    test.assertEqual(answer.header("Content-Type"), "application/problem+json", answer)
    document = answer.json()
    for name in ("type", "title", "detail", "code", "request_id"):
        test.assertIsInstance(document.get(name), str, f"{name} in {document}")
    test.assertEqual(document["status"], status)
    test.assertRegex(document["code"], r"^[A-Z][A-Z0-9_]+$")
    test.assertEqual(document["request_id"], answer.header("X-Request-Id"))
    for fault in document.get("errors", []):
        test.assertLessEqual({"pointer", "code", "detail"}, set(fault), fault)
    if code is not None:
        test.assertEqual(document["code"], code, document)
    return document


def recorded(test, answer):
    """The answer is on the record: index and leaf stand in its headers."""
    test.assertRegex(answer.header("X-Request-Id") or "", r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", answer)
    test.assertRegex(answer.header("Audit-Index") or "", r"^[0-9]+$", answer)
    test.assertRegex(answer.header("Audit-Leaf") or "", r"^[A-Za-z0-9+/]{43}=$", answer)
    return int(answer.header("Audit-Index"))


def as_app(stack, scopes, text):
    """SQL as sanjeh_app in a context that the keeper might have signed; the first line of its output is the context."""
    return stack.sql(f"""begin; select set_config('sanjeh.context', c.body || '.' || encode(sha256(k.outer_pad
            || sha256(k.inner_pad || convert_to(c.body, 'UTF8'))), 'hex'), true) from sanjeh.context_key k,
        (select format('v1.%s.%s', floor(extract(epoch from now()))::int8 + 60, '{",".join(scopes)}') as body) c;
        set local role sanjeh_app; {text}; commit;""", check=False)


class SharedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.shared()

    @classmethod
    def tearDownClass(cls):
        for client in cls.stack._clients.values():
            client.close()


def up(folder, build):
    # Short deadlines, so that the slow-drip tests need seconds; a long idle time for the shared sessions.
    env = {"SANJEH_HTTP_HEAD_DEADLINE_S": "4", "SANJEH_HTTP_BODY_DEADLINE_S": "6", "SANJEH_AUTHN_IDLE_S": "3600"}
    stack = Stack(folder, build, env)
    if stack.folder.exists():
        stack.remove()
    stack.folder.mkdir(parents=True)
    on_record.forget(build)
    try:
        stack.create({**ACCOUNTS, **SIGN_IN})
        accounts = stack.accounts
        demo_load.load(stack.anonymous(timeout=300), accounts, SOURCE)
        stack.add_accounts({**JUDGES, **EVALUATORS})
    except BaseException:
        stack.keep_log()
        raise
    (stack.folder / "stack.json").write_text(json.dumps({"port": stack.port}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("up", "down"))
    parser.add_argument("folder")
    parser.add_argument("--build", default=os.environ.get("SANJEH_BUILD"))
    args = parser.parse_args()
    if args.command == "up":
        up(args.folder, args.build)
    else:
        Stack(args.folder, args.build).remove()


if __name__ == "__main__":
    main()
