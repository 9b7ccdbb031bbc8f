# SPDX-License-Identifier: LGPL-2.1-or-later
"""ipfailoverd on a private bus, in a network namespace of this test's own."""
import pathlib
import subprocess

import namespaces
from polkit_authority import *

NETWORK = "org.mpapi.Network1"
NETWORK_PATH = "/org/mpapi/Network1"
ERROR = f"{NETWORK}.Error."
DBUS_LIMIT = "org.freedesktop.DBus.Error.LimitsExceeded"


def own_network():
    namespaces.own()
    namespaces.dead_end()
    for words in (
        "-6 addr add fe80::9/64 dev here nodad",
        "neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev here",
        "route add unreachable 10.8.0.0/24",
    ):
        subprocess.run(["ip", *words.split()], check=True)


class NetworkTest(BusTest):
    settings = ""

    def setUp(self):
        super().setUp()
        # Not where a service of this machine keeps its own.
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)
        config = pathlib.Path(self.state.name) / "ipfailoverd.toml"
        config.write_text(f'state_directory = "{self.state.name}"\n{self.settings}')
        self.command = [os.environ["IPFAILOVERD"], "--config", str(config)]
        self.client = self.new_client()
        unique = self.client.connection
        self.daemon = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
        )
        self.addCleanup(self.end, self.daemon)
        rule = MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged")
        rule.add_arg_condition(0, NETWORK)
        with unique.filter(rule) as queue:
            Client.unpack(unique.send_and_get_reply(DBus().AddMatch(rule)))
            if not Client.unpack(unique.send_and_get_reply(DBus().NameHasOwner(NETWORK)))[0]:
                unique.recv_until_filtered(queue, timeout=DEADLINE)

    @staticmethod
    def message(method, *arguments, signature="sssuu"):
        address = DBusAddress(NETWORK_PATH, bus_name=NETWORK, interface=NETWORK)
        return new_method_call(address, method, signature, arguments)

    def send(self, *arguments, client=None, interactive=False):
        client = client or self.client
        message = self.message("Echo", *arguments)
        if interactive:
            message.header.flags |= MessageFlag.allow_interactive_authorization
        serial = next(client.connection.outgoing_serial)
        client.connection.send(message, serial=serial)
        return serial

    def echo(self, *arguments, client=None):
        client = client or self.client
        return client.answer(self.send(*arguments, client=client), deadline=DEADLINE)[0]

    def refused(self, error, *arguments):
        return self.assert_bus_error(ERROR + error, self.echo, *arguments)


