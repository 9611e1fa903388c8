# SPDX-License-Identifier: Apache-2.0
"""Many signed-in people at one server at the same moment: each with an account, a session and a kept TLS connection of his own; all
requests of a round go out at once, every answer is read to its end and timed."""

import concurrent.futures
import http.client
import json
import pathlib
import resource
import secrets
import select
import socket
import ssl
import subprocess
import time

from sanjeh_client import Client, CodeBook

SOURCES = 200  # loopback addresses that sign-ins come from: one source may try only so often
CHUNK = 65536


def allow_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def make_account(stack, number):
    """A judge's account by the command line, as an administrator makes it: (username, password, TOTP secret)."""
    username, password = f"crowd.{number:05d}", secrets.token_urlsafe(18)
    at = stack.folder / f"password-{number}"
    at.touch(mode=0o600)
    at.write_text(password)
    done = subprocess.run([str(pathlib.Path(stack.build) / "server/sanjeh"), "account", "create", "--username", username, "--display-name",
                           f"قاضی {number}", "--roles", "judge", "--judge-unit", "HRD", "--judge-number", f"B-{number:07d}",
                           "--password-file", str(at), "--json", "--config", str(stack.folder / "sanjehd.conf")],
                          capture_output=True, text=True)
    at.unlink()
    if done.returncode != 0:
        raise RuntimeError(f"account {username}: {done.stderr[-500:]}")
    return username, password, json.loads(done.stdout)["totp_secret"]


class FromSource(Client):
    """A client whose connections come from one of the loopback addresses."""

    def __init__(self, stack, number):
        super().__init__(stack.port, stack.ca_file)
        self.source = f"127.0.0.{2 + number % SOURCES}"

    def _send(self, *args):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=self.timeout,
                                                          source_address=(self.source, 0))
        return super()._send(*args)


def token_of(stack, number, account):
    client = FromSource(stack, number)
    try:
        codes = CodeBook(account[2])
        answer = client.sign_in(account[0], account[1], codes)
        if answer.status == 401:  # its first code was of the step before, which ended on the way
            answer = client.sign_in(account[0], account[1], codes)
    finally:
        client.close()
    if answer.status != 200:
        raise RuntimeError(f"{account[0]} could not sign in: {answer!r}")
    return answer.json()["token"]


def sessions(stack, count):
    """(tokens of that many people, seconds for the accounts, seconds for the sign-ins); both at four at a time."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        accounts = list(pool.map(lambda number: make_account(stack, number), range(1, count + 1)))
        made = time.monotonic()
        tokens = list(pool.map(lambda pair: token_of(stack, *pair), enumerate(accounts)))
    return tokens, made - began, time.monotonic() - made


class Person:
    """One kept connection; answer is the last response: (status, headers in lower case, body)."""

    def __init__(self, context, port, token):
        raw = socket.create_connection(("localhost", port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self.socket.setblocking(False)
        self.token = token
        self.unsent = self.taken = b""
        self.answer = None
        self.began = self.seconds = 0.0

    def ask(self, method, path, body=None, etag=None):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
        if etag:
            head += f"If-Match: {etag}\r\n"
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        self.unsent = head.encode() + b"\r\n" + data
        self.taken, self.answer = b"", None

    def send(self):
        """True when everything is out."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent):]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        return not self.unsent

    def receive(self):
        """True when the answer is complete."""
        try:
            while True:
                piece = self.socket.recv(CHUNK)
                if not piece:
                    raise RuntimeError(f"the server closed a connection after {self.taken[:200]!r}")
                self.taken += piece
                if self.parse():
                    return True
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False

    def parse(self):
        end = self.taken.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = self.taken[:end].decode().split("\r\n")
        headers = dict((name.lower(), value) for name, value in (line.split(": ", 1) for line in lines[1:]))
        length = int(headers.get("content-length", 0))
        if len(self.taken) < end + 4 + length:
            return False
        self.answer = (int(lines[0].split()[1]), headers, self.taken[end + 4:])
        return True


def connect(stack, tokens):
    context = ssl.create_default_context(cafile=str(stack.ca_file))
    return [Person(context, stack.port, token) for token in tokens]


def at_once(people, seconds=120):
    """Sends what each has asked and reads all answers; sorted seconds from each one's own first byte out to its last in."""
    poller = select.epoll()
    by_number = {person.socket.fileno(): person for person in people}
    for number, person in by_number.items():
        person.began = time.monotonic()
        poller.register(number, select.EPOLLIN | (0 if person.send() else select.EPOLLOUT))
    waiting, deadline = len(people), time.monotonic() + seconds
    while waiting:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{waiting} of {len(people)} have no answer after {seconds} s")
        for number, events in poller.poll(1.0):
            person = by_number[number]
            if person.unsent and person.send():
                poller.modify(number, select.EPOLLIN)
            if events & ~select.EPOLLOUT and person.receive():
                person.seconds = time.monotonic() - person.began
                poller.unregister(number)
                waiting -= 1
    poller.close()
    return sorted(person.seconds for person in people)
