# SPDX-License-Identifier: Apache-2.0
"""Raw bytes over TLS to the server under test, for what no HTTP library would send."""

import socket
import ssl


class Wire:
    def __init__(self, stack, timeout=20):
        self.context = ssl.create_default_context(cafile=str(stack.ca_file))
        self.port = stack.port
        self.timeout = timeout
        self.received = b""

    def __enter__(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        self.socket = self.context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=True)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def read_to_end(self):
        """Everything until the server closes, or b"" so far when it resets."""
        try:
            while True:
                piece = self.socket.recv(65536)
                if not piece:
                    break
                self.received += piece
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        return self.received

    def head(self):
        """The bytes up to the end of the first answer's head."""
        try:
            while b"\r\n\r\n" not in self.received:
                piece = self.socket.recv(65536)
                if not piece:
                    break
                self.received += piece
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        return self.received

    def status(self):
        """Status of the first answer, None when the connection was closed without one."""
        head = self.head()
        return int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.1 ") else None

    def answers(self):
        """How many answers came until the server closed."""
        return self.read_to_end().count(b"HTTP/1.1 ")
