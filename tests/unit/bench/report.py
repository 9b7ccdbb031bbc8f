#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench/report.py, as its users see it: lines in, a table out."""

import json
import subprocess
import unittest
from pathlib import Path

REPORT = Path(__file__).resolve().parents[3] / "bench" / "report.py"


def report(*figures):
    lines = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in figures)
    return subprocess.run([REPORT], input=lines, capture_output=True, text=True)


class Report(unittest.TestCase):
    def test_a_bar_is_held_or_missed(self):
        table = report({"figure": "start", "value": 2.0, "unit": "s", "bar": 2},
                       {"figure": "memory", "value": 151, "unit": "MB", "bar": 150, "peer": 300}).stdout
        self.assertRegex(table, r"\| start +\| +2 \| s +\| +2 \| holds ")
        self.assertRegex(table, r"\| memory +\| +151 \| MB +\| +150 \| MISSED \| +300 \|")

    def test_columns_that_nobody_fills_are_left_out(self):
        heading = report({"figure": "start", "value": 2, "unit": "s"}).stdout.splitlines()[0]
        self.assertEqual([word.strip() for word in heading.split("|")[1:-1]], ["figure", "value", "unit"])

    def test_talk_beside_the_figures_is_passed_over(self):
        run = report("starting", "{broken", '["list"]', '{"value": 1}',
                     {"figure": "x", "value": 1, "unit": "s"})
        self.assertEqual((run.returncode, len(run.stdout.splitlines())), (0, 3))

    def test_no_figures_at_all_are_an_error(self):
        run = report("starting")
        self.assertEqual((run.returncode, run.stdout), (1, ""))


unittest.main()
