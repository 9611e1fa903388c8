#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes DIR/demo.json (what programs need to use a running demo) and shows it to people."""

import argparse
import json
import os
import pathlib
import subprocess
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent.parent


def accounts_of(folder):
    keys = ("username", "password", "totp_secret", "unit", "compartment", "roles", "judge", "person_judge")
    lines = (folder / "accounts.jsonl").read_text(encoding="utf-8").splitlines()
    return [{key: account.get(key) for key in keys} for account in map(json.loads, lines)]


def write(folder, port, dsn, pid):
    policy = folder / "audit.policy"
    vkey = next(line.split()[1] for line in policy.read_text().splitlines() if line.startswith("log "))
    document = {
        "url": f"https://localhost:{port}",
        "ca_file": str(folder / "certs/ca.pem"),
        "admin_dsn": dsn,
        "server_pid": pid,
        "audit": {"origin": vkey.split("+", 1)[0], "vkey": vkey, "policy_file": str(policy)},
        "accounts": accounts_of(folder),
    }
    new = folder / "demo.json.new"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(document, out, ensure_ascii=False, indent=1)
        out.write("\n")
    os.replace(new, folder / "demo.json")


def qr(text):
    subprocess.run(["qrencode", "-t", "ANSIUTF8", "-m", "1", text], check=False)


def show(folder, with_qr):
    demo = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    print(f"\nSanjeh is running at {demo['url']}   (CA: {demo['ca_file']})\n")
    print(f"{'account':18} {'unit':6} {'roles':18} {'password':34} TOTP secret")
    for account in demo["accounts"]:
        unit = account["compartment"] or account["unit"] or "-"
        print(f"{account['username']:18} {unit:6} {','.join(account['roles']):18} {account['password']:34} "
              f"{account['totp_secret']}")
    first = demo["accounts"][0]
    print(f"""
Sign in with curl and oathtool (password, then the code of the moment; each code works once):

  URL={demo['url']}; CA={demo['ca_file']}
  C=$(curl -s --cacert $CA $URL/api/v1/login -H 'Content-Type: application/json' \\
      -d '{{"username":"{first['username']}","password":"{first['password']}"}}' |
      python3 -c 'import json,sys; print(json.load(sys.stdin)["challenge"])')
  T=$(curl -s --cacert $CA $URL/api/v1/login/second-factor -H 'Content-Type: application/json' \\
      -d "{{\\"challenge\\":\\"$C\\",\\"method\\":\\"totp\\",\\"code\\":\\"$(oathtool --totp -b {first['totp_secret']})\\"}}" |
      python3 -c 'import json,sys; print(json.load(sys.stdin)["token"])')
  curl -s --cacert $CA -H "Authorization: Bearer $T" $URL/api/v1/judges?limit=3
""")
    if with_qr:
        label = urllib.parse.quote(f"Sanjeh demo:{first['username']}")
        print(f"TOTP of {first['username']} for a phone:")
        qr(f"otpauth://totp/{label}?secret={first['totp_secret']}&issuer=Sanjeh%20demo")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--dsn")
    parser.add_argument("--pid", type=int)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--qr", action="store_true")
    args = parser.parse_args()
    if args.pid:
        write(args.data, args.port, args.dsn, args.pid)
    if args.show:
        show(args.data, args.qr)


if __name__ == "__main__":
    main()
