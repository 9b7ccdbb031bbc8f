# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpapid-san as it is installed, on a bus of the test's own: what happens to the storage is told as
verbs, san.path_lost("sdc"), what the daemon makes of it is awaited as signals and read back.

Nothing sleeps. A story ends with told(): everything signalled up to now. That is known by a mark:
the map "mark" is renamed, and as signals come in order, what was to come came before that.
"""
import itertools
import os
import re
import signal
import socket
import tempfile
import xml.etree.ElementTree as xml

from private_bus import *

SAN_XML = os.path.join(os.environ["SOURCE_ROOT"], "dbus/org.mpapi.San1.xml")
SAN_ERROR = "org.mpapi.San1.Error."
ERROR = f"{NAME}.Error."
MANAGER = interface("Manager")
LU, PATH, GROUP, DISK = (
    interface(kind) for kind in ("LogicalUnit", "Path", "TargetPortGroup", "Disk")
)

# The SAN of the stories, and the mark.
with open(os.path.join(os.environ["SOURCE_ROOT"], "tests/story.toml"), encoding="utf-8") as story:
    STORY_SAN = story.read() + """
[[array]]
name = "aside"
vendor = "MPAPI"
product = "MARK"
revision = "1"
kind = "symmetric"
transport = "fc"
[[array.group]]
id = 1
state = "active-optimized"
[[array.port]]
name = "M"
wwpn = "5000000000000009"
relative_id = 1
group = 1
[[array.unit]]
name = "mark"
lun = 9
designator = "naa.60014050000000000000000000000009"
serial = "MARK"
size = "1MiB"
map = "mark"
"""

FAST = """
[commands]
timeout = "300ms"
[refresh]
enabled = false
"""
# For stories in which no command hangs: none is given up, however slow the machine is.
PATIENT = FAST.replace("300ms", "20s")


def signatures():
    """The in-arguments of each fault, from the interface's own text."""
    return {
        method.get("name"): "".join(
            arg.get("type") for arg in method.findall("arg") if arg.get("direction") == "in"
        )
        for method in xml.parse(SAN_XML).iter("method")
    }


class San:
    """Every fault of mpapid-san(5) by its name there."""

    methods = signatures()

    def __init__(self, client):
        self.client = client

    def __getattr__(self, verb):
        method = "".join(word.capitalize() for word in verb.split("_"))
        signature = self.methods.get(method)
        if signature is None:
            raise AttributeError(verb)
        return lambda *given: self.client.call(
            "/org/mpapi/San1", "org.mpapi.San1", method, signature or None, given
        )

    def count(self, name):
        return self.client.call(
            "/org/mpapi/San1", PROPERTIES, "Get", "ss", ("org.mpapi.San1", name)
        )[0][1]


class Model:
    """All objects as a client reads them: {path: {interface: {property: value}}}."""

    def __init__(self, objects):
        self.objects = {
            path: {
                kind: {name: value for name, (_, value) in properties.items()}
                for kind, properties in interfaces.items()
            }
            for path, interfaces in objects.items()
        }

    def all(self, kind):
        return {
            path: interfaces[kind]
            for path, interfaces in self.objects.items()
            if kind in interfaces
        }

    def one(self, kind, **wanted):
        found = [
            (path, properties)
            for path, properties in self.all(kind).items()
            if all(properties[name] == value for name, value in wanted.items())
        ]
        assert len(found) == 1, f"{kind} with {wanted}: {[path for path, _ in found]}"
        return found[0]

    def disk_path(self, device):
        return self.one(PATH, Device=device)

    def unit(self, name):
        return self.one(LU, Name=name)

    def group(self, unit, number):
        return self.one(GROUP, LogicalUnit=self.unit(unit)[0], Number=number)

    def devices(self, unit):
        """Kernel names of the paths of a map, in the order of their ports."""
        where = self.unit(unit)[0]
        paths = [each for each in self.all(PATH).values() if each["LogicalUnit"] == where]
        return [each["Device"] for each in sorted(paths, key=lambda each: each["RelativePortId"])]


