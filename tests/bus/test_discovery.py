# SPDX-License-Identifier: LGPL-2.1-or-later
"""istd on a private bus, in a network namespace of this test's own, where nobody answers but itself."""
import pathlib
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

import namespaces
from jeepney import Properties

from polkit_authority import *

DISCOVERY = "org.mpapi.Discovery1"
DISCOVERY_PATH = "/org/mpapi/Discovery1"
JOB = f"{DISCOVERY}.Job"
ERROR = f"{DISCOVERY}.Error."
ACTION = "org.mpapi.discovery1.discover"
CONFIG = """name = "node1.example.org"
workgroups = ["EXAMPLE"]
smb_conf = "/nowhere/smb.conf"
[nmbd]
socket = "/nowhere/unexpected"
"""


class DiscoveryTest(BusTest):
    answer = "always"
    more = ""

    def setUp(self):
        super().setUp()
        self.client = self.new_client()
        config = tempfile.NamedTemporaryFile("w", suffix=".toml")
        self.addCleanup(config.close)
        config.write(f'answer = "{self.answer}"\n' + self.more + CONFIG)
        config.flush()
        self.daemon = subprocess.Popen(
            [os.environ["ISTD"], "--config", config.name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address})
        self.addCleanup(self.end, self.daemon)
        bus = self.client.connection
        rule = MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged")
        rule.add_arg_condition(0, DISCOVERY)
        with bus.filter(rule) as queue:
            Client.unpack(bus.send_and_get_reply(DBus().AddMatch(rule)))
            if not Client.unpack(bus.send_and_get_reply(DBus().NameHasOwner(DISCOVERY)))[0]:
                bus.recv_until_filtered(queue, timeout=DEADLINE)

    def call(self, client, path, interface, method, signature=None, body=(), interactive=False):
        message = new_method_call(DBusAddress(path, bus_name=DISCOVERY, interface=interface), method, signature, body)
        if interactive:
            message.header.flags |= MessageFlag.allow_interactive_authorization
        serial = next(client.connection.outgoing_serial)
        client.connection.send(message, serial=serial)
        return serial

    def begin(self, client=None, **options):
        return self.call(client or self.client, DISCOVERY_PATH, DISCOVERY, "Discover", "a{sv}", (options,))

    def discover(self, client=None, **options):
        client = client or self.client
        return client.answer_of(self.begin(client, **options))[0]

    def get(self, name, path=DISCOVERY_PATH, interface=DISCOVERY):
        message = Properties(DBusAddress(path, bus_name=DISCOVERY, interface=interface)).get(name)
        return Client.unpack(self.client.connection.send_and_get_reply(message, timeout=DEADLINE))[0][1]

    def wait_for_end(self, job):
        bus = self.client.connection
        rule = MatchRule(type="signal", path=job, member="PropertiesChanged")
        with bus.filter(rule) as queue:
            Client.unpack(bus.send_and_get_reply(DBus().AddMatch(rule)))
            while self.get("State", job, JOB) == "running":
                bus.recv_until_filtered(queue, timeout=DEADLINE)
        return self.get("State", job, JOB)


