# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls the ipfailoverd of a host without a program to start for each call."""
from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

DAEMON = "org.mpapi.Network1"
ROOT = "/org/mpapi/Network1"
DEADLINE = 120


class Caller:
    def __init__(self, host):
        self.connection = open_dbus_connection(bus=f"unix:path={host.directory}/bus")

    def send(self, path, interface, method, signature="", body=()):
        message = new_method_call(DBusAddress(path, bus_name=DAEMON, interface=interface), method, signature, body)
        serial = next(self.connection.outgoing_serial)
        self.connection.send(message, serial=serial)
        return serial

    def answers(self, serials):
        """Of all of these, in the order in which they come."""
        waited, bodies = set(serials), []
        while waited:
            reply = self.connection.receive(timeout=DEADLINE)
            serial = reply.header.fields.get(HeaderFields.reply_serial)
            if serial in waited:
                waited.discard(serial)
                assert reply.header.message_type == MessageType.method_return, reply.body
                bodies.append(reply.body)
        return bodies

    def send_online(self, address, length=24, profile="none"):
        options = {"profile": ("s", profile), "announcements": ("u", 1)}
        return self.send(ROOT, f"{DAEMON}.Addresses", "Online", "ssa{sv}", (f"{address}/{length}", "eth0", options))

    def online(self, address, length=24, profile="none"):
        return self.answers([self.send_online(address, length, profile)])[0][0]

    def online_all(self, addresses, length):
        """Of a hundred at one time: the bus lets a connection wait for 128 answers."""
        return [path for first in range(0, len(addresses), 100)
                for path, in self.answers([self.send_online(each, length) for each in addresses[first:first + 100]])]

    def offline(self, path, reset=True):
        """The connections that ended."""
        options = {} if reset else {"reset": ("b", False)}
        return self.answers([self.send(path, f"{DAEMON}.Address", "Offline", "a{sv}", (options,))])[0][0]

    def tickle(self, path, connections):
        self.answers([self.send(path, f"{DAEMON}.Address", "Tickle", "a(qsq)", (connections,))])
