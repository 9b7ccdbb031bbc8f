# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of istd, and its completion in bash and zsh, which offers what its own help names."""
import os
import re
import subprocess
import tempfile
import unittest

from test_clusprep_completion import bash, zsh

ISTD = os.environ["ISTD"]
DEADLINE = 20


def istd(*words, bus="unix:path=/nowhere"):
    return subprocess.run([ISTD, *words], capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus}, check=False)


class CommandLine(unittest.TestCase):
    def test_what_help_names_is_offered(self):
        for words in ((), ("discover",)):
            options = re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", istd(*words, "--help").stdout, re.M)
            self.assertGreater(len(options), 3)
            commands = [] if words else ["discover"]
            for shell in (bash, zsh):
                with self.subTest(words=words, shell=shell.__name__):
                    self.assertEqual(shell(*words, "--", program="istd"), sorted(options))
                    self.assertEqual(shell(*words, "", program="istd"), sorted(commands + options))

    def test_arguments_of_options_are_completed_as_such(self):
        for shell in (bash, zsh):
            with self.subTest(shell=shell.__name__):
                self.assertIn("lo", shell("discover", "--interface", "l", program="istd"))
                self.assertEqual(shell("discover", "--timeout", "", program="istd"), [])
                self.assertEqual(shell("--config", "discover", "dis", program="istd"), ["discover"])

    def test_a_configuration_is_checked(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            self.assertEqual(istd("--config", file.name, "--check").returncode, 0)
            file.write("answer = \"perhaps\"\n")
            file.flush()
            checked = istd("--config", file.name, "--check")
            self.assertEqual(checked.returncode, os.EX_CONFIG)
            self.assertIn(f"{file.name}:1", checked.stderr)
        missing = istd("--config", file.name, "--check")
        self.assertEqual(missing.returncode, os.EX_CONFIG)
        self.assertIn("No such file", missing.stderr)

    def test_wrong_words_are_told(self):
        for words in (("discover", "--timeout", "0"), ("discover", "--timeout", "61"), ("find",), ("--port", "1")):
            with self.subTest(words=words):
                told = istd(*words)
                self.assertEqual(told.returncode, 1)
                self.assertIn("see istd --help", told.stderr)

    def test_without_a_bus_it_says_so(self):
        for words in ((), ("discover",)):
            told = istd(*words)
            self.assertEqual(told.returncode, 1)
            self.assertIn("system bus", told.stderr)


if __name__ == "__main__":
    unittest.main()