class Discover(DiscoveryTest):
    def test_a_search_finds_who_answers_and_the_collection_has_it(self):
        job = self.discover(timeout=("u", 300))
        self.assertEqual(job, f"{DISCOVERY_PATH}/job/1")
        for name, value in (("Kind", "discover"), ("Interface", ""), ("Error", ""), ("Message", ""),
                            ("User", os.geteuid())):
            self.assertEqual(self.get(name, job, JOB), value)
        self.assertEqual(self.wait_for_end(job), "done")
        self.assertEqual(self.get("Found", job, JOB), 1)
        (name, address, interface, took, heard), = self.get("Servers")
        self.assertEqual((name, address, interface), ("node1.example.org", "10.9.0.1", "here"))
        self.assertLess(took, 300_000)
        self.assertLess(abs(heard / 1e6 - time.time()), 60)

    def test_its_signals_tell_what_is_found(self):
        bus = self.new_client().connection  # the caller's would have some of them behind its answer
        rule = MatchRule(type="signal", path_namespace=DISCOVERY_PATH)
        with bus.filter(rule, bufsize=100) as queue:
            Client.unpack(bus.send_and_get_reply(DBus().AddMatch(rule)))
            job = self.discover(timeout=("u", 300))
            told = []
            while "PropertiesChanged" not in told:
                fields = bus.recv_until_filtered(queue, timeout=DEADLINE).header.fields
                told.append(fields[HeaderFields.member])
                self.assertIn(fields[HeaderFields.path], (DISCOVERY_PATH, job))
        self.assertEqual(told, ["InterfacesAdded", "ServerAnswered", "ServerAdded", "PropertiesChanged"])

    def test_what_it_is_doing_is_told(self):
        for name, value in (("Transport", "socket"), ("TransportReason", ""), ("Interfaces", ["here"]),
                            ("Serving", True), ("Name", "node1.example.org"), ("Workgroups", ["EXAMPLE"]),
                            ("Servers", [])):
            self.assertEqual(self.get(name), value, name)
        self.assertEqual(set(self.get("Counters").values()), {0})

    def test_options_that_are_wrong_are_refused(self):
        for options in ({"timeout": ("u", 99)}, {"timeout": ("u", 60001)}, {"timeout": ("s", "1")},
                        {"interface": ("u", 1)}, {"interface": ("s", "i" * 16)}, {"interfaces": ("s", "here")}):
            with self.subTest(options=options):
                self.assert_bus_error(ERROR + "InvalidParameter", lambda: self.discover(**options))

    def test_more_than_any_method_takes_is_refused(self):
        limit = "org.freedesktop.DBus.Error.LimitsExceeded"
        self.assert_bus_error(limit, lambda: self.discover(interface=("s", "i" * (5 << 20))))
        self.assert_bus_error(limit, lambda: self.discover(**{"i" * (30 << 20): ("b", True)}))
        self.assertEqual(self.get("Serving"), True)

    def test_a_question_that_cannot_be_asked_is_told_by_the_job(self):
        job = self.discover(interface=("s", "nowhere"))
        self.assertEqual(self.get("State", job, JOB), "failed")
        self.assertEqual(self.get("Error", job, JOB), ERROR + "Failed")
        self.assertIn("nowhere", self.get("Message", job, JOB))

    def test_searches_at_a_time_are_bounded(self):
        for _ in range(16):
            self.discover(timeout=("u", 60000))
        self.assert_bus_error(ERROR + "LimitsExceeded", self.discover)

    def test_a_search_can_be_canceled(self):
        job = self.discover(timeout=("u", 60000))
        self.client.answer_of(self.call(self.client, job, JOB, "Cancel"))
        self.assertEqual(self.get("State", job, JOB), "canceled")

    def test_jobs_are_managed_objects(self):
        job = self.discover(timeout=("u", 100))
        self.wait_for_end(job)
        objects = self.client.answer_of(self.call(self.client, DISCOVERY_PATH, OBJECT_MANAGER, "GetManagedObjects"))[0]
        self.assertEqual(objects[job][JOB]["State"], ("s", "done"))


