# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkit as a test wants it: it has the name on the bus and answers what the test says, when it says."""
from jeepney import MatchRule, MessageFlag, new_error, new_method_return

from private_bus import *

POLKIT = "org.freedesktop.PolicyKit1"
AUTHORITY = "org.freedesktop.PolicyKit1.Authority"
POLKIT_ERROR = "org.freedesktop.PolicyKit1.Error."


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
