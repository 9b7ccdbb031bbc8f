#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demonstration, as a person at a terminal has it and as a pipe has it."""
import codecs
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

RUN = os.path.join(os.environ["SOURCE_ROOT"], "demo", "run")
DEADLINE = 90

for program in ("busctl", "dbus-daemon", "jq", "systemd-socket-activate"):
    if not shutil.which(program):
        print(f"skipped: no {program} here; ./dev test installs it")
        raise SystemExit(77)


def read_until(fd, text):
    """What came on the terminal up to that text, or to the end when it is None."""
    seen, end = "", time.monotonic() + DEADLINE
    utf8 = codecs.getincrementaldecoder("utf-8")()  # a piece may end within a character
    while text is None or text not in seen:
        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            raise AssertionError(f"no {text!r} in {DEADLINE} s; this came:\n{seen}")
        try:
            piece = os.read(fd, 65536)
        except OSError:  # a terminal that nobody holds open any more
            piece = b""
        if not piece:
            if text is None:
                return seen
            raise AssertionError(f"it ended without {text!r}; this came:\n{seen}")
        seen += utf8.decode(piece)
    return seen


class Demo(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.environment = dict(os.environ, TMPDIR=self.scratch.name)

    def assert_story(self, text):
        for expected in ("/org/mpapi/Multipath1/lu/", "Logical Unit:  /dev/mapper/", "PathLost", 'State = "path-error"', 'State = "okay"',
                         "$ clusprep disk list localhost "):
            self.assertIn(expected, text)
        if os.geteuid() == 0:
            self.assertRegex(text, r"\nstorage\.example\.org +192\.0\.2\.1 +wire +\d")
        text = re.sub(r"\x1b\[\d*m", "", text)
        if os.geteuid() == 0:
            self.assertRegex(text, r"\n10\.77\.0\.100/24 +eth0 +conflict ")
        # The three on the allow-list, and no others.
        disks = re.findall(r"^\d+ +number:\d+ +(\w+) +4 +yes ", text, re.MULTILINE)
        self.assertEqual(sorted(disks), ["fibre", "fibre", "iscsi"], text)

    def test_without_a_terminal_it_ends_by_itself(self):
        run = subprocess.run([RUN], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.STDOUT, env=self.environment, timeout=DEADLINE)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assert_story(run.stdout)
        self.assertEqual(os.listdir(self.scratch.name), [])

    def test_at_a_terminal_ctrl_c_ends_it_cleanly(self):
        process, terminal = pty.fork()
        if process == 0:
            os.execve(RUN, [RUN], self.environment)
        self.assert_story(read_until(terminal, "Ctrl-C ends"))
        os.write(terminal, b"\x03")
        read_until(terminal, None)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), 0)
        self.assertEqual(os.listdir(self.scratch.name), [])


unittest.main()