class Command(DiscoveryTest):
    def start(self, *options, stdout=subprocess.PIPE):
        process = subprocess.Popen(
            [os.environ["ISTD"], "discover", *options], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_what_could_not_be_written_is_no_success(self):
        for options in ((), ("--json",), ("--watch",)):
            with self.subTest(options=options), open("/dev/full", "wb") as full:
                process = self.start(*options, "--timeout", "1", stdout=full)
                _, told = process.communicate(timeout=DEADLINE)
                self.assertEqual(process.returncode, 1)
                self.assertIn("No space left", told)

    def test_it_ends_with_the_daemon_that_searches(self):
        process = self.start("--timeout", "60")
        lines = [process.stdout.readline() for _ in range(2)]
        self.assertIn("node1.example.org", lines[1])  # and now it waits for others
        self.daemon.kill()
        _, told = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("it has ended", told)


class Nobody(DiscoveryTest):
    answer = "never"

    def test_who_was_asked_is_told_where_nobody_answered(self):
        for options, where in ((), "here"), (("--interface", "here"), "here"):
            told = subprocess.run(
                [os.environ["ISTD"], "discover", "--timeout", "1", *options], stdin=subprocess.DEVNULL,
                capture_output=True, text=True, env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
                timeout=DEADLINE, check=False)
            self.assertEqual((told.returncode, told.stdout), (0, ""))
            self.assertEqual(told.stderr, f"istd: no server has answered; asked was workgroup EXAMPLE on {where}\n")


class Off(DiscoveryTest):
    more = 'transport = "off"\n'

    def test_without_a_transport_it_says_why(self):
        self.assertEqual(self.get("Transport"), "off")
        self.assertIn("configuration", self.get("TransportReason"))
        job = self.discover()
        self.assertEqual(self.get("State", job, JOB), "failed")
        self.assertIn("configuration", self.get("Message", job, JOB))


class Permission(DiscoveryTest):
    def setUp(self):
        super().setUp()
        self.stranger = self.new_client(NOBODY)

    def test_without_polkit_a_stranger_may_read_and_not_search(self):
        text = self.assert_bus_error(DENIED, lambda: self.discover(self.stranger))
        self.assertIn(ACTION, text)
        self.assertEqual(self.get("Servers"), [])
        self.assertEqual(set(self.get("Counters").values()), {0})  # and nothing was sent

    def test_polkit_lets_a_stranger_in_or_not(self):
        authority = Authority(self.address)
        self.addCleanup(authority.close)
        for allowed in (True, False):
            serial = self.begin(self.stranger, timeout=("u", 60000))
            question = authority.question()
            self.assertEqual(question.action, ACTION)
            self.assertEqual(question.details, {"object": DISCOVERY_PATH, "method": "Discover"})
            authority.answer(question, authorized=allowed)
            if allowed:
                job = self.stranger.answer(serial)[0]
            else:
                self.assert_bus_error(DENIED, self.stranger.answer, serial)
        # He may end what he began, though he may begin nothing any more.
        serial = self.call(self.stranger, job, JOB, "Cancel")
        authority.answer(authority.question(), authorized=False)
        self.stranger.answer(serial)
        self.assertEqual(self.get("State", job, JOB), "canceled")

    def test_a_stranger_ends_nothing_of_others(self):
        job = self.discover(timeout=("u", 60000))
        serial = self.call(self.stranger, job, JOB, "Cancel")
        self.assert_bus_error(DENIED, self.stranger.answer, serial)
        self.assertEqual(self.get("State", job, JOB), "running")


class Contract(DiscoveryTest):
    def members(self, root, interface):
        annotation = "annotation[@name='org.freedesktop.DBus.Property.EmitsChangedSignal']"
        found = set()
        for member in root.find(f"interface[@name='{interface}']"):
            if member.tag == "property":
                emits = member.find(annotation)
                found.add((member.get("name"), member.get("type"), "true" if emits is None else emits.get("value")))
            else:
                found.add((member.get("name"), *((arg.get("name"), arg.get("type"), arg.get("direction", "out"))
                                                 for arg in member.findall("arg"))))
        return found

    def test_what_is_served_is_what_the_xml_says(self):
        job = self.discover(timeout=("u", 60000))
        written = ElementTree.parse(pathlib.Path(os.environ["SOURCE_ROOT"]) / "dbus" / f"{DISCOVERY}.xml").getroot()
        for path, interface in ((DISCOVERY_PATH, DISCOVERY), (job, JOB)):
            serial = self.call(self.client, path, "org.freedesktop.DBus.Introspectable", "Introspect")
            served = ElementTree.fromstring(self.client.answer_of(serial)[0])
            self.assertEqual(self.members(served, interface), self.members(written, interface))

    def test_a_second_instance_says_why_it_ends(self):
        second = subprocess.run([os.environ["ISTD"]], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}, timeout=DEADLINE,
                                check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another instance is running", second.stderr)


if __name__ == "__main__":
    namespaces.own()
    namespaces.dead_end()
    main()