class Echo(NetworkTest):
    def test_both_families_are_answered_within_the_time(self):
        for source, family in (("127.0.0.1", "ipv4"), ("::1", "ipv6"), ("10.9.0.1", "ipv4"), ("fe80::9%here", "ipv6")):
            with self.subTest(source=source):
                self.assertLess(self.echo(source, source, family, 32, 1000), 1000)

    def test_each_error_that_the_interface_names_is_given(self):
        self.refused("TimedOut", "10.9.0.1", "10.9.0.2", "ipv4", 32, 20)
        self.refused("AddressNotAvailable", "10.9.0.3", "10.9.0.1", "ipv4", 32, 1000)
        self.refused("HostUnreachable", "10.9.0.1", "10.8.0.1", "ipv4", 32, 1000)
        self.refused("NetworkUnreachable", "10.9.0.1", "192.0.2.1", "ipv4", 32, 1000)

    def test_malformed_arguments_are_refused(self):
        for arguments in (
            ("10.9.0.1", "10.9.0.1", "ipv6", 32, 1000),
            ("10.9.0.1", "::1", "ipv4", 32, 1000),
            ("10.9.0.1", "10.9.0.1", "", 32, 1000),
            ("localhost", "10.9.0.1", "ipv4", 32, 1000),
            ("10.9.0.1", "10.9.0.1", "ipv4", 8193, 1000),
            ("10.9.0.1", "10.9.0.1", "ipv4", 32, 0),
            ("10.9.0.1", "10.9.0.1", "ipv4", 32, 1001),
            ("10.9.0.1", "224.0.0.1", "ipv4", 32, 1000),
            ("10.9.0.1", "10.9.0.255", "ipv4", 32, 1000),
            ("fe80::9%nowhere", "fe80::9", "ipv6", 32, 1000),
        ):
            with self.subTest(arguments=arguments):
                self.refused("InvalidParameter", *arguments)

    def test_more_than_any_method_takes_is_refused(self):
        self.assert_bus_error(DBUS_LIMIT, self.echo, "1" * (5 << 20), "10.9.0.1", "ipv4", 32, 1000)
        self.refused("InvalidParameter", "1" * (3 << 20), "10.9.0.1", "ipv4", 32, 1000)

    def test_calls_beyond_the_limit_of_a_sender_are_refused_and_the_others_answered(self):
        serials = [self.send("10.9.0.1", "10.9.0.2", "ipv4", 32, 300) for _ in range(40)]
        ends = {}
        for serial in serials:
            with self.assertRaises(BusError) as caught:
                self.client.answer_of(serial)
            ends[caught.exception.name] = ends.get(caught.exception.name, 0) + 1
        self.assertEqual(ends, {ERROR + "TimedOut": 32, ERROR + "LimitsExceeded": 8})
        self.assertLess(self.echo("10.9.0.1", "10.9.0.1", "ipv4", 32, 1000), 1000)

    def test_a_caller_that_leaves_is_forgotten(self):
        leaver = self.new_client()
        self.send("10.9.0.1", "10.9.0.2", "ipv4", 32, 1000, client=leaver)
        leaver.close()
        self.assertLess(self.echo("10.9.0.1", "10.9.0.1", "ipv4", 32, 1000), 1000)

    def test_a_second_instance_says_why_it_ends(self):
        second = subprocess.run(
            self.command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
            timeout=DEADLINE,
            check=False,
        )
        self.assertEqual(second.returncode, 1)
        self.assertIn("another instance is running", second.stderr.decode())


class Permission(NetworkTest):
    def setUp(self):
        super().setUp()
        self.stranger = self.new_client(NOBODY)
        self.arguments = ("10.9.0.1", "10.9.0.1", "ipv4", 32, 1000)

    def authority(self):
        authority = Authority(self.address)
        self.addCleanup(authority.close)
        return authority

    def test_without_polkit_a_stranger_may_not(self):
        text = self.assert_bus_error(DENIED, lambda: self.echo(*self.arguments, client=self.stranger))
        self.assertIn("org.mpapi.network1.echo", text)

    def test_polkit_lets_a_stranger_in_or_not(self):
        authority = self.authority()
        for allowed in (True, False):
            serial = self.send(*self.arguments, client=self.stranger)
            question = authority.question()
            self.assertEqual(question.action, "org.mpapi.network1.echo")
            self.assertEqual(question.details, {"object": "/org/mpapi/Network1", "method": "Echo"})
            self.assertEqual(question.subject, ("system-bus-name", {"name": ("s", self.stranger.name)}))
            self.assertFalse(question.interactive)
            authority.answer(question, authorized=allowed)
            if allowed:
                self.assertLess(self.stranger.answer(serial)[0], 1000)
            else:
                self.assert_bus_error(DENIED, self.stranger.answer, serial)

    def test_a_password_is_asked_for_only_where_the_call_allows_it(self):
        authority = self.authority()
        for interactive in (True, False):
            serial = self.send(*self.arguments, client=self.stranger, interactive=interactive)
            question = authority.question()
            self.assertEqual(question.interactive, interactive)
            authority.answer(question, challenge=True)
            self.assertIn("Authentication", self.assert_bus_error(DENIED, self.stranger.answer, serial))

    def test_an_answer_of_polkit_that_is_none_is_a_no(self):
        authority = self.authority()
        serial = self.send(*self.arguments, client=self.stranger)
        authority.reply(authority.question(), "s", ("yes",))
        self.assert_bus_error(DENIED, self.stranger.answer, serial)


if __name__ == "__main__":
    own_network()
    main()
