#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpapid's drop-in, read by multipath-tools.

`multipath -t` reads it in a mount namespace of its own, beside files of an administrator, and tells what it has
loaded: as much of multipathd as reads a configuration.

usage: test_drop_in.py DROP_IN [unittest arguments]
"""

import os
import subprocess
import sys
import tempfile
import unittest

from test_multipath_tools import SHOW, can_run

DROP_IN = ""


class DropIn(unittest.TestCase):
    def load(self, others):
        """(what is loaded otherwise than asked for, what multipath-tools complain of); `others`: name to text."""
        with tempfile.TemporaryDirectory() as directory:
            etc = os.path.join(directory, "etc")
            name = subprocess.run([DROP_IN, "--name"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
            ours = os.path.join(directory, name[1:])
            os.makedirs(os.path.dirname(ours))
            files = []
            for other, text in others.items():
                files.append(os.path.join(etc, other))
                with open(files[-1], "w", encoding="utf-8") as file:
                    file.write(text)
            shown = os.path.join(directory, "shown")
            subprocess.run([DROP_IN, "--write", ours], check=True)
            with open(shown, "wb") as output:
                run = subprocess.run(["unshare", "-m", "sh", "-c", SHOW, "sh", etc], timeout=60, stdout=output,
                                     stderr=subprocess.PIPE, text=True, check=False)
            in_order = sorted([*files, ours], key=lambda file: (file.count("/"), file))
            checked = subprocess.run([DROP_IN, shown, *in_order], stdout=subprocess.PIPE, text=True, check=False)
            return checked.stdout.strip(), run.stderr

    def test_all_of_it_is_loaded_without_complaint(self):
        self.assertEqual(self.load({"multipath.conf": "\n"}), ("", ""))

    def test_it_wins_over_earlier_files_and_the_devices_of_the_table(self):
        other = "defaults {\n path_selector \"round-robin 0\"\n polling_interval 3\n max_polling_interval 4\n}\n" \
                "overrides {\n failback manual\n}\n" \
                "multipaths {\n multipath {\n wwid w0\n path_selector \"round-robin 0\"\n }\n" \
                " multipath {\n wwid w3\n path_grouping_policy multibus\n failback 9\n }\n}\n"
        said, _ = self.load({"multipath.conf": other, "multipath/conf.d/site.conf": other,
                             "multipath/conf.d/99-last.conf": other})
        self.assertEqual(said, "")

    def test_a_later_file_wins_and_is_named(self):
        later = "multipath/conf.d/zzz.conf"
        for text, words in {
                "defaults {\n path_selector \"round-robin 0\"\n}\n": ('path_selector "round-robin 0"', 2),
                "overrides {\n\n failback manual\n}\n": ('failback "manual"', 3),
                "multipaths {\n multipath {\n wwid w0\n path_selector \"round-robin 0\"\n }\n}\n":
                    ('path_selector of w0 "round-robin 0"', 4),
                "multipaths {\n multipath {\n wwid w3\n path_grouping_policy multibus\n }\n}\n":
                    ('path_grouping_policy of w3 "multibus"', 4),
        }.items():
            with self.subTest(text=text):
                said, _ = self.load({"multipath.conf": "\n", later: text})
                self.assertIn("multipathd has loaded " + words[0], said)
                self.assertIn("by /etc/%s, line %d, which wins over" % (later, words[1]), said)

    def test_what_is_not_loaded_yet_is_told_by_the_revision(self):
        with tempfile.TemporaryDirectory() as directory:
            shown = os.path.join(directory, "shown")
            with open(shown, "w", encoding="utf-8") as file:
                file.write("defaults {\n}\n")
            run = subprocess.run([DROP_IN, shown, os.path.join(directory, "ours")], stdout=subprocess.PIPE, text=True,
                                 check=False)
            self.assertEqual(run.stdout, "revision\n")


if __name__ == "__main__":
    DROP_IN = sys.argv.pop(1)
    reason = can_run()
    if reason:
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(verbosity=2)
