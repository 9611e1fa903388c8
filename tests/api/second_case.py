# SPDX-License-Identifier: Apache-2.0
"""A further sanjehd on a stack's database, with a keeper, a name, a port and a signer's memory of its own, as docs/KEYS.md and the
README tell an administrator to set it up."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import time

from sanjeh_client import Client
from stack import free_port, run


class Second:
    def __init__(self, stack, name):
        self.stack = stack
        self.name = name
        self.port = free_port()
        self.folder = stack.folder / f"server-{name}"
        self.conf = self.folder / "sanjehd.conf"
        self.process = None
        self.make()

    def make(self):
        """The first server's configuration with what must be this one's own."""
        text = (self.stack.folder / "sanjehd.conf").read_text()
        keys = self.folder / "signer"
        keys.mkdir(parents=True)
        os.chmod(self.folder, 0o755)
        os.chmod(keys, 0o700)
        keeper = re.search(r"^\[keeper\][^\[]*^user = (\S+)$", text, re.M)
        if keeper is not None:
            user = pwd.getpwnam(keeper.group(1))
            os.chown(keys, user.pw_uid, user.pw_gid)
        first = re.search(r"^signer_state = (.*)$", text, re.M).group(1)
        text = re.sub(r"^port = .*$", f"port = {self.port}", text, flags=re.M)
        text = re.sub(r"^signer_state = .*$", f"signer_state = {keys}/state\npayload_keys = {first}.payload", text, flags=re.M)
        text = re.sub(r"^recorder = .*$", f"recorder = {self.folder}/recorder", text, flags=re.M)
        text = re.sub(r"^\[audit\]$", f"[audit]\ninstance = {self.name}", text, flags=re.M)
        self.conf.write_text(text)

    @property
    def log_file(self):
        return self.folder / "sanjehd.log"

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def start(self, seconds=60):
        """Until /readyz answers 200 (one that runs is left alone); the exit status when it refuses to start."""
        if self.process is not None and self.process.poll() is None:
            return 0
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([self.stack.build / "server/sanjehd", "--config", self.conf], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.process.poll()
            if status is not None:
                return status
            if self.is_ready():
                return 0
            time.sleep(0.05)
        raise RuntimeError(f"server {self.name} is not ready within {seconds} s\n{self.log()[-3000:]}")

    def is_ready(self):
        client = self.client(None, timeout=2)
        try:
            return client.get("/readyz").status == 200
        except OSError:
            return False
        finally:
            client.close()

    def client(self, token, timeout=10):
        return Client(self.port, self.stack.ca_file, token, timeout)

    def keeper_pid(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(int(pid) for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "sanjehd-keeper")

    def kill9(self):
        """Front and keeper at once."""
        for pid in (self.process.pid, self.keeper_pid()):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def vkey(self):
        return run(self.stack.build / "server/sanjeh", "audit", "vkey", "--config", self.conf).stdout.strip()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def verify_both(stack, second, *options):
    """Exports and verifies with the keys of both servers; the finished sanjeh-verify."""
    bundle = stack.export()
    stack.instance("policy")
    first = (stack.folder / "audit.policy").read_text().splitlines()[0]
    policy = stack.folder / "both.policy"
    policy.write_text(f"{first}\nlog {second.vkey()}\nquorum none\n")
    return run(stack.build / "server/sanjeh-verify", bundle, "--policy", policy, *options, check=False)
