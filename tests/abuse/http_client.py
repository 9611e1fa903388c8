# SPDX-License-Identifier: Apache-2.0
"""Raw HTTP over TLS for hostile tests: nothing is repaired or retried. Standard library only."""

import socket
import ssl
import subprocess
import urllib.parse


def context(ca_file):
    return ssl.create_default_context(cafile=ca_file)


class Raw:
    """One TLS connection; bytes go out as they are given."""

    def __init__(self, url, ca_file, tls=None, timeout=10, session=None):
        parts = urllib.parse.urlsplit(url)
        self.host = parts.hostname
        self.plain = socket.create_connection((parts.hostname, parts.port or 443), timeout)
        self.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = (tls or context(ca_file)).wrap_socket(
            self.plain, server_hostname=parts.hostname, session=session)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def read_one(self):
        """Reads one response by its Content-Length: (status, headers, body)."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                return None
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            piece = self.sock.recv(65536)
            if not piece:
                break
            body += piece
        return int(lines[0].split(" ")[1]), headers, body

    def read_until_close(self):
        """Everything until the server closes: (bytes, True), or (bytes, False) on a timeout."""
        data = b""
        while True:
            try:
                piece = self.sock.recv(65536)
            except (TimeoutError, socket.timeout):
                return data, False
            except (ConnectionError, ssl.SSLError):
                return data, True
            if not piece:
                return data, True
            data += piece


def statuses(data):
    """Status codes of all responses in data, in order."""
    return [int(piece[:3]) for piece in data.split(b"HTTP/1.1 ")[1:]]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options)


def make_certificate(folder, name="server"):
    """A P-256 CA (once per folder) and a certificate for localhost, by the openssl program."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    if not ca.exists():
        run("openssl", "req", "-x509", *curve, "-keyout", str(ca_key), "-out", str(ca), "-days", "2",
            "-subj", "/CN=Sanjeh test CA")
    key, request, cert = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.pem"
    extension = folder / f"{name}.ext"
    extension.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("openssl", "req", *curve, "-keyout", str(key), "-out", str(request), "-subj", "/CN=localhost")
    run("openssl", "x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key),
        "-CAcreateserial", "-days", "2", "-extfile", str(extension), "-out", str(cert))
    key.chmod(0o600)
    return cert, key, ca
