# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad files, bad calls, bad clients and devices that lie: refused with words, and nobody else
notices."""
from embedded_san import *

DBUS = "org.freedesktop.DBus.Error."


class Refused(SanTest):
    """It says what is wrong and where, ends with status 1, and was never seen on the bus."""

    def owner(self):
        bus = self.new_client()
        return bus.unpack(
            bus.connection.send_and_get_reply(message_bus.NameHasOwner(NAME), timeout=DEADLINE)
        )[0]

    def assert_said(self, said, *words):
        self.assertEqual(len(said.splitlines()), 1, said)
        for word in words:
            self.assertIn(word, said)
        self.assertFalse(self.owner())

    def line_of(self, text, part):
        return text[: text.index(part)].count("\n") + 1

    def test_a_malformed_description_by_file_line_and_what_was_expected(self):
        for good, bad in (
            ('transport = "fc"', 'transport = "pigeon"'),
            ("lun = 0\n", "lun = -1\n"),
            ("lun = 0\n", "lun = \n"),
            ('size = "1GiB"', 'size = "1 fathom"'),
            ('name = "one"\n', 'nmae = "one"\n'),
            ('state = "standby"', "state = 3"),
            ("group = 2", "group = 99"),
            ('designator = "naa.60014050000000000000000000000002"', 'designator = "naa.zz"'),
        ):
            with self.subTest(bad=bad):
                text = STORY_SAN.replace(good, bad, 1)
                said = self.refused(self.command(text))
                line = self.line_of(text, bad.strip("\n"))
                # A missing name is the table's, one that is unknown its own line's.
                nearby = [f"san.toml:{each}: " for each in range(line - 1, line + 2)]
                self.assertTrue(any(each in said for each in nearby), f"{line}: {said}")
                self.assertIn("expected", said)
                self.assertFalse(self.owner())

    def test_a_malformed_configuration_likewise(self):
        for text, line in (
            ("[commands]\ntimeout = 5\n", 2),
            ('[commands]\ntimeout = "soon"\n', 2),
            ("\n\n[bus]\ncalls_per_sender = -1\n", 4),
            ("[bus]\nno_such_key = 1\n", 2),
            ('manager = "somebody"\n', 1),
            ("[bus\n", 1),
        ):
            with self.subTest(text=text):
                self.assert_said(
                    self.refused(self.command(STORY_SAN, text)), f"mpapid.toml:{line}: ", "expected"
                )

    def test_files_that_are_none(self):
        for path in ("/nonexistent/san.toml", self.scratch.name, "/dev/null", "/dev/zero"):
            with self.subTest(path=path):
                self.assert_said(self.refused(self.command(path)), path)
        binary = self.file("binary.toml", "\0\ufffd\x01" * 1000)
        self.assert_said(self.refused(self.command(binary)), "binary.toml")

    def test_a_bus_that_is_not_there_or_is_none(self):
        good = self.command()
        for address, word in (
            ("unix:path=/nonexistent", "/nonexistent"),
            ("nonsense", "nonsense"),
        ):
            with self.subTest(address=address):
                command = [address if each == self.address else each for each in good]
                self.assertIn(word, self.refused(command))
        without = [each for each in good if each not in ("--bus", self.address)]
        nowhere = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
        }
        self.assertIn("--bus", self.refused(without, env=nowhere))

    def test_the_system_bus(self):
        system = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self.assert_said(self.refused(self.command(), env=system), "system bus", "--bus")

    def test_a_second_instance(self):
        self.start()
        said = self.refused(self.command())
        self.assertIn("another instance is running", said)
        self.assertIn(str(self.daemon.pid), said)
        self.assertEqual(self.client.get(ROOT, "Manager", "Ready"), True)


class Calls(SanTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.lu, _ = self.model().unit("mpatha")

    def test_what_does_not_exist_is_answered_by_the_standard_errors(self):
        # An unknown interface is sd-bus's "Unknown method ... or interface ...".
        call = self.client.call
        manager = MANAGER
        for name, arguments in (
            ("UnknownObject", (f"{ROOT}/lu/none", PROPERTIES, "GetAll", "s", (LU,))),
            ("UnknownObject", (f"{ROOT}/nothing", PROPERTIES, "Get", "ss", (LU, "Name"))),
            ("UnknownObject", ("/", LU, "Refresh")),
            ("UnknownObject", (f"{self.lu}/path", LU, "Refresh")),
            ("UnknownObject", (f"{self.lu}/tpg/99999999999999999999", PROPERTIES, "GetAll", "s", (GROUP,))),
            ("UnknownMethod", (self.lu, "org.example.None", "Refresh")),
            ("UnknownProperty", (self.lu, PROPERTIES, "Get", "ss", ("org.example.None", "Name"))),
            ("UnknownMethod", (ROOT, manager, "NoSuchMethod")),
            ("UnknownProperty", (self.lu, PROPERTIES, "Get", "ss", (LU, "NoSuchProperty"))),
            ("PropertyReadOnly", (self.lu, PROPERTIES, "Set", "ssv", (LU, "Name", ("s", "x")))),
            ("InvalidArgs", (ROOT, manager, "Settled", "s", ("soon",))),
            ("InvalidArgs", (ROOT, manager, "GetChanges", "t", (1,))),
            ("InvalidArgs", (ROOT, manager, "Describe", "s", ("all",))),
            ("InvalidArgs", (ROOT, manager, "GetSnapshot", "u", (1,))),
        ):
            with self.subTest(arguments=arguments):
                self.assert_bus_error(DBUS + name, call, *arguments)

    def test_more_than_any_method_takes_is_refused_and_not_repeated(self):
        # Nearly all that the bus lets through.
        for size in (5 << 20, (32 << 20) - 1000):
            options = {"o" * size: ("b", True)}
            for path, interface, method in ((ROOT, MANAGER, "Describe"), (self.lu, LU, "Remove")):
                with self.subTest(size=size, method=method):
                    self.assert_bus_error(DBUS + "LimitsExceeded", self.client.call, path, interface, method, "a{sv}",
                                          (options,))  # fmt: skip
        self.assertEqual(self.client.get(self.lu, "LogicalUnit", "Name"), "mpatha")

    def test_faults_that_make_no_sense_are_refused_by_the_san(self):
        for name, verb, arguments in (
            ("NotFound", "path_lost", ("sdzz",)),
            ("NotFound", "path_lost", ("",)),
            ("NotFound", "path_lost", ("sd" + "z" * 5000,)),
            ("NotFound", "map_removed", ("no\nmap",)),
            ("NotFound", "unit_added", ("none",)),
            ("NotFound", "host_removed", ("none",)),
            ("NotFound", "group_state", ("north", "", 77, "standby")),
            ("InvalidArgument", "group_state", ("north", "", 1, "asleep")),
            ("InvalidArgument", "lun_reused", ("one", "naa.", "", True)),
            ("InvalidArgument", "size_changed", ("one", 511, True)),
            ("InvalidArgument", "size_changed", ("one", 2**64 - 1, True)),
            ("InvalidArgument", "map_renamed", ("mpatha", "a/b")),
            ("InvalidArgument", "reply", ("sda", 0x12, 999, b"")),
            ("Exists", "map_renamed", ("mpatha", "mpathb")),
        ):
            with self.subTest(verb=verb, arguments=arguments):
                self.assert_bus_error(SAN_ERROR + name, getattr(self.san, verb), *arguments)


class Clients(SanTest):
    def test_a_client_that_floods_is_limited_and_disturbs_no_other(self):
        self.start(STORY_SAN, FAST + "[bus]\ncalls_per_sender = 8\n")
        flood, other = self.new_client(), self.new_client()
        path, _ = Model(other.managed_objects()).unit("mpathb")
        served = refused = 0
        for _ in range(10):
            # Fewer at once than the bus itself would refuse, and each file is taken.
            calls = [flood.send(ROOT, MANAGER, "Describe", "a{sv}", ({},)) for _ in range(40)]
            self.assertEqual(other.get(path, "LogicalUnit", "Name"), "mpathb")
            for each in calls:
                try:
                    flood.answer_of(each)[0].close()
                    served += 1
                except BusError as error:
                    self.assertEqual(error.name, ERROR + "LimitsExceeded")
                    refused += 1
        self.assertEqual(served + refused, 400)
        self.assertGreaterEqual(served, 8)
        self.assertGreater(refused, 0)
        # Once it has its answers it may ask again.
        flood.manager("Describe", "a{sv}", ({},))[0].close()

    def test_a_client_that_never_reads_its_signals_stops_nobody(self):
        self.start()
        deaf = self.new_client()
        deaf.watch()
        before = self.watching()
        path, _ = before.disk_path("sda")
        self.san.storm("sda", 4000)
        self.becomes(path, State="okay", deadline=30)
        self.san.path_lost("sda")
        self.becomes(path, State="path-error", deadline=30)

    def test_clients_that_leave_amid_their_calls_leave_nothing_behind(self):
        self.start()
        files = f"/proc/{self.daemon.pid}/fd"

        def some_leave():
            for _ in range(30):
                leaving = Client(self.address)
                for method in ("GetSnapshot", "GetGenerationPage", "Metrics"):
                    leaving.send(ROOT, MANAGER, method)
                leaving.send(ROOT, MANAGER, "Describe", "a{sv}", ({},))
                leaving.send(ROOT, MANAGER, "Settled", "t", (1_000_000,))
                leaving.close()
            self.settled()
            # Documents are made, and descriptors given, in the order of asking.
            self.client.manager("Describe", "a{sv}", ({},))[0].close()

        some_leave()
        open_before = len(os.listdir(files))
        some_leave()
        self.assertLessEqual(len(os.listdir(files)), open_before + 2)


class FewMatchRules(SanTest):
    """A bus that lets no connection have more than four match rules."""

    bus_config = BUS_CONFIG.replace(
        "</busconfig>", '<limit name="max_match_rules_per_connection">4</limit></busconfig>'
    )

    def test_more_clients_wait_than_can_be_watched(self):
        self.start(STORY_SAN, FAST.replace("300ms", "5s"))
        before = self.model()
        where, _ = before.unit("mpatha")
        device = before.devices("mpatha")[0]
        self.san.command_hangs(device, b"")
        self.client.call(where, LU, "Refresh")
        many = [self.new_client() for _ in range(8)]
        waits = [(each, each.send(ROOT, MANAGER, "Settled", "t", (60_000_000,))) for each in many]
        # The daemon's connection would be closed by now, and with it the daemon ended.
        self.assertEqual(self.client.get(where, "LogicalUnit", "Name"), "mpatha")
        self.san.command_released(device)
        for each, serial in waits:
            self.assertEqual(each.answer_of(serial), ())


class LyingDevices(SanTest):
    LIES = {
        "a length that lies": (0x83, bytes((0, 0x83, 0xFF, 0xFF, 1, 3, 0, 200))),
        "no designator at all": (0x83, bytes((0, 0x83, 0, 0))),
        "another page": (0x83, bytes((0, 0x80, 0, 4, 1, 3, 0, 0))),
        "a vendor that is no text": (-1, bytes((0, 0, 6, 0x12, 31, 0x10, 0, 2)) + b"\xff\x00\x1b" * 10),
        "almost nothing": (-1, b"\0"),
    }

    def test_a_lie_is_unknown_with_its_reason_and_told_once(self):
        self.start()
        for what, (page, lie) in self.LIES.items():
            with self.subTest(lie=what):
                before = self.watching()
                path, _ = before.disk_path("sda")
                self.san.reply("sda", 0x12, page, lie)
                self.san.path_reused("sda", "naa.60014050000000000000000000000001", "ONE", True)
                self.becomes(path, Identity="unverified")
                _, end = self.model().disk_path("sda")
                self.assertIn("INQUIRY", end["Trouble"][1])
                self.assertTrue(end["Trouble"][2])
                self.told()
                for _ in range(5):
                    self.client.manager("Refresh")
                    self.settled()
                self.assertEqual(self.told(), [], "the same lie again is no news")
                self.san.reply("sda", 0x12, page, b"")
                self.san.path_reused("sda", "naa.60014050000000000000000000000001", "ONE", True)
                self.becomes(path, Identity="verified", Trouble=(0, "", ""))

    def test_the_journal_has_one_line_of_it_and_not_one_for_each_refresh(self):
        self.start()
        before = self.watching()
        path, _ = before.disk_path("sda")
        page, lie = self.LIES["a length that lies"]
        self.san.reply("sda", 0x12, page, lie)
        self.san.path_reused("sda", "naa.60014050000000000000000000000001", "ONE", True)
        self.becomes(path, Identity="unverified")
        for _ in range(10):
            self.client.manager("Refresh")
            self.settled()
        self.stop(signal.SIGTERM)  # it writes all it has to say before it ends
        about = [line for line in self.said().splitlines() if "sda" in line and "INQUIRY" in line]
        self.assertEqual(len(about), 1, self.said())

    def test_groups_that_lie_are_unknown_and_say_why(self):
        self.start()
        before = self.watching()
        for device in before.devices("mpatha"):
            self.san.reply(device, 0xA3, 0x0A, bytes((0, 0, 0, 8, 0, 0x0F, 0, 1, 0, 0, 0, 0xFF)))
        self.client.manager("Refresh")
        group, _ = before.group("mpatha", 1)
        self.becomes(group, AccessState="unknown")
        _, end = self.model().group("mpatha", 1)
        self.assertEqual(end["Trouble"][1], "REPORT TARGET PORT GROUPS")
        self.assertEqual(self.model().group("mpathb", 1)[1]["AccessState"], "active-optimized")
        self.told()
        for _ in range(5):
            self.client.manager("Refresh")
            self.settled()
        self.assertEqual(self.told(), [], "the same lie again is no news")


if __name__ == "__main__":
    main()
