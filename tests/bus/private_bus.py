# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bus of one test's own, a publisher on it, and clients.

Nothing here touches the system's or the user's bus. Whatever is waited for has a deadline and says
what was missing when it passes.
"""
import json
import os
import pwd
import selectors
import subprocess
import tempfile
import time
import unittest

try:
    from jeepney import DBusAddress, MatchRule, Properties, message_bus, new_method_call
    from jeepney.bus_messages import DBus
    from jeepney.io.blocking import open_dbus_connection
    from jeepney.low_level import HeaderFields, MessageType
except ImportError as missing:  # meson reads 77 as skipped
    print(f"skipped: {missing} (Debian: python3-jeepney)")
    raise SystemExit(77)

# As the session's, but for users other than the one that runs the tests too.
BUS_CONFIG = """<busconfig>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

NAME = "org.mpapi.Multipath1"
ROOT = "/org/mpapi/Multipath1"
DEADLINE = 60
# A bus lets in only users that the system knows.
NOBODY, SOMEBODY, ANYBODY = (pwd.getpwnam(name).pw_uid for name in ("nobody", "daemon", "bin"))

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"


def interface(kind):
    return f"{NAME}.{kind}"


def lu_path(number):
    return f"{ROOT}/lu/36001405{number:024d}"


class BusError(Exception):
    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Lines:
    """The standard output of a process, line by line, each with a deadline."""

    def __init__(self, process, who):
        self.process, self.who, self.buffer = process, who, b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(process.stdout, selectors.EVENT_READ)

    def ready(self):
        """Whether next() would not wait for its first byte."""
        return bool(self.buffer or self.selector.select(0))

    def next(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not self.selector.select(left):
                raise AssertionError(f"{self.who} said nothing for {deadline} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise AssertionError(f"{self.who} ended with status {self.process.wait()}")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()


class Client:
    def __init__(self, address):
        self.connection = open_dbus_connection(bus=address, enable_fds=True)
        self.name = self.connection.unique_name
        self.later = []

    def close(self):
        self.connection.close()

    def send(self, path, kind, method, signature=None, body=()):
        """Sends a call; answer() waits for its reply, in any order."""
        address = DBusAddress(path, bus_name=NAME, interface=kind)
        message = new_method_call(address, method, signature, body)
        serial = next(self.connection.outgoing_serial)
        self.connection.send(message, serial=serial)
        return serial

    def answer(self, serial, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while True:
            message = self.connection.receive(timeout=max(0.001, end - time.monotonic()))
            if message.header.fields.get(HeaderFields.reply_serial) == serial:
                return self.unpack(message)
            self.later.append(message)

    def answer_of(self, serial, deadline=DEADLINE):
        """As answer(), where answers to others may have come before."""
        for message in self.later:
            if message.header.fields.get(HeaderFields.reply_serial) == serial:
                return self.unpack(message)
        return self.answer(serial, deadline)

    @staticmethod
    def unpack(message):
        if message.header.message_type == MessageType.error:
            raise BusError(
                message.header.fields[HeaderFields.error_name],
                message.body[0] if message.body else "",
            )
        return message.body

    def call(self, path, kind, method, signature=None, body=(), deadline=DEADLINE):
        address = DBusAddress(path, bus_name=NAME, interface=kind)
        message = new_method_call(address, method, signature, body)
        reply = self.connection.send_and_get_reply(message, timeout=deadline)
        return self.unpack(reply)

    def manager(self, method, signature=None, body=(), deadline=DEADLINE):
        return self.call(ROOT, interface("Manager"), method, signature, body, deadline)

    def get(self, path, kind, name):
        return self.call(path, PROPERTIES, "Get", "ss", (interface(kind), name))[0][1]

    def get_all(self, path, kind):
        body = self.call(path, PROPERTIES, "GetAll", "s", (interface(kind),))
        return {name: value for name, (_, value) in body[0].items()}

    def introspect(self, path):
        return self.call(path, "org.freedesktop.DBus.Introspectable", "Introspect")[0]

    def managed_objects(self):
        return self.call(ROOT, OBJECT_MANAGER, "GetManagedObjects", deadline=60)[0]

    def watch(self):
        return Watch(self)

    def owned(self):
        """Whether anybody has the daemon's name."""
        return self.unpack(self.connection.send_and_get_reply(DBus().NameHasOwner(NAME)))[0]

    def read_fd(self, fd):
        with fd.to_file("rb") as file:
            return file.read()


class Watch:
    """Every signal of the publisher about an object, in order; GenerationChanged apart."""

    def __init__(self, client):
        self.client = client
        self.generations = []
        # What was signalled before now is behind us when the answer to a call has come.
        client.get(ROOT, "Manager", "Generation")
        rule = MatchRule(type="signal", sender=NAME, path_namespace=ROOT)
        client.unpack(client.connection.send_and_get_reply(DBus().AddMatch(rule)))
        local = MatchRule(type="signal", path_namespace=ROOT)
        self.filter = client.connection.filter(local, bufsize=1_000_000)
        self.queue = self.filter.__enter__()

    @staticmethod
    def told(message):
        fields = message.header.fields
        return (
            fields[HeaderFields.path],
            fields[HeaderFields.interface],
            fields[HeaderFields.member],
            message.body,
        )

    def until_answered(self):
        """All signals sent before now: what arrives before the answer to a call made now."""
        self.client.get(ROOT, "Manager", "Generation")
        signals = [self.told(message) for message in self.queue]
        self.queue.clear()
        return [signal for signal in signals if self.is_of_an_object(signal)]

    def next(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while True:
            left = max(0.001, end - time.monotonic())
            signal = self.told(self.client.connection.recv_until_filtered(self.queue, timeout=left))
            if self.is_of_an_object(signal):
                return signal

    def is_of_an_object(self, signal):
        if signal[2] == "GenerationChanged":
            self.generations += signal[3]
            return False
        return True

    @staticmethod
    def changes(signals):
        """PropertiesChanged only: (path, interface, {name: value})."""
        return [
            (path, body[0], {name: value for name, (_, value) in body[1].items()})
            for path, _, member, body in signals
            if member == "PropertiesChanged"
        ]


class BusTest(unittest.TestCase):
    bus_config = BUS_CONFIG

    def setUp(self):
        config = tempfile.NamedTemporaryFile("w", suffix=".conf")
        self.addCleanup(config.close)
        config.write(self.bus_config)
        config.flush()
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config.name}", "--nofork", "--nopidfile", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # complains of its own limits where it runs in a container
        )
        self.addCleanup(self.end, self.bus)
        self.address = Lines(self.bus, "dbus-daemon").next()

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def new_client(self, uid=None):
        """A client, of another user where that can be had: by root."""
        change = uid is not None and os.geteuid() == 0
        # The bus takes the user from the socket, which keeps the one that connected it.
        if change:
            os.setresuid(uid, uid, 0)
        try:
            client = Client(self.address)
        finally:
            if change:
                os.setresuid(0, 0, 0)
        self.addCleanup(client.close)
        return client

    def assert_bus_error(self, name, call, *arguments):
        with self.assertRaises(BusError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.name, name, caught.exception.text)
        return caught.exception.text

    def load(self, fd):
        return json.loads(self.client.read_fd(fd))


class PublisherTest(BusTest):
    arguments: list = []

    def setUp(self):
        super().setUp()
        self.publisher = subprocess.Popen(
            [os.environ["FAKE_PUBLISHER"], *self.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address},
        )
        self.addCleanup(self.end, self.publisher)
        self.lines = Lines(self.publisher, "fake-publisher")
        self.assertEqual(self.lines.next(), "ready")
        self.client = self.new_client()

    def tell(self, verb):
        """Gives the model a verb without waiting."""
        self.publisher.stdin.write((verb + "\n").encode())
        self.publisher.stdin.flush()

    def do(self, verb):
        """Gives the model a verb; returns its generation when the publisher was told."""
        self.tell(verb)
        line = self.lines.next()
        self.assertTrue(line.startswith("ok "), f"{verb}: {line}")
        return int(line.split()[1])


def main():
    unittest.main(verbosity=2)
