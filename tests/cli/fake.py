# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm over fake plugins (fake_plugin.c), in a directory of each test's own."""
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

MPATHADM = os.environ["MPATHADM"]
GOLDEN = os.path.join(os.environ["SOURCE_ROOT"], "tests", "cli", "golden")
DEADLINE = 20

# The contract's sample: one asymmetric unit, one path through each of two groups.
SAMPLE = """
plugin vendor=Example driver=fakedm loadbalance=0x22 default=0x2 tpgaccess=1 override=1 failback=1 \
failbackon=1 failbackrate=30 failbackmax=3600 probing=1 probingon=0 probingrate=5 probingmax=20
initiator id=2100000e1e09a4c0 transport=2 file=/sys/class/fc_host/host1
initiator id=2100000e1e09a4c1 transport=2 file=/sys/class/fc_host/host2
unit device=/dev/mapper/mpatha name=60060e801049c1f00000000000000001 nametype=3 vendor=HITACHI \
product=OPEN-V revision=6000 asymmetric=1 loadbalance=0x2 failbackon=1 probingon=0
group unit=1 id=1 state=0 explicit=1 preferred=1
group unit=1 id=2 state=2 explicit=1
port group=1 id=50060e801049c1f0 relative=1
port group=2 id=50060e801049c1f1 relative=2
path unit=1 initiator=1 port=1 state=0 device=/dev/sdb
path unit=1 initiator=2 port=2 state=0 device=/dev/sdc
"""


# Whoever runs the tests with nohup(1) or in the background has these ignored, and so would the programs.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)


class Ran:
    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    def json(self):
        return json.loads(self.out)


class Mpathadm(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.config = os.path.join(self.folder, "mpapi.conf")
        open(self.config, "w").close()

    def file(self, name):
        return os.path.join(self.folder, name)

    def plugin(self, objects=SAMPLE, name="libmpfake.so"):
        """Another plugin, after those there are."""
        path = self.file(name)
        shutil.copy(os.environ["FAKE_PLUGIN"], path)
        with open(path + ".objects", "w") as file:
            file.write(objects)
        with open(self.config, "a") as file:
            file.write(f"org.example.{name}\t{path}\n")

    def environment(self, **more):
        return {**os.environ, "MPAPI_CONF": self.config, "LC_ALL": "C", **more}

    def run_mpathadm(self, *arguments, **more):
        return Ran(subprocess.run([MPATHADM, *arguments], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=DEADLINE, encoding="utf-8",
                                  env=self.environment(), **more))

    def succeeds(self, *arguments):
        """What it writes, where nothing goes wrong."""
        ran = self.run_mpathadm(*arguments)
        self.assertEqual((ran.err, ran.status), ("", 0), ran.out)
        return ran.out

    def fails(self, *arguments):
        """What it says on stderr, without the last line; it has written nothing else."""
        ran = self.run_mpathadm(*arguments)
        end = f"{MPATHADM}: Unable to complete operation\n"
        self.assertEqual((ran.out, ran.status), ("", 1), ran.err)
        self.assertTrue(ran.err.endswith(end), ran.err)
        return ran.err[: -len(end)]

    def says(self, message, *arguments):
        """It says so and goes on: status 0."""
        ran = self.run_mpathadm(*arguments)
        self.assertEqual((ran.err, ran.status), (message, 0), ran.out)
        return ran.out

    def assert_golden(self, name, text):
        with open(os.path.join(GOLDEN, name + ".txt"), newline="") as file:
            self.assertEqual(text, file.read())

    def calls(self, name="libmpfake.so"):
        """What plugins were told to change since the last time."""
        path = self.file(name + ".calls")
        if not os.path.exists(path):
            return []
        with open(path) as file:
            lines = file.read().splitlines()
        os.unlink(path)
        return lines


class Running:
    """An mpathadm that goes on, and the plugin's events."""

    def __init__(self, test, *arguments, events="libmpfake.so", **more):
        os.mkfifo(test.file(events + ".events"))
        self.events = os.open(test.file(events + ".events"), os.O_RDWR)
        test.addCleanup(os.close, self.events)
        self.process = subprocess.Popen([MPATHADM, *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=test.environment(TZ="UTC"), **more)
        test.addCleanup(self.end)
        self.buffer = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def line(self):
        end = time.monotonic() + DEADLINE
        while b"\n" not in self.buffer:
            if not self.selector.select(max(0, end - time.monotonic())):
                raise AssertionError(f"no line in {DEADLINE} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise AssertionError(f"it ended: {self.process.stderr.read().decode()}")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def tell(self, line):
        os.write(self.events, (line + "\n").encode())

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=DEADLINE)
        return (self.buffer + out).decode(), err.decode(), self.process.returncode

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def main():
    unittest.main(verbosity=2)
