# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon whose configuration cannot be used ends with the exit status after which its unit does not start it again."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

DAEMONS = {"clusprepd": "--check", "ipfailoverd": "--check", "istd": "--check", "mpapid": "--check-config"}
UNITS = Path(os.environ["SOURCE_ROOT"], "systemd")


class Configuration(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name, "wrong.toml")

    def run_daemon(self, name, *words):
        return subprocess.run([os.environ[name.upper()], "--config", str(self.file), *words], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=20, check=False,
                              env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})  # fmt: skip

    def ends_as_its_unit_has_it(self, name, *words):
        unit = Path(UNITS, f"{name}.service.in").read_text(encoding="utf-8")
        self.assertRegex(unit, r"(?m)^Restart=on-failure$")
        final = re.findall(r"(?m)^RestartPreventExitStatus=(\d+)$", unit)
        run = self.run_daemon(name, *words)
        self.assertEqual([str(run.returncode)], final, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertTrue(run.stderr.startswith(f"{name}: "), run.stderr)
        self.assertIn(str(self.file), run.stderr)

    def test_a_mistake_is_final(self):
        self.file.write_text('\nno_such_key = "x"\n', encoding="utf-8")
        for name, check in DAEMONS.items():
            for words in ((), (check,)):
                with self.subTest(name=name, words=words):
                    self.ends_as_its_unit_has_it(name, *words)

    def test_a_named_file_that_is_missing_is_final(self):
        for name in DAEMONS:
            with self.subTest(name=name):
                self.ends_as_its_unit_has_it(name)

    def test_what_a_new_start_may_mend_is_not(self):
        for name in DAEMONS:
            text = 'listen = ["192.0.2.1"]\n' if name == "clusprepd" else ""  # an address of nobody
            self.file.write_text(text, encoding="utf-8")
            with self.subTest(name=name):
                run = self.run_daemon(name)  # without a bus
                self.assertEqual(run.returncode, 1, run.stderr)


unittest.main(verbosity=2)
