# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkit as a test wants it: it has the name on the bus and answers what the test says, when it says;
and those that ask for something that polkit decides."""
from jeepney import MatchRule, MessageFlag, new_error, new_method_return

from private_bus import *

POLKIT = "org.freedesktop.PolicyKit1"
AUTHORITY = "org.freedesktop.PolicyKit1.Authority"
POLKIT_ERROR = "org.freedesktop.PolicyKit1.Error."

DENIED = "org.freedesktop.DBus.Error.AccessDenied"
LIMIT = f"{NAME}.Error.LimitsExceeded"
ACTION = "org.mpapi.multipath1.refresh"
LU = interface("LogicalUnit")


class Question:
    """One CheckAuthorization."""

    def __init__(self, message):
        self.message = message
        self.subject, self.action, self.details, flags, self.cancellation = message.body
        self.interactive = flags == 1


class Authority:
    def __init__(self, address):
        self.connection = open_dbus_connection(bus=address)
        assert Client.unpack(self.connection.send_and_get_reply(DBus().RequestName(POLKIT))) == (1,)

    def close(self):
        self.connection.close()

    def next(self, method):
        """The next call, which must be of this method."""
        while True:
            message = self.connection.receive(timeout=DEADLINE)
            if message.header.message_type == MessageType.method_call:
                break
        fields = message.header.fields
        called = (fields[HeaderFields.interface], fields[HeaderFields.member])
        assert called == (AUTHORITY, method), f"{called} {message.body}"
        assert fields[HeaderFields.path] == "/org/freedesktop/PolicyKit1/Authority"
        return message

    def question(self):
        return Question(self.next("CheckAuthorization"))

    def cancelled(self):
        """The cancellation id of the next call, which must be a cancellation."""
        message = self.next("CancelCheckAuthorization")
        assert message.header.flags & MessageFlag.no_auto_start, "it would start polkit for nothing"
        return message.body[0]

    def answer(self, question, authorized=False, challenge=False, **details):
        details = {f"polkit.{key}": value for key, value in details.items()}
        self.reply(question, "(bba{ss})", ((authorized, challenge, details),))

    def reply(self, question, signature, body):
        self.connection.send(new_method_return(question.message, signature, body))

    def fail(self, question, name, text):
        self.connection.send(new_error(question.message, name, "s", (text,)))


class PolkitTest(PublisherTest):
    # An owner that no test is, so that whoever runs them is a stranger unless root.
    arguments = ["--owner", "4000000000"]

    def setUp(self):
        super().setUp()
        self.do("ports")
        self.do("populate 2 2")
        self.stranger = self.new_client(NOBODY)

    def authority(self):
        authority = Authority(self.address)
        self.addCleanup(authority.close)
        return authority

    def ask(self, client=None, path=lu_path(2), kind=LU, interactive=False):
        client = client or self.stranger
        message = new_method_call(DBusAddress(path, bus_name=NAME, interface=kind), "Refresh")
        if interactive:
            message.header.flags |= MessageFlag.allow_interactive_authorization
        serial = next(client.connection.outgoing_serial)
        client.connection.send(message, serial=serial)
        return serial

    def denied(self, serial, client=None, name=DENIED):
        return self.assert_bus_error(name, (client or self.stranger).answer, serial)

    def refreshed(self):
        self.tell("refreshed")
        _, *units = self.lines.next().split()
        self.assertTrue(self.lines.next().startswith("ok "))
        return [int(unit) for unit in units]
