# SPDX-License-Identifier: Apache-2.0
"""One evaluation from the template to the second report card, over the API alone: two boards, a recusal, a calibration, a reply, a
remanded appeal. Only the evaluation's clock is turned by hand."""

import unittest

from cycle_case import CycleCase


class CycleFull(CycleCase):
    def test_from_template_to_second_card(self):
        self.prepare()
        self.collect()
        self.judge_in_rating()
        self.calibrate()
        self.disclose_and_reply()
        self.decide_and_gate()
        first = self.verify(self.issue())
        self.assertEqual((first["result"]["score"], first["result"]["band"]["code"]), ("80.60", "very_good"), first["result"])
        self.assertEqual(first["items"][2]["mark"], "80.333333", "calibration did not reach the card")
        self.assertEqual([point["no"] for point in first["reply"]["points"]], [1, 2])
        self.assertEqual(first["reply"]["text"], "توضیح")
        self.appeal("remanded")
        self.becomes("rating")
        self.rate({"board.one": "82", "board.two": "80", "board.three": "85"})
        self.draft("پس از بازگشت از تجدیدنظر")
        self.call("issuer", f"{self.path}/disclosures")
        self.advance(20)
        self.becomes("reply_lapsed")
        self.decide_and_gate()
        second = self.verify(self.issue())
        self.assertEqual((first["chain"]["number"], second["chain"]["number"]), (1, 2))
        changes = {(line["what"], line["no"]): (line["before"], line["after"]) for line in second["changes"]["lines"]}
        self.assertEqual((first["changes"], second["changes"]["cause"], second["changes"]["number"]), (None, "decided_again", 1))
        self.assertEqual(changes[("mark", 3)], ("80.333333", second["items"][2]["mark"]))
        self.assertEqual(changes[("score", None)], ("80.60", second["result"]["score"]))
        self.assertEqual(changes[("overall", None)], (None, None), "texts are named, not repeated")
        self.assertNotIn(("edition", None), changes, "the criteria are the same")
        self.call("judge", f"{self.path}/acknowledgement", {"kind": "read_but_disagree", "statement": "با احترام"})
        self.becomes("acknowledged")
        self.advance(40)
        self.becomes("final")


if __name__ == "__main__":
    unittest.main()
