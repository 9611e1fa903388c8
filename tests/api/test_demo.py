# SPDX-License-Identifier: Apache-2.0
"""Does scripts/demo do what CONTRACT 1 says, and do the commands of README work as they are printed there?"""

import json
import os
import pathlib
import re
import tempfile
import unittest

from sanjeh_client import Client, CodeBook
from stack import ROOT, free_port, run

ACCOUNTS = ("hrd.manager", "hrd.contributor", "sc.manager", "ago.manager", "jdpe.manager", "jdpd.manager", "pic.manager",
            "sit.manager", "sit.analyst", "judge.one", "judge.two", "security.officer", "admin.one", "admin.two")


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.parent = tempfile.TemporaryDirectory(prefix="sanjeh-demo-", dir=os.environ["SANJEH_BUILD"])
        os.chmod(cls.parent.name, 0o755)
        cls.folder = pathlib.Path(cls.parent.name) / "demo"
        cls.port = free_port()
        cls.books = {}
        try:
            cls.demo("--background", "--port", str(cls.port))
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.demo("--reset", check=False)
        cls.parent.cleanup()

    @classmethod
    def demo(cls, *options, check=True):
        return run(ROOT / "scripts/demo", "--no-install", "--data", cls.folder, *options, check=check)

    def state(self):
        return json.loads((self.folder / "demo.json").read_text(encoding="utf-8"))

    def signed_in(self, username):
        account = next(item for item in self.state()["accounts"] if item["username"] == username)
        book = self.books.setdefault(username, CodeBook(account["totp_secret"]))
        client = Client(self.port, self.state()["ca_file"])
        answer = client.sign_in(username, account["password"], book)
        if answer.status == 401:  # the loader's code
            answer = client.sign_in(username, account["password"], book)
        self.assertEqual(answer.status, 200, answer)
        return client.with_token(answer.json()["token"])

    def readme(self, *numbers, who):
        """The numbered shell blocks of README, run as one script against this demo."""
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
        script = "set -eu\n" + "\n".join(blocks[number] for number in numbers)
        script = script.replace("var/demo", str(self.folder)).replace("8443", str(self.port)) \
            .replace("build/release", os.environ["SANJEH_BUILD"]).replace("WHO=hrd.manager", f"WHO={who}") \
            .replace("var/record.tar", str(self.folder / "record.tar"))
        return run("bash", "-c", script)

    def test_1_the_description_is_whole_and_private(self):
        path, state = self.folder / "demo.json", self.state()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(state["url"], f"https://localhost:{self.port}")
        self.assertEqual(pathlib.Path(f"/proc/{state['server_pid']}/comm").read_text().strip(), "sanjehd")
        self.assertLessEqual(set(ACCOUNTS), {account["username"] for account in state["accounts"]})
        for account in state["accounts"]:
            self.assertEqual(set(account), {"username", "password", "totp_secret", "unit", "compartment", "roles", "judge",
                                             "person_judge"})
            self.assertGreaterEqual(len(account["password"]), 20)
            self.assertEqual(account["judge"] is not None, account["username"].startswith("judge."))
        self.assertEqual(run("psql", "-X", "-A", "-t", "-d", state["admin_dsn"], "-c", "select usesuper from pg_user where "
                             "usename = current_user").stdout.strip(), "t")
        self.assertTrue(pathlib.Path(state["audit"]["policy_file"]).read_text().startswith(f"log {state['audit']['vkey']}\n"))
        self.assertTrue(state["audit"]["vkey"].startswith(state["audit"]["origin"] + "+"))

    def test_2_readme_signs_in(self):
        # sc.manager: nobody has used its code of this moment
        done = self.readme(1, who="sc.manager")
        self.assertIn('"username":"sc.manager"', done.stdout)
        self.assertIn("HTTP/1.1 200 OK", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^Audit-Index: \d+\s*$")

    def test_3_readme_verifies_the_record(self):
        done = self.readme(1, 2, who="security.officer")
        self.assertIn("verified", done.stdout)

    def test_4_a_second_start_keeps_the_data(self):
        accounts = self.state()["accounts"]
        first = self.signed_in("hrd.manager").items("/api/v1/judges")
        self.assertEqual(len(first), 43)
        again = self.demo("--background")
        self.assertIn("running already", again.stderr)
        pid = self.state()["server_pid"]
        self.demo("--stop")
        self.assertFalse(pathlib.Path(f"/proc/{pid}/exe").exists() and
                         "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0])
        self.demo("--background", "--port", str(self.port))
        self.assertEqual(self.state()["accounts"], accounts)
        client = self.signed_in("hrd.manager")
        self.assertEqual(client.items("/api/v1/judges"), first)
        self.assertEqual(len(client.items("/api/v1/indicator-values")), 43 * 11)

    def test_5_a_foreign_folder_is_not_removed(self):
        foreign = pathlib.Path(self.parent.name) / "foreign"
        foreign.mkdir()
        (foreign / "precious").write_text("x")
        done = run(ROOT / "scripts/demo", "--reset", "--data", foreign, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertTrue((foreign / "precious").exists())

    def test_6_reset_leaves_nothing(self):
        self.demo("--reset")
        self.assertFalse(self.folder.exists())

    def test_wrong_usage_is_told(self):
        for options in (("--port", "x"), ("--port", "99999"), ("--nonsense",)):
            done = self.demo(*options, check=False)
            self.assertEqual(done.returncode, 2, options)
        self.assertEqual(self.demo("--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()
