# SPDX-License-Identifier: Apache-2.0
"""What a database superuser who knows every format makes of the record (AUDIT 4.1, attacks 3 to 5 and 26): the tree anew from a changed entry, or as
it was at an older size. Everything that needs no key fits in itself afterwards."""

import hashlib
import struct
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from tlog_case import leaf_hash, root_of  # noqa: E402

HEADS = 10


def frontier_of(leaves):
    """One hash for each set bit of the size, the lowest first."""
    found, end = b"", len(leaves)
    for bit in range(len(leaves).bit_length()):
        if len(leaves) >> bit & 1:
            found += root_of(leaves[end - (1 << bit):end])
            end -= 1 << bit
    return found


class Tenants:
    """Where each unit's chain stands."""

    def __init__(self):
        self.rows = {}

    def take(self, index, entry, leaf):
        self.rows[entry[98:114]] = (entry[33:41], leaf, index)

    def root(self):
        return root_of([leaf_hash(tag + seq + leaf) for tag, (seq, leaf, _) in sorted(self.rows.items())])


class Forger:
    def __init__(self, panel):
        self.panel = panel
        rows = panel.stack.sql("select encode(entry, 'hex') from sanjeh.audit_entry order by idx").split()
        self.entries = [bytes.fromhex(row) for row in rows]

    def link(self, place=None, change=None):
        """Leaves, tenants and entries behind a change at place, all chains and heads with it."""
        leaves, tenants, entries = [], Tenants(), []
        for index, entry in enumerate(self.entries):
            if index == place:
                entry = change(entry)
            if place is not None and index > place:
                last = tenants.rows.get(entry[98:114])
                entry = entry[:41] + (last[1] if last else bytes(32)) + entry[73:]
                if entry[73] == HEADS:
                    at = entry.index(b";root=") + 6
                    entry = entry[:at] + tenants.root().hex().encode() + entry[at + 64:]
            entries.append(entry)
            leaves.append(leaf_hash(entry))
            tenants.take(index, entry, leaves[-1])
        return entries, leaves, tenants

    def tree(self, entries, leaves, tenants):
        """SQL for tiles, tenants and head of these leaves."""
        sql = f"delete from sanjeh.audit_tile where n >= {len(leaves) // 256} or level > 0;"
        for n in range(len(leaves) // 256):
            sql += f"update sanjeh.audit_tile set hashes = '\\x{b''.join(leaves[256 * n:256 * n + 256]).hex()}' where level = 0 and n = {n};"
        sql += "delete from sanjeh.audit_tenant;"
        for tag, (seq, leaf, index) in tenants.rows.items():
            sql += f"insert into sanjeh.audit_tenant values ('{tag.hex()}', {struct.unpack('>Q', seq)[0]}, '\\x{leaf.hex()}', {index});"
        return sql + (f"update sanjeh.audit_head set size = {len(leaves)}, base_size = {len(leaves) - 1}, root = '\\x{root_of(leaves).hex()}', "
                      f"frontier = '\\x{frontier_of(leaves).hex()}', last_time_us = {struct.unpack('>Q', entries[-1][25:33])[0]};")

    def rewrite(self, place):
        """Attack 3: another outcome in one entry, and everything behind it as if it had always been so."""
        entries, leaves, tenants = self.link(place, lambda entry: entry[:162] + bytes([entry[162] ^ 1]) + entry[163:])
        sql = "".join(f"update sanjeh.audit_entry set entry = '\\x{entries[index].hex()}', leaf_hash = '\\x{leaves[index].hex()}' where idx = {index};"
                      for index in range(place, len(entries)))
        return sql + self.tree(entries, leaves, tenants)

    def cut(self, size, notes):
        """Attacks 4 and 5: the record as it was at this size; with the notes that were signed since, or without."""
        del self.entries[size:]
        entries, leaves, tenants = self.link()
        sql = f"delete from sanjeh.audit_entry where idx >= {size}; delete from sanjeh.audit_payload where idx >= {size};"
        sql += f"delete from sanjeh.audit_checkpoint where size > {size};" if notes else ""
        return sql + self.tree(entries, leaves, tenants)

    def grow(self):
        """Attack 26: one more entry, a copy of the last one with a number and a chain that fit."""
        last = self.entries[-1]
        entries, leaves, tenants = self.link()
        seq, leaf, _ = tenants.rows[last[98:114]]
        size = len(self.entries)
        entry = (last[:17] + struct.pack(">Q", size) + last[25:33] + struct.pack(">Q", struct.unpack(">Q", seq)[0] + 1) + leaf + last[73:74]
                 + hashlib.sha256(b"emitter").digest()[:16] + last[90:])
        entries.append(entry)
        leaves.append(leaf_hash(entry))
        tenants.take(size, entry, leaves[-1])
        return (f"insert into sanjeh.audit_entry values ({size}, '\\x{entry.hex()}', '\\x{leaves[-1].hex()}');" + self.tree(entries, leaves, tenants))
