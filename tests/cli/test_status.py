#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm status."""
import json
import os
import pty
import re
import subprocess

from fake import Mpathadm, main

UNITS = """
initiator id=p1
unit device=/dev/mapper/mpath10 vendor=ACME product=Disk override=4
unit device=/dev/mapper/mpath2 vendor=ACME product=Disk asymmetric=1
unit device=/dev/mapper/mpath11 vendor=ACME product=Disk
group unit=2 id=2 state=2
group unit=2 id=1 state=0 preferred=1
port group=2 id=t1
port group=1 id=t2
path unit=2 initiator=1 port=1 state=0 device=/dev/sdb
path unit=2 initiator=1 port=2 state=1 device=/dev/sdaa
path unit=1 initiator=1 state=0 disabled=1 device=/dev/sdc
path unit=1 initiator=1 state=5 device=/dev/sdd
path unit=3 initiator=1 state=0
"""


class Status(Mpathadm):
    def at_a_terminal(self, **more):
        environment = self.environment(**more)
        ours, theirs = pty.openpty()
        with open(ours, "rb", buffering=0) as terminal, open(theirs, "wb", buffering=0) as printed:
            done = subprocess.run([os.environ["MPATHADM"], "status"], env=environment, stdin=printed, stdout=printed,
                                  stderr=printed)
            self.assertEqual(done.returncode, 0)
            # A terminal that its last holder closes may lose what was printed; this comes after all of it.
            end = b"<end>"
            printed.write(end)
            seen = b""
            while not seen.endswith(end):
                seen += terminal.read(65536)
        seen = seen.removesuffix(end)
        return seen.decode().replace("\r\n", "\n")

    def test_units_are_sorted_as_people_count_with_a_summary(self):
        self.plugin(UNITS)
        self.assert_golden("status", self.succeeds("status"))

    def test_a_terminal_has_colours_unless_it_or_the_user_wants_none(self):
        self.plugin(UNITS)
        coloured = self.at_a_terminal(TERM="xterm", NO_COLOR="")
        self.assertIn("\033[31mfailed\033[0m", coloured)
        self.assertIn("\033[32mok\033[0m", coloured)
        self.assert_golden("status", re.sub("\033\\[[0-9]*m", "", coloured))
        self.assert_golden("status", self.at_a_terminal(TERM="xterm", NO_COLOR="1"))
        self.assert_golden("status", self.at_a_terminal(TERM="dumb", NO_COLOR=""))

    def test_some_units_only(self):
        self.plugin(UNITS)
        out = self.succeeds("status", "/dev/mapper/mpath11")
        self.assertTrue(out.startswith("/dev/mapper/mpath11  ok"), out)
        self.assertIn("1 logical unit: 1 ok, 0 degraded, 0 failed; 1 of 1 path usable\n", out)

    def test_no_units(self):
        self.plugin("plugin vendor=x\n")
        self.assertEqual(self.succeeds("status"),
                         "0 logical units: 0 ok, 0 degraded, 0 failed; 0 of 0 paths usable\n")

    def test_what_is_not_known_is_not_summed_up(self):
        failing = "answer call=MP_GetMultipathLusPlugin status=3\n"
        self.plugin(failing)
        message = "mpathadm: Error: Unable to get the logical unit list.\n"
        self.assertEqual(self.fails("status"), message)
        self.assertEqual(self.fails("status", "/dev/a"), message)
        self.plugin("unit device=/dev/a\npath unit=1\n", "libother.so")
        ran = self.run_mpathadm("status")
        self.assertEqual((ran.status, ran.out),
                         (1, "/dev/a  ok  1 of 1 path usable   \n  path  unknown - unknown  OK\n"))
        ran = self.run_mpathadm("status", "--json")
        self.assertEqual((ran.status, ran.json()["summary"], len(ran.json()["logicalUnits"])), (1, None, 1))

    def test_a_name_that_is_not_found_is_not_summed_up(self):
        self.plugin("unit device=/dev/a\npath unit=1\n")
        message = "Error: Logical-unit /dev/b is not found.\n"
        self.assertEqual(self.says(message, "status", "/dev/b"), "")
        self.assertNotIn("logical unit", self.says(message, "status", "/dev/b", "/dev/a"))
        ran = self.run_mpathadm("status", "--json", "/dev/b")
        self.assertIsNone(ran.json()["summary"])

    def test_health(self):
        both = "unit device=/dev/a\ngroup unit=1 id=1 state={}\nport group=1 id=t\n" \
               "path unit=1 port=1 state={} disabled={}\npath unit=1\n"
        for health, values in {"ok": (0, 0, 0), "degraded": (0, 0, 1)}.items():
            self.assert_health(health, both.format(*values))
        self.assert_health("degraded", both.format(0, 1, 0))
        self.assert_health("degraded", both.format(3, 0, 0))
        self.assert_health("ok", both.format(2, 0, 0))
        one = both.replace("path unit=1\n", "")
        self.assert_health("ok", one.format(1, 0, 0))
        self.assert_health("ok", one.format(0x10, 0, 0))
        self.assert_health("degraded", one.format(2, 0, 0))
        self.assert_health("degraded", one.format(0xf, 0, 0))
        self.assert_health("failed", one.format(3, 0, 0))
        self.assert_health("failed", one.format(0, 2, 0))
        self.assert_health("failed", "unit device=/dev/a\n")

    def assert_health(self, health, objects):
        open(self.config, "w").close()
        self.plugin(objects)
        with self.subTest(objects=objects):
            self.assertTrue(self.succeeds("status").startswith(f"/dev/a  {health}  "))

    def test_json(self):
        self.plugin(UNITS)
        document = json.loads(self.succeeds("status", "--json"))
        self.assertEqual([(unit["deviceFile"], unit["health"]) for unit in document["logicalUnits"]],
                         [("/dev/mapper/mpath2", "degraded"), ("/dev/mapper/mpath10", "failed"),
                          ("/dev/mapper/mpath11", "ok")])
        self.assertEqual(document["summary"], {"logicalUnits": 3, "ok": 1, "degraded": 1, "failed": 1,
                                               "paths": 5, "usablePaths": 2})


main()
