# SPDX-License-Identifier: LGPL-2.1-or-later
"""clusprepd itself, on a bus and in a network of this test's own: its configuration, port 135, an
activation by impacket, what it tells, how it ends."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import namespaces
import needs
from service import Started
from telling import Telling

needs.modules("impacket")
needs.tools("systemd-socket-activate")

from impacket import uuid  # noqa: E402
from impacket.dcerpc.v5 import dcomrt  # noqa: E402

PROGRAM = os.environ["CLUSPREPD"]
NT_HASH_OF_SECRET = "878d8014606cda29677a44efa1353fc7"
SETUP = ("04D55210-B6AC-4248-9E69-2A569D1D2AB6", "491260B5-05C9-40D9-B7F2-1F7BDAE0927F")
BUS = """<busconfig><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/>
<allow own="*"/></policy></busconfig>"""


class Clusprepd(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.work)
        (self.work / "bus.conf").write_text(BUS.format(self.work / "bus"))
        bus = Telling(
            ["dbus-daemon", f"--config-file={self.work}/bus.conf", "--nofork", "--print-address"],
            stderr=subprocess.DEVNULL)
        self.addCleanup(bus.end)
        bus.wait_for("unix:")
        (self.work / "accounts").touch(0o600)
        (self.work / "accounts").write_text(f"alice:{NT_HASH_OF_SECRET}\n")
        node = socket.gethostname().split(".")[0][:15].upper()
        (self.work / "clusprepd.toml").write_text(f"""
listen = ["127.0.0.1"]
state_directory = "{self.work}"
[allow]
users = ['{node}\\alice']
[authentication]
accounts = "{self.work}/accounts"
kerberos = false
[logs]
directory = "{self.work}"
""")
        self.environment = {
            key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"
        } | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.work}/bus"}

    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], env=self.environment, text=True, timeout=20,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def start(self):
        self.clusprepd = Started(
            self.work, [PROGRAM, "--config", str(self.work / "clusprepd.toml")], self.environment)
        self.addCleanup(self.clusprepd.kill)

    def activate(self, password="secret", user="alice"):
        connection = dcomrt.DCOMConnection("127.0.0.1", user, password, "", oxidResolver=False)
        return connection.CoCreateInstanceEx(*(uuid.string_to_bin(text) for text in SETUP))

    def test_the_configuration_is_checked(self):
        good = self.run_program("--check", "--config", str(self.work / "clusprepd.toml"))
        self.assertEqual((good.returncode, good.stderr), (0, ""))
        (self.work / "bad.toml").write_text("prot = 1\n")
        bad = self.run_program("--check", "--config", str(self.work / "bad.toml"))
        self.assertEqual(bad.returncode, os.EX_CONFIG)
        self.assertIn("bad.toml:1", bad.stderr)
        missing = self.run_program("--check", "--config", str(self.work / "none.toml"))
        self.assertEqual(missing.returncode, os.EX_CONFIG)
        config = (self.work / "clusprepd.toml").read_text()
        for key in ("accounts", "keytab"):
            (self.work / "names.toml").write_text(
                config.replace("[authentication]", f'[authentication]\n{key} = "/none/there"')
                if key == "keytab" else config.replace(f"{self.work}/accounts", "/none/there"))
            names = self.run_program("--check", "--config", str(self.work / "names.toml"))
            self.assertEqual(names.returncode, 1)
            self.assertIn("/none/there: No such file or directory", names.stderr)

    def test_it_serves_tells_and_ends(self):
        self.start()
        made = self.activate()
        self.assertEqual(len(made.get_iPid()), 16)
        self.clusprepd.wait_for("activated IClusterSetup")
        self.assertRegex(self.clusprepd.told(), r"alice at 127\.0\.0\.1:[0-9]+ activated IClusterSetup")
        with self.assertRaises(Exception):
            self.activate("wrong")
        self.clusprepd.wait_for("alice failed to log on from 127.0.0.1")
        self.clusprepd.end()

    def reload(self):
        """What ExecReload= of the unit does, here."""
        unit = (pathlib.Path(os.environ["SOURCE_ROOT"]) / "systemd/clusprepd.service.in").read_text()
        commands = re.findall("^ExecReload=(.*)$", unit, re.MULTILINE)
        self.assertEqual(len(commands), 3)
        for command in commands:
            command = command.lstrip("+").replace("-g clusprep", "-g root")
            for theirs, ours in (("/var/lib/clusprep/", "source-"), ("/run/clusprep/", "")):
                command = command.replace(theirs, f"{self.work}/{ours}")
            subprocess.run(command.replace("$MAINPID", str(self.clusprepd.process.pid)).split(), check=True)

    def test_an_account_is_added_while_it_runs(self):
        self.start()
        made = self.activate()
        config = (self.work / "clusprepd.toml").read_text()
        (self.work / "clusprepd.toml").write_text(config.replace("alice", "bob"))
        (self.work / "source-accounts").touch(0o600)
        (self.work / "source-accounts").write_text(f"bob:{NT_HASH_OF_SECRET}\n")
        self.reload()
        self.clusprepd.wait_for("who may call was read anew")
        self.assertEqual(len(self.activate(user="bob").get_iPid()), 16)
        with self.assertRaises(Exception):
            self.activate()
        self.assertNotIn("has ended", self.clusprepd.told())  # alice's object
        self.assertEqual(len(made.get_iPid()), 16)
        (self.work / "clusprepd.toml").write_text("[allow]\nusers = 1\n")
        self.clusprepd.process.send_signal(signal.SIGHUP)
        self.clusprepd.wait_for("what was read before holds")
        self.assertEqual(len(self.activate(user="bob").get_iPid()), 16)

    def test_a_second_one_is_told_who_has_port_135(self):
        self.start()
        second = self.run_program("--config", str(self.work / "clusprepd.toml"))
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"the port is held by clusprepd (process {self.clusprepd.process.pid})", second.stderr)

    def test_port_135_comes_from_the_service_manager(self):
        activator = Telling(
            ["systemd-socket-activate", "--listen=127.0.0.1:135",
             f"--setenv=DBUS_SYSTEM_BUS_ADDRESS=unix:path={self.work}/bus",
             PROGRAM, "--config", str(self.work / "clusprepd.toml")],
            "stderr", env=self.environment)
        self.addCleanup(activator.kill)
        activator.wait_for("Listening on")
        self.assertEqual(len(self.activate().get_iPid()), 16)


if __name__ == "__main__":
    namespaces.own()  # where port 135 is free
    unittest.main(verbosity=2)