class SanTest(BusTest):
    """Starts nothing but the bus; a test starts the daemon with what it is about."""

    def setUp(self):
        super().setUp()
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.marks, self.mark = itertools.count(1), "mark"
        self.ended = {}

    def file(self, name, text):
        path = os.path.join(self.scratch.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def command(self, san=STORY_SAN, config=FAST, *more):
        return [
            os.environ["MPAPID_SAN"],
            "--bus",
            self.address,
            "--config",
            self.file("mpapid.toml", config),
            *more,
            self.file("san.toml", san) if "\n" in san else san,
        ]

    def start(self, san=STORY_SAN, config=FAST, *more, wrap=(), deadline=90):
        """Returns when the daemon has said that it is ready."""
        where = tempfile.mkdtemp(dir=self.scratch.name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(os.path.join(where, "notify"))
            with open(os.path.join(where, "stderr"), "wb") as errors:
                self.daemon = subprocess.Popen(
                    [*wrap, *self.command(san, config, *more)],
                    stderr=errors,
                    env={**os.environ, "NOTIFY_SOCKET": os.path.join(where, "notify")},
                )
            self.errors = errors.name
            self.addCleanup(self.end_daemon, self.daemon, errors.name)
            end = time.monotonic() + deadline
            while True:
                notify.settimeout(0.2)
                try:
                    if b"READY=1" in notify.recv(4096):
                        break
                except TimeoutError:
                    self.assertIsNone(self.daemon.poll(), f"it ended: {self.said()}")
                    self.assertLess(time.monotonic(), end, f"not ready: {self.said()}")
        self.client = self.new_client()
        self.san = San(self.new_client())

    def end_daemon(self, daemon, errors):
        """It must still be alive unless stop() ended it, and end when told to."""
        if daemon.poll() is None:
            self.stop(signal.SIGTERM, daemon)
        said = self.said(errors)
        self.assertIn(daemon.returncode, (0, self.ended.get(daemon)), said)
        self.assertIn(daemon, self.ended, f"it ended by itself: {said}")
        self.assertNotIn("Sanitizer", said)
        self.assertNotIn("runtime error", said)

    def stop(self, how, daemon=None):
        """Ends the daemon from outside; returns its status."""
        daemon = daemon or self.daemon
        daemon.send_signal(how)
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
            self.fail(f"it did not end within 20 s of {how.name}")
        if how == signal.SIGKILL or daemon.returncode == 0:
            self.ended[daemon] = daemon.returncode
        return daemon.returncode

    def said(self, errors=None):
        with open(errors or self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    def tells(self, text):
        """Waits until it said so: a thread of its own writes what it tells."""
        end = time.monotonic() + DEADLINE
        while text not in self.said():
            self.assertLess(time.monotonic(), end, self.said())
            time.sleep(0.01)  # nobody tells that a line was written

    def refused(self, command, **more):
        """Runs a command that must end with status 1; returns what it says."""
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, **more)
        self.assertEqual(run.returncode, 1, f"{command}: {run.stdout}{run.stderr}")
        self.assertEqual(run.stdout, "")
        return run.stderr

    def model(self):
        return Model(self.client.managed_objects())

    def watching(self):
        self.watch = self.client.watch()
        self.heard = []
        return self.model()

    def hear(self, what, condition, deadline=DEADLINE):
        """Waits for a signal; returns it."""
        end = time.monotonic() + deadline
        while True:
            try:
                told = self.watch.next(max(0.001, end - time.monotonic()))
            except TimeoutError:
                lines = "\n".join(map(self.line, self.heard))
                raise AssertionError(f"not heard in {deadline} s: {what}; heard:\n{lines}") from None
            self.heard.append(told)
            if condition(*told):
                return told

    @staticmethod
    def line(told):
        path, _, member, body = told
        return f"{path.removeprefix(ROOT)} {member} {body}"

    def becomes(self, where, deadline=DEADLINE, **wanted):
        """Waits until signals say that an object has these values."""
        left = dict(wanted)

        def matches(path, _, member, body):
            if member == "PropertiesChanged" and path == where:
                for name, (_, value) in body[1].items():
                    if name in wanted and value == wanted[name]:
                        left.pop(name, None)
                    elif name in wanted:
                        left[name] = wanted[name]
            return not left

        self.hear(f"{where} {wanted}", matches, deadline)

    def told(self):
        """Every signal since watching() or the last told(), but for those of the mark."""
        name = f"mark{next(self.marks)}"
        self.san.map_renamed(self.mark, name)
        self.mark = name

        def marked(_path, _kind, member, body):
            return member == "PropertiesChanged" and body[1].get("Name", (0, 0))[1] == name

        self.hear("the mark", marked)
        heard, self.heard = self.heard[:-1], []
        return heard

    def changes(self, signals, where, name):
        """The values that a property of an object was said to have, in order."""
        return [
            changed[name]
            for path, _, changed in Watch.changes(signals)
            if path == where and name in changed
        ]

    @staticmethod
    def members(signals, member):
        return [(path, body) for path, _, told, body in signals if told == member]

    def settled(self, seconds=10):
        self.client.manager("Settled", "t", (seconds * 1_000_000,), deadline=seconds + 5)
