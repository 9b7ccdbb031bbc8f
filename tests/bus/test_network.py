# SPDX-License-Identifier: LGPL-2.1-or-later
"""ipfailoverd on a private bus, in a network namespace and with a /run of this test's own; mpapi-firewall is started for
each connection, as systemd does it."""
import json
import pathlib
import subprocess
import time

import namespaces
from activator import Activator
from jeepney import new_error
from nft import nft
from polkit_authority import *

NETWORK = "org.mpapi.Network1"
NETWORK_PATH = "/org/mpapi/Network1"
ERROR = f"{NETWORK}.Error."
DBUS_LIMIT = "org.freedesktop.DBus.Error.LimitsExceeded"


def own_network():
    namespaces.own(namespaces.NETWORK | namespaces.MOUNTS)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
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
    def message(method, *arguments, signature="sssuu", interface=""):
        address = DBusAddress(NETWORK_PATH, bus_name=NETWORK, interface=NETWORK + interface)
        return new_method_call(address, method, signature, arguments)

    def call(self, interface, method, *arguments, signature=None, client=None):
        """Sent, not answered."""
        client = client or self.client
        serial = next(client.connection.outgoing_serial)
        message = self.message(method, *arguments, signature=signature, interface=interface)
        client.connection.send(message, serial=serial)
        return serial

    def ask(self, *arguments, client=None, **more):
        client = client or self.client
        return client.answer(self.call(*arguments, client=client, **more), deadline=DEADLINE)

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


def ip(words):
    subprocess.run(["ip", *words.split()], check=True)


