# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system bus, blocking and with deadlines: calls, properties, and signals with the time they came.

Built on jeepney. Values come as plain Python; variants are unwrapped.
"""

import threading
import time

from jeepney import DBusAddress, MatchRule, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from shell import TooLate

DBUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")


class BusError(Exception):
    """A method answered with an error; `name` is the D-Bus error name."""

    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name


def plain(value, signature):
    """A value without the (signature, value) pairs that jeepney makes of variants."""
    return _plain(value, _split(signature))


def _split(signature):
    """The single complete types of a signature."""
    types, at = [], 0
    while at < len(signature):
        start, depth = at, 0
        while signature[at] == "a":
            at += 1
        while True:
            depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(signature[at], 0)
            at += 1
            if depth == 0:
                break
        types.append(signature[start:at])
    return types


def _plain(values, types):
    return tuple(_plain_one(value, kind) for value, kind in zip(values, types))


def _plain_one(value, kind):
    if kind == "v":
        return _plain_one(value[1], value[0])
    if kind.startswith("a{"):
        key, inner = _split(kind[2:-1])
        return {_plain_one(k, key): _plain_one(v, inner) for k, v in dict(value).items()}
    if kind == "ay":
        return bytes(value)
    if kind.startswith("a"):
        return [_plain_one(one, kind[1:]) for one in value]
    if kind.startswith("("):
        return _plain(value, _split(kind[1:-1]))
    return value


class Bus:
    """One connection. Not for several threads at once; make another for each."""

    def __init__(self, bus="SYSTEM"):
        self.connection = open_dbus_connection(bus=bus, enable_fds=True, auth_timeout=30.0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def call(self, service, path, interface, method, signature="", *arguments, deadline=10.0):
        """Calls a method and gives its answer: None, a value, or a tuple of several."""
        address = DBusAddress(path, bus_name=service, interface=interface)
        message = new_method_call(address, method, signature or None, arguments)
        try:
            reply = self.connection.send_and_get_reply(message, timeout=deadline)
        except TimeoutError as late:
            raise TooLate(f"no answer to {interface}.{method} of {path} within {deadline:g} s") from late
        kind = {int(key): value for key, value in reply.header.fields.items()}
        if reply.header.message_type == MessageType.error:
            raise BusError(kind.get(4, "?"), reply.body[0] if reply.body else "")
        values = plain(reply.body, kind.get(8, "") or "")
        return values[0] if len(values) == 1 else (values or None)

    def ping(self):
        """How long the bus itself takes to answer: what of any call or signal is the machine's and the client's."""
        began = time.monotonic()
        self.call(DBUS.bus_name, DBUS.object_path, DBUS.interface, "GetId")
        return time.monotonic() - began

    def get(self, service, path, interface, name):
        return self.call(service, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)

    def get_all(self, service, path, interface):
        return self.call(service, path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface)

    def managed_objects(self, service, path, deadline=30.0):
        return self.call(service, path, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", deadline=deadline)


class Signals:
    """Records every signal of a service from now on, in a thread with a connection of its own.

    Each is a dictionary: at (CLOCK_MONOTONIC), path, interface, member, body.
    """

    def __init__(self, service, bus="SYSTEM"):
        self.seen = []
        self._answered = set()
        self._news = threading.Condition()
        self._ending = False
        self._connection = open_dbus_connection(bus=bus, enable_fds=True, auth_timeout=30.0)
        rule = MatchRule(type="signal", sender=service)
        self._connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=10)
        self._thread = threading.Thread(target=self._collect, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending = True
        self._thread.join()
        self._connection.close()

    def _collect(self):
        while not self._ending:
            try:
                message = self._connection.receive(timeout=0.2)
            except TimeoutError:
                continue
            except ConnectionError:
                return
            now = time.monotonic()
            fields = {int(key): value for key, value in message.header.fields.items()}
            if message.header.message_type == MessageType.method_return:
                with self._news:
                    self._answered.add(fields[5])  # the serial it replies to
                    self._news.notify_all()
            if message.header.message_type != MessageType.signal:
                continue
            if fields.get(2) == "org.freedesktop.DBus":
                continue
            with self._news:
                self.seen.append({"at": now, "path": fields.get(1), "interface": fields.get(2),
                                  "member": fields.get(3), "body": plain(message.body, fields.get(8, "") or "")})
                self._news.notify_all()

    def catch_up(self, deadline=30.0):
        """Returns when every signal is recorded that the bus had taken in before this call.

        The bus hands a connection its messages in order, so the answer to a question of
        this connection comes after them. An answer on another connection says nothing of it.
        """
        serial = next(self._connection.outgoing_serial)
        self._connection.send(new_method_call(DBUS, "GetId"), serial=serial)
        with self._news:
            if not self._news.wait_for(lambda: serial in self._answered, deadline):
                raise TooLate(f"the recorder of signals is more than {deadline:g} s behind")

    def matching(self, fits, since=0.0):
        with self._news:
            return [signal for signal in self.seen if signal["at"] >= since and fits(signal)]

    def expect(self, what, fits, since=0.0, deadline=10.0):
        """The first signal after `since` that fits, waiting for it up to the deadline."""
        end = time.monotonic() + deadline
        while True:
            with self._news:
                for signal in self.seen:
                    if signal["at"] >= since and fits(signal):
                        return signal
                left = end - time.monotonic()
                if left <= 0:
                    raise TooLate(f"no signal within {deadline:g} s: {what}; seen: "
                                  f"{[(s['path'], s['member']) for s in self.seen][-10:]}")
                self._news.wait(left)

    def expect_change(self, path, interface, name, value, since=0.0, deadline=10.0):
        """The PropertiesChanged that gives a property this value."""
        def fits(signal):
            return (signal["path"] == path and signal["member"] == "PropertiesChanged"
                    and signal["body"][0] == interface and signal["body"][1].get(name) == value)
        return self.expect(f"{name} of {path} becomes {value!r}", fits, since, deadline)
