# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens to storage and what mpapid tells of it: the right signal, once, and the right end."""
from embedded_san import *

ONE = "60014050000000000000000000000001"
OTHER = "60014050000000000000000000000099"
GIB = 1 << 30


class Stories(SanTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.before = self.watching()
        self.one, _ = self.before.unit("mpatha")
        self.two, _ = self.before.unit("mpathb")
        self.disks = self.before.devices("mpatha")
        self.paths = [self.before.disk_path(device)[0] for device in self.disks]

    def assert_nothing_of(self, signals, where):
        self.assertEqual([s for s in map(self.line, signals) if where.removeprefix(ROOT) in s], [])

    def test_what_happens_is_told_on_its_standard_error(self):
        self.san.path_lost("sda")
        self.tells("sda")
        self.assertIn("mpapid-san: ", self.said())

    def test_at_the_start_everything_is_as_the_file_says(self):
        path, unit = self.before.unit("mpatha")
        self.assertTrue(path.endswith("/lu/3" + ONE))
        self.assertEqual(unit["UnitName"], ONE)
        self.assertEqual(unit["Size"], GIB)
        self.assertEqual(unit["PathCount"], 4)
        self.assertEqual(len(self.before.all(LU)), self.san.count("Maps"))
        self.assertEqual(len(self.before.all(PATH)), self.san.count("Disks"))
        self.assertEqual(len(self.before.all(DISK)), 0)
        ports = self.before.all(interface("TargetPort"))
        for number, port in ((1, "A0"), (2, "A1"), (3, "B0"), (4, "B1")):
            with self.subTest(port=port):
                _, each = self.before.one(PATH, LogicalUnit=self.one, RelativePortId=number)
                self.assertEqual(ports[each["TargetPort"]]["PortId"], f"{5 * 10**15 + number}")
                self.assertEqual((each["State"], each["Identity"]), ("okay", "verified"))
                self.assertEqual(each["Designator"], ONE)
                self.assertEqual(each["TargetPortGroup"], f"{self.one}/tpg/{1 + (number > 2)}")
        self.assertEqual(self.before.group("mpatha", 1)[1]["AccessState"], "active-optimized")
        self.assertEqual(self.before.group("mpatha", 2)[1]["AccessState"], "standby")
        self.assertEqual(self.told(), [])

    def test_a_path_is_lost_and_comes_back(self):
        self.san.path_lost(self.disks[0])
        self.becomes(self.paths[0], State="path-error", Active=False, FailCount=1)
        lost = self.told()
        self.assertEqual(self.changes(lost, self.paths[0], "State"), ["path-error"])
        self.assertEqual(self.changes(lost, self.one, "UsablePathCount"), [3])
        self.assert_nothing_of(lost, self.two)
        self.san.path_restored(self.disks[0])
        self.becomes(self.paths[0], State="okay")
        self.settled()
        back = self.told()
        self.assertEqual(self.changes(back, self.paths[0], "State"), ["okay"])
        self.assertEqual(self.changes(back, self.one, "UsablePathCount"), [4])
        self.assertEqual(self.model().disk_path(self.disks[0])[1]["Identity"], "verified")

    def test_an_array_fails_over_by_way_of_transitioning(self):
        self.san.array_fails_over("north", 300)
        states = {}

        def over(path, _, member, body):
            if member == "PropertiesChanged" and "AccessState" in body[1]:
                states.setdefault(path, []).append(body[1]["AccessState"][1])
            return len(states) == 4 and all(len(each) >= 2 for each in states.values())

        self.hear("both groups of both units, twice", over)
        signals = self.told()
        for unit in (self.one, self.two):
            for number, end in ((1, "standby"), (2, "active-optimized")):
                self.assertEqual(
                    self.changes(signals, f"{unit}/tpg/{number}", "AccessState"),
                    ["transitioning", end],
                )
        for path in self.paths:
            self.assertEqual(self.changes(signals, path, "State"), ["transitioning", "okay"])
        self.assertEqual(self.model().group("mpatha", 2)[1]["AccessState"], "active-optimized")

    def test_each_access_state_of_a_group_is_told(self):
        group = f"{self.one}/tpg/2"
        states = ["unavailable", "offline", "transitioning", "active-non-optimized", "standby"]
        for state in states:
            self.san.group_state("north", "one", 2, state)
            self.becomes(group, AccessState=state)
        signals = self.told()
        self.assertEqual(self.changes(signals, group, "AccessState"), states)
        self.assert_nothing_of(signals, self.two)

    def test_a_reused_lun_raises_identity_changed_once_for_each_path(self):
        self.san.lun_reused("one", f"naa.{OTHER}", "X9", True)
        left = set(self.paths)

        def all_of_them(path, _, member, __):
            if member == "IdentityChanged":
                left.discard(path)
            return not left

        self.hear("IdentityChanged of four paths", all_of_them)
        self.settled()
        signals = self.told()
        told = self.members(signals, "IdentityChanged")
        self.assertEqual(sorted(told), sorted((path, (ONE, OTHER)) for path in self.paths))
        for path in self.paths:
            self.assertEqual(self.changes(signals, path, "Identity"), ["changed"])
        self.assert_nothing_of(signals, self.two)
        end = self.model()
        self.assertEqual(end.unit("mpatha")[1]["UnitName"], ONE, "what the map was made of")

    def test_one_reused_path_among_good_ones_is_found(self):
        self.san.path_reused(self.disks[1], f"naa.{OTHER}", "X9", True)
        self.hear("IdentityChanged", lambda p, _, m, __: (p, m) == (self.paths[1], "IdentityChanged"))
        self.settled()
        told = self.members(self.told(), "IdentityChanged")
        self.assertEqual(told, [(self.paths[1], (ONE, OTHER))])
        self.assertEqual(len(self.model().all(PATH)), self.san.count("Disks"))

    def test_a_disk_that_became_another_unit_unnoticed_is_left_alone(self):
        change = lambda where, kind, method, signature="a{sv}", body=({},): self.client.call(
            where, kind, method, signature, body
        )
        before = self.model()
        self.san.path_reused(self.disks[1], f"naa.{OTHER}", "X9", False)
        for method in ("Disable", "Enable"):
            text = self.assert_bus_error(ERROR + "Failed", change, self.paths[1], PATH, method)
            self.assertIn(f'it leads to "{OTHER}", not to {ONE}', text)
        self.assert_bus_error(
            ERROR + "Failed", change, self.one, LU, "SetOverridePath", "oa{sv}", (self.paths[1], {})
        )
        after = self.model()
        for path in self.paths:
            for name in ("Disabled", "PriorityGroup"):
                was, is_now = (model.objects[path][PATH][name] for model in (before, after))
                self.assertEqual(is_now, was, f"{name} of {path}")
        self.assertEqual(after.unit("mpatha")[1]["OverridePath"], "/")
        change(self.paths[0], PATH, "Disable")
        self.assertTrue(self.client.get(self.paths[0], "Path", "Disabled"), "a good one")

    def test_a_disk_is_removed_and_comes_back_as_the_same_path(self):
        number = self.before.objects[self.paths[0]][PATH]["ObjectId"]
        self.san.disk_removed(self.disks[0])
        self.becomes(self.one, PathCount=3)
        gone = self.told()
        self.assertEqual(self.members(gone, "InterfacesRemoved"), [(ROOT, (self.paths[0], [PATH]))])
        self.assert_bus_error(
            "org.freedesktop.DBus.Error.UnknownObject",
            self.client.get, self.paths[0], "Path", "State",
        )
        self.san.disk_added("one", "a", "A0")
        self.becomes(self.one, PathCount=4)
        self.settled()
        back = [path for _, (path, _) in self.members(self.told(), "InterfacesAdded")]
        self.assertIn(self.paths[0], back)
        self.assertEqual(tuple(self.client.get(self.paths[0], "Path", "ObjectId")), tuple(number))
        self.assertEqual(self.client.get(self.paths[0], "Path", "Identity"), "verified")

    def test_a_unit_is_taken_away_with_its_disks_and_given_back(self):
        self.san.unit_removed("one", True)
        self.becomes(self.one, UsablePathCount=0, Queueing="no-usable-path")
        self.settled()
        gone = self.told()
        for path in self.paths:
            self.assertEqual(self.changes(gone, path, "State"), ["removed"])
        self.assertEqual(self.members(gone, "InterfacesRemoved"), [], "its table still has them")
        self.san.unit_added("one")
        self.becomes(self.one, UsablePathCount=4, Queueing="no")
        self.settled()
        self.told()
        end = self.model()
        self.assertEqual(len(end.devices("mpatha")), 4)
        self.assertEqual(end.unit("mpatha")[1]["Queueing"], "no")
        self.assertEqual(end.unit("mpatha")[1]["ObjectId"], self.before.unit("mpatha")[1]["ObjectId"])

    def test_a_unit_taken_away_unnoticed_is_in_trouble_not_gone(self):
        self.san.unit_removed("one", False)
        self.san.map_io("mpatha")
        self.becomes(self.one, UsablePathCount=0)
        self.settled()
        self.assertEqual(self.members(self.told(), "InterfacesRemoved"), [])
        self.assertEqual(len(self.model().devices("mpatha")), 4)

    def test_a_host_goes_with_its_paths_and_comes_back(self):
        self.san.host_removed("b")
        for unit in (self.one, self.two):
            self.hear(
                "two paths less",
                lambda p, _, m, b, unit=unit: any(
                    s[0] == unit and s[2] == "PropertiesChanged" and s[3][1].get("PathCount") == ("u", 2)
                    for s in self.heard
                ),
            )
        self.settled()
        gone = {path for _, (path, _) in self.members(self.told(), "InterfacesRemoved")}
        self.assertEqual(len([path for path in gone if "/path/" in path]), 4 + 1)
        self.assertNotIn(self.one, gone)
        self.assertEqual(len(self.model().all(PATH)), self.san.count("Disks"))
        self.san.host_added("b")
        self.becomes(self.one, PathCount=4)
        self.settled()
        self.told()
        end = self.model()
        self.assertEqual(set(end.all(PATH)), set(self.before.all(PATH)))
        self.assertEqual(end.all(interface("InitiatorPort")), self.before.all(interface("InitiatorPort")))

    def test_a_map_is_removed_and_made_again(self):
        self.san.map_removed("mpatha")
        self.hear(
            "the unit is gone", lambda _, __, m, b: m == "InterfacesRemoved" and b[0] == self.one
        )
        self.settled()
        gone = self.members(self.told(), "InterfacesRemoved")
        self.assertEqual(len([body for _, body in gone if body[0] == self.one]), 1)
        disks = self.model().all(DISK)
        self.assertEqual(sorted(disk["Device"] for disk in disks.values()), sorted(self.disks))
        self.assertTrue(all(disk["Exclusion"] for disk in disks.values()))
        self.san.map_made("one", "")
        self.hear(
            "the unit is back", lambda _, __, m, b: m == "InterfacesAdded" and b[0] == self.one
        )
        self.settled()
        self.told()
        end = self.model()
        self.assertEqual(end.all(DISK), {})
        self.assertEqual(end.unit("mpatha")[1]["ObjectId"], self.before.unit("mpatha")[1]["ObjectId"])

    def test_a_renamed_map_is_the_same_object(self):
        self.san.map_renamed("mpatha", "archive")
        self.becomes(self.one, Name="archive", DeviceFile="/dev/mapper/archive")
        signals = self.told()
        self.assertEqual(len(signals), 1, list(map(self.line, signals)))

    def test_a_suspended_map_is_shown_once_looked_at_and_its_resumption_at_once(self):
        self.san.map_suspended("mpatha")
        self.client.call(self.one, LU, "Refresh")
        self.becomes(self.one, Suspended=True, Queueing="suspended")
        self.san.map_resumed("mpatha")
        self.becomes(self.one, Suspended=False, Queueing="no")
        self.assertEqual(self.changes(self.told(), self.one, "Suspended"), [True, False])

    def test_the_last_path_lost_leaves_the_unit_visible(self):
        for device in self.disks:
            self.san.path_lost(device)
        self.becomes(self.one, UsablePathCount=0, Queueing="no-usable-path")
        self.settled()
        signals = self.told()
        self.assertEqual(self.changes(signals, self.one, "Queueing"), ["no-usable-path"])
        # One by one, or several in a step.
        counts = self.changes(signals, self.one, "UsablePathCount")
        self.assertEqual(counts, sorted(set(counts), reverse=True))
        self.assertEqual(counts[-1], 0)
        end = self.model()
        self.assertEqual(
            [end.disk_path(device)[1]["State"] for device in self.disks], ["path-error"] * 4
        )
        self.assertEqual(end.unit("mpatha")[1]["PathCount"], 4)
        for device in self.disks:
            self.san.path_restored(device)
        self.becomes(self.one, UsablePathCount=4)
        self.assertEqual(self.client.get(self.one, "LogicalUnit", "Queueing"), "no")

    def test_a_lost_port_takes_its_paths_and_no_others(self):
        self.san.port_lost("north", "B1")
        fourth = self.before.devices("mpathb")[3]
        self.becomes(self.paths[3], State="path-error")
        self.settled()
        self.told()
        end = self.model()
        failed = [p["Device"] for p in end.all(PATH).values() if p["State"] != "okay"]
        self.assertEqual(sorted(failed), sorted([self.disks[3], fourth]))
        self.san.port_restored("north", "B1")
        self.becomes(self.paths[3], State="okay")

    def test_another_size_is_a_mismatch_until_all_agree(self):
        self.san.size_changed("one", 2 * GIB, False)
        self.san.disk_rescanned(self.disks[1])
        self.becomes(self.paths[1], SizeMismatch=True, Size=2 * GIB)
        signals = self.told()
        self.assertEqual(self.changes(signals, self.one, "SizeMismatch"), [True])
        for path in (self.paths[0], *self.paths[2:]):
            self.assertEqual(self.changes(signals, path, "SizeMismatch"), [])
        self.assertEqual(self.model().unit("mpatha")[1]["Size"], GIB)
        self.san.size_changed("one", GIB, False)
        self.san.disk_rescanned(self.disks[1])
        self.becomes(self.paths[1], SizeMismatch=False)
        self.assertEqual(self.changes(self.told(), self.one, "SizeMismatch"), [False])

    def test_an_offline_disk_is_shown_and_runs_again(self):
        self.san.disk_offline(self.disks[0])
        self.becomes(self.paths[0], DeviceState="offline")
        self.san.path_restored(self.disks[0])
        self.becomes(self.paths[0], DeviceState="running")


class Hanging(SanTest):
    TIMEOUT = 2.0

    def test_a_command_that_hangs_is_told_and_holds_up_nothing(self):
        self.start(STORY_SAN, '[commands]\ntimeout = "2s"\n[refresh]\nenabled = false\n')
        before = self.watching()
        device = before.devices("mpatha")[2]
        path, _ = before.disk_path(device)
        begun = time.time() * 1e6
        self.san.command_hangs(device, b"")
        self.san.lun_reused("one", f"naa.{ONE}", "ONE", True)
        other = self.new_client()
        took = []
        while not self.changes(self.heard, path, "Trouble"):
            start = time.monotonic()
            other.get(before.unit("mpathb")[0], "LogicalUnit", "Name")
            took.append(time.monotonic() - start)
            self.client.get(path, "Path", "State")
            while self.watch.queue:
                self.heard.append(self.watch.told(self.watch.queue.popleft()))
            self.assertLess(time.time() * 1e6, begun + 20e6, list(map(self.line, self.heard)))
        # How fast is for bench to say; here, that nobody waits for the command.
        self.assertGreater(len(took), 5)
        self.assertLess(max(took), self.TIMEOUT / 2)
        _, hanging = self.model().disk_path(device)
        since, command, reason = hanging["Trouble"]
        self.assertEqual(hanging["State"], "unknown")
        self.assertTrue(begun <= since <= time.time() * 1e6, since)
        self.assertIn(command.split(" VPD")[0], ("INQUIRY", "REPORT TARGET PORT GROUPS"))
        self.assertIn("no answer", reason)
        self.assertGreater(self.san.count("HangingCommands"), 0)
        threads = len(os.listdir(f"/proc/{self.daemon.pid}/task"))
        for _ in range(20):
            self.san.lun_reused("one", f"naa.{ONE}", "ONE", True)
            self.client.manager("Refresh")
        # Anything that asks the hanging disk waits; the others answer.
        other_path, _ = before.disk_path(before.devices("mpatha")[0])
        self.assertEqual(self.client.get(other_path, "Path", "State"), "okay")
        self.assertLessEqual(len(os.listdir(f"/proc/{self.daemon.pid}/task")), threads + 2)
        told = self.told()
        self.assertEqual(len(self.changes(told, path, "Trouble")), 1)
        self.assertEqual(self.changes(told, path, "State"), ["unknown"])
        self.san.command_released(device)
        self.becomes(path, State="okay", Trouble=(0, "", ""))
        self.assertEqual(self.san.count("HangingCommands"), 0)

    def test_refresh_asks_each_path_not_one_for_all(self):
        self.start()
        before = self.watching()
        where, _ = before.unit("mpatha")
        hanging = before.devices("mpatha")[1:]
        for device in hanging:
            self.san.command_hangs(device, b"\x12")  # INQUIRY; target port groups are answered
        self.client.call(where, LU, "Refresh")
        left = {before.disk_path(device)[0] for device in hanging}

        def all_unknown(path, _, member, body):
            if member == "PropertiesChanged" and body[1].get("State", ("s", ""))[1] == "unknown":
                left.discard(path)
            return not left

        self.hear(f"all of {hanging} are unknown", all_unknown)
        for device in hanging:
            self.san.command_released(device)

    def test_it_ends_in_time_while_commands_hang(self):
        self.start()
        for device in self.model().devices("mpatha"):
            self.san.command_hangs(device, b"")
        self.client.manager("Refresh")
        self.assertEqual(self.stop(signal.SIGTERM), 0)


class Duplicates(SanTest):
    SECOND = """
[[array.unit]]
name = "copy"
lun = 10
designator = "naa.60014050000000000000000000000009"
serial = "MARK"
size = "1MiB"
map = "copy"
map_uuid = "made-by-hand"
"""

    def test_two_maps_of_one_unit_are_both_shown_and_both_flagged(self):
        self.start(STORY_SAN + self.SECOND)
        before = self.watching()
        copy, _ = before.unit("copy")
        mark, _ = before.unit("mark")
        for name, flagged in (("mark", True), ("copy", True), ("mpatha", False)):
            with self.subTest(map=name):
                self.assertEqual(before.unit(name)[1]["DuplicateDesignator"], flagged)
        self.assertNotEqual(copy, mark)
        self.san.map_removed("copy")
        self.becomes(mark, DuplicateDesignator=False)
        self.san.map_made("copy", "")
        self.becomes(mark, DuplicateDesignator=True)
        self.settled()
        self.assertEqual(self.changes(self.told(), mark, "DuplicateDesignator"), [False, True])
        self.assertTrue(self.client.get(copy, "LogicalUnit", "DuplicateDesignator"))


class OfAnotherUser(SanTest):
    def test_whoever_runs_it_may_do_what_root_may_and_others_may_not(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        command = self.command()
        os.chmod(self.scratch.name, 0o755)
        mine = self.new_client(NOBODY)
        watch = MatchRule(type="signal", member="NameOwnerChanged")
        watch.add_arg_condition(0, NAME)
        Client.unpack(mine.connection.send_and_get_reply(DBus().AddMatch(watch)))
        with mine.connection.filter(watch) as queue:
            user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            daemon = subprocess.Popen(["setpriv", *user, *command], stderr=subprocess.DEVNULL)
            self.addCleanup(self.end, daemon)
            mine.connection.recv_until_filtered(queue, timeout=DEADLINE)
        mine.manager("Refresh")
        self.new_client(0).manager("Refresh")
        text = self.assert_bus_error(
            "org.freedesktop.DBus.Error.AccessDenied", self.new_client(SOMEBODY).manager, "Refresh"
        )
        self.assertIn(f"only root and user {NOBODY} may do this", text)


if __name__ == "__main__":
    main()