class Adapters(NetworkTest):
    def list(self, **more):
        (told,) = self.ask(".Adapters", "List", **more)
        return [{key: value for key, (_, value) in one.items()} for one in told]

    def test_they_are_those_that_ip_shows_in_the_order_of_their_indexes(self):
        shown = json.loads(subprocess.run(["ip", "-json", "addr"], capture_output=True, check=True).stdout)
        told = self.list()
        self.assertEqual([(one["index"], one["name"]) for one in told],
                         sorted((one["ifindex"], one["ifname"]) for one in shown))  # fmt: skip
        for one in told:
            (link,) = [each for each in shown if each["ifname"] == one["name"]]
            self.assertEqual(sorted(one["addresses"]), sorted(
                f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"] if not each.get("tentative")))
        here = {one["name"]: one for one in told}["here"]
        (mac,) = [each["address"] for each in shown if each["ifname"] == "here"]
        self.assertEqual(
            {key: here[key] for key in here if key not in ("index", "addresses")},
            {"name": "here", "alias": "", "kind": "veth", "driver": "veth", "bus": "", "type": 6, "tunnel-type": 0,
             "hardware-address": mac, "status": "up", "gateways": [], "dhcp": False})  # fmt: skip

    def test_what_changes_is_told(self):
        ip("link set here alias Storage\xe4")
        self.addCleanup(ip, "link set there up")
        self.addCleanup(ip, "addr del 10.9.7.1/24 dev here")
        ip("addr add 10.9.7.1/24 dev here valid_lft 900 preferred_lft 900")
        ip("route add default via 10.9.7.254")
        self.addCleanup(ip, "route flush default")
        here = {one["name"]: one for one in self.list()}["here"]
        self.assertEqual((here["alias"], here["gateways"], here["dhcp"]), ("Storage\xe4", ["10.9.7.254"], True))
        ip("link set there down")
        end = time.monotonic() + DEADLINE
        while here["status"] == "up":  # the kernel gathers such news for up to a second (net/core/link_watch.c)
            self.assertLess(time.monotonic(), end)
            here = {one["name"]: one for one in self.list()}["here"]
        self.assertIn(here["status"], ("down", "lower-layer-down"))

    def test_everybody_may(self):
        self.assertTrue(self.list(client=self.new_client(NOBODY)))

    def test_many_at_once_are_answered_and_beyond_a_limit_refused(self):
        serials = [self.call(".Adapters", "List") for _ in range(60)]
        refused = 0
        for serial in serials:
            try:
                self.client.answer_of(serial)
            except BusError as error:
                self.assertEqual(error.name, ERROR + "LimitsExceeded")
                refused += 1
        self.assertLessEqual(refused, 52)  # 8 are let in whatever the pace
        self.assertTrue(self.list())

    def test_one_that_leaves_is_forgotten(self):
        leaver = self.new_client()
        self.call(".Adapters", "List", client=leaver)
        leaver.close()
        self.assertTrue(self.list())

    def test_hundreds_are_told(self):
        names = [f"many{number}" for number in range(200)]
        batch = "".join(f"link add {name} type bridge\n" for name in names)
        subprocess.run(["ip", "-batch", "-"], input=batch.encode(), check=True)
        removal = "".join(f"link del {name}\n" for name in names)
        self.addCleanup(subprocess.run, ["ip", "-batch", "-"], input=removal.encode(), check=True)
        self.assertEqual(len({one["name"] for one in self.list()} & set(names)), 200)


class Firewall(NetworkTest):
    def setUp(self):
        super().setUp()
        self.program = Activator("/run/mpapi-firewall.socket", os.environ["MPAPI_FIREWALL"])
        self.addCleanup(self.program.close)

    def judge(self, *packets, **more):
        return self.ask(".Firewall", "Judge", list(packets), signature="a(ssssq)", **more)[0]

    @staticmethod
    def tcp(port, adapter="here"):
        return (adapter, "10.9.0.0/24", "10.9.0.1", "tcp", port)

    def rules(self, text):
        nft(f"add table inet test {{ chain in {{ type filter hook input priority 0; policy drop; {text} }}; }}")
        self.addCleanup(nft, "delete table inet test")

    def test_packets_are_judged_by_the_rules_of_the_kernel(self):
        self.assertEqual(self.judge(self.tcp(3343)), [(True, "")])
        self.rules("tcp dport 3343 accept; icmp type echo-request accept;")
        self.assertEqual(
            self.judge(self.tcp(3343), self.tcp(445), ("here", "0.0.0.0/0", "10.9.0.1", "echo", 0),
                       ("here", "fe80::/64", "fe80::9", "echo", 0)),
            [(True, ""), (False, "inet test in: policy drop"), (True, ""), (False, "inet test in: policy drop")],
        )  # fmt: skip
        self.assertEqual(self.judge(), [])

    def test_what_is_no_packet_is_refused(self):
        for packet in (
            ("", "10.9.0.0/24", "10.9.0.1", "tcp", 1),
            ("x y", "10.9.0.0/24", "10.9.0.1", "tcp", 1),
            ("here", "10.9.0.0", "10.9.0.1", "tcp", 1),
            ("here", "10.9.0.0/24", "::1", "tcp", 1),
            ("here", "10.9.0.0/24", "10.9.0.1", "sctp", 1),
            ("here", "10.9.0.0/24", "10.9.0.1", "tcp", 0),
        ):
            with self.subTest(packet=packet):
                self.assert_bus_error(ERROR + "InvalidParameter", self.judge, packet)
        self.assert_bus_error(ERROR + "LimitsExceeded", self.judge, *[self.tcp(1)] * 4097)
        self.assertEqual(self.program.runs, 0)
        self.assertEqual(len(self.judge(*[self.tcp(1)] * 4096)), 4096)

    def test_without_the_program_the_error_says_why(self):
        os.unlink("/run/mpapi-firewall.socket")
        text = self.assert_bus_error(ERROR + "Failed", self.judge, self.tcp(1))
        self.assertIn("/run/mpapi-firewall.socket: is its socket unit of systemd started?", text)

    def test_a_program_that_fails_is_an_error(self):
        silent = pathlib.Path(self.state.name) / "silent"
        silent.write_text("#!/bin/sh\ncat >/dev/null\n")
        silent.chmod(0o700)
        self.program.program = silent
        text = self.assert_bus_error(ERROR + "Failed", self.judge, self.tcp(1))
        self.assertIn("without an answer", text)

    def test_without_firewalld_there_are_no_zones(self):
        self.assertEqual(self.ask(".Firewall", "Zones"), ("", {}))

    def test_firewalld_that_does_not_tell_is_an_error(self):
        played = self.new_client()
        Client.unpack(played.connection.send_and_get_reply(DBus().RequestName("org.fedoraproject.FirewallD1")))
        serial = self.call(".Firewall", "Zones")
        played.connection.send(new_error(played.connection.receive(timeout=DEADLINE), "org.x.No", "s", ("Not today",)))
        self.assertIn("Not today", self.assert_bus_error(ERROR + "Failed", self.client.answer_of, serial))

    def test_a_stranger_is_told_nothing_without_polkit(self):
        stranger = self.new_client(NOBODY)
        text = self.assert_bus_error(DENIED, lambda: self.judge(self.tcp(1), client=stranger))
        self.assertIn("org.mpapi.network1.judge-firewall", text)
        self.assert_bus_error(DENIED, lambda: self.ask(".Firewall", "Zones", client=stranger))
        self.assertEqual(self.program.runs, 0)

    def test_polkit_lets_a_stranger_in(self):
        authority = Authority(self.address)
        self.addCleanup(authority.close)
        stranger = self.new_client(NOBODY)
        serial = self.call(".Firewall", "Judge", [self.tcp(1)], signature="a(ssssq)", client=stranger)
        question = authority.question()
        self.assertEqual(question.action, "org.mpapi.network1.judge-firewall")
        self.assertEqual(question.details, {"object": "/org/mpapi/Network1", "method": "Judge"})
        authority.answer(question, authorized=True)
        self.assertEqual(stranger.answer(serial), ([(True, "")],))


class Command(NetworkTest):
    """ipfailover(8) about the network."""

    def setUp(self):
        super().setUp()
        self.program = Activator("/run/mpapi-firewall.socket", os.environ["MPAPI_FIREWALL"])
        self.addCleanup(self.program.close)

    def run_it(self, *words, status=0):
        ran = subprocess.run([os.environ["IPFAILOVER"], *words], capture_output=True, text=True, timeout=DEADLINE,
                             check=False, env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address})  # fmt: skip
        self.assertEqual(ran.returncode, status, ran.stdout + ran.stderr)
        return ran.stdout if status in (0, 9) else ran.stderr

    def test_adapters_are_a_table_and_the_same_as_json(self):
        ip("addr add 10.9.8.1/24 dev here")
        self.addCleanup(ip, "addr del 10.9.8.1/24 dev here")
        told = {one["name"]: one for one in json.loads(self.run_it("--json", "adapters"))["adapters"]}
        self.assertLessEqual({"10.9.0.1/24", "10.9.8.1/24", "fe80::9/64"}, set(told["here"]["addresses"]))
        rows = {line.split()[0]: line.split() for line in self.run_it("adapters").splitlines()}
        self.assertEqual(rows["ADAPTER"], ["ADAPTER", "STATUS", "TYPE", "HARDWARE", "ADDRESS", "ADDRESSES"])
        self.assertEqual(rows["here"], ["here", "up", "veth", told["here"]["hardware-address"],
                                        *told["here"]["addresses"]])  # fmt: skip
        self.assertEqual(rows["lo"][1:3], ["up", "loopback"])

    def test_the_firewall_is_asked_about_each_address(self):
        nft("add table inet test { chain in { type filter hook input priority 0; policy drop; tcp dport 22 accept; }; }")
        self.addCleanup(nft, "delete table inet test")
        told = self.run_it("firewall", "here", "tcp/22").splitlines()  # its own link-local address may be one of them
        self.assertLessEqual({"tcp/22 from 10.9.0.1/24 to 10.9.0.1: let in",
                              "tcp/22 from fe80::9/64 to fe80::9: let in"}, set(told))  # fmt: skip
        told = self.run_it("firewall", "here", "tcp/22", "echo", "--from", "0.0.0.0/0", status=9)
        self.assertEqual(told, "tcp/22 from 0.0.0.0/0 to 10.9.0.1: let in\n"
                         "echo from 0.0.0.0/0 to 10.9.0.1: not let in (inet test in: policy drop)\n")  # fmt: skip
        (one, *others) = json.loads(self.run_it("--json", "firewall", "here", "udp/22", status=9))["judgements"]
        self.assertEqual(one, {"adapter": "here", "source": "10.9.0.1/24", "destination": "10.9.0.1", "protocol": "udp",
                               "port": 22, "allowed": False, "reason": "inet test in: policy drop"})  # fmt: skip
        self.assertIn("fe80::9", [each["destination"] for each in others])

    def test_each_mistake_has_its_status(self):
        for words, status, text in (
            (("firewall", "here", "tcp"), 2, "found tcp"),
            (("firewall", "here", "tcp/0"), 2, "found tcp/0"),
            (("firewall", "here", "echo/7"), 2, "found echo/7"),
            (("firewall", "here", "tcp/1", "--from", "10.0.0.0"), 2, "expected a network"),
            (("firewall", "nowhere", "tcp/1"), 4, "no interface nowhere"),
            (("firewall", "there", "tcp/1", "--from", "10.0.0.0/8"), 4, "there has no address"),
        ):
            with self.subTest(words=words):
                self.assertIn(text, self.run_it(*words, status=status))


if __name__ == "__main__":
    own_network()
    main()
