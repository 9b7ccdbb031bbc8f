# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes on the embedded SAN, through the bus, libMPAPI and mpathadm: arrays that do not do what SET
TARGET PORT GROUPS says, maps that are removed, two clients at once, and what nobody may ask for."""
import pty

from mpapi import *

JOB = interface("Job")
OK = "okay"
FILE = {name: f"/dev/mapper/{name}" for name in ("mpatha", "mpathb")}


class ChangesTest(MpapiTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.caller = self.new_client()  # whose answers do not come between what is watched
        self.seen = self.model()
        self.unit = {name: self.seen.unit(name)[0] for name in ("mpatha", "mpathb")}

    def group(self, number, unit="mpatha"):
        return self.seen.group(unit, number)[0]

    def state(self, number, unit="mpatha"):
        return self.client.get(self.group(number, unit), "TargetPortGroup", "AccessState")

    def states(self, unit="mpatha"):
        return [self.state(number, unit) for number in (1, 2)]

    def send_states(self, client, first, second, unit="mpatha"):
        pairs = [(self.group(1, unit), first), (self.group(2, unit), second)]
        return client.send(self.unit[unit], LU, "SetAccessStates", "a(os)a{sv}", (pairs, {}))

    def set_states(self, first, second, unit="mpatha"):
        return self.caller.answer(self.send_states(self.caller, first, second, unit), 70)

    def mpathadm(self, *words):
        return subprocess.Popen([os.environ["MPATHADM"], *words], env=self.client_environment(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def outcome(self, run):
        out, errors = run.communicate(timeout=90)
        return run.returncode, out, errors

    def change(self, path, kind, method, signature="", *body, client=None):
        return (client or self.caller).call(path, interface(kind), method, signature + "a{sv}", (*body, {}))


class Arrays(ChangesTest):
    def test_an_array_that_is_transitioning_for_ten_seconds_is_waited_for(self):
        self.san.set_groups_answer("north", "transitioning", 10_000)
        began = time.monotonic()
        call = self.send_states(self.caller, "active-non-optimized", "active-optimized")
        failover = self.mpathadm("failover", "lu", FILE["mpathb"])
        # Who reads is answered meanwhile.
        reader = self.new_client()
        asked = time.monotonic()
        self.assertEqual(reader.get(self.unit["mpatha"], "LogicalUnit", "Name"), "mpatha")
        self.assertLess(time.monotonic() - asked, 5)
        self.assertEqual(self.states(), ["active-optimized", "standby"])
        self.assertEqual(self.caller.answer(call, 60), ())
        self.assertGreaterEqual(time.monotonic() - began, 9.5)
        self.assertEqual(self.states(), ["active-non-optimized", "active-optimized"], "shown at once")
        self.assertEqual(self.outcome(failover), (0, "", ""))
        self.assertEqual(self.state(2, "mpathb"), "active-optimized")

    def test_an_array_that_obeys_slowly_is_seen_transitioning_and_awaited(self):
        self.san.set_groups_answer("north", "slow", 1_500)
        self.watching()
        began = time.monotonic()
        self.assertEqual(self.set_states("active-non-optimized", "active-optimized"), ())
        self.assertGreaterEqual(time.monotonic() - began, 1.4)
        self.assertEqual(self.states(), ["active-non-optimized", "active-optimized"])
        self.assertEqual(self.changes(self.told(), self.group(2), "AccessState"), ["transitioning", "active-optimized"])

    def test_an_array_that_refuses_and_one_that_fails(self):
        mp = self.mpapi()
        unit = self.id_of(self.seen.unit("mpatha"))
        group = self.id_of(self.seen.group("mpatha", 2))
        for answer, error, status, word, text in (
            ("refused", "AccessStateInvalid", ACCESS_STATE_INVALID, "invalid", "parameter list"),
            ("failed", "Failed", FAILED, "failed", "set target port groups command failed"),
        ):
            with self.subTest(answer):
                self.san.set_groups_answer("north", answer, 0)
                told = self.assert_bus_error(ERROR + error, self.set_states, "standby", "active-optimized")
                self.assertIn("SET TARGET PORT GROUPS", told)
                self.assertIn(text, told)
                self.assertEqual(mp.status("tpg", unit, group, 0), status)
                code, _, errors = self.outcome(self.mpathadm("failover", "lu", FILE["mpatha"]))
                self.assertEqual(code, 1)
                self.assertIn("Failover failed", errors)
                self.assertIn(word, errors.lower())
                self.assertEqual(self.states(), ["active-optimized", "standby"])

    def test_an_array_that_accepts_and_does_nothing_is_found_out(self):
        self.san.set_groups_answer("north", "ignored", 0)
        mp = self.mpapi()
        told = self.assert_bus_error(ERROR + "Failed", self.set_states, "standby", "active-optimized")
        self.assertEqual(told, "The device took the request. Target port group 1 of mpatha is active-optimized all the same.")
        unit, group = self.id_of(self.seen.unit("mpatha")), self.id_of(self.seen.group("mpatha", 2))
        self.assertEqual(mp.status("tpg", unit, group, 0), FAILED)
        self.assertEqual(self.outcome(self.mpathadm("failover", "lu", FILE["mpatha"]))[0], 1)
        self.assertEqual(self.states(), ["active-optimized", "standby"])

    def test_what_is_there_already(self):
        self.san.set_groups_answer("north", "refused", 0)
        self.assertEqual(self.set_states("active-optimized", "standby"), ())
        self.assertEqual(self.set_states("active", "standby"), ())

    def test_devices_that_became_another_unit_are_left_alone(self):
        other = "naa.60014050000000000000000000000077"
        disks = self.seen.devices("mpatha")
        for disk in disks[:-1]:
            self.san.path_reused(disk, other, "OTHER", False)
        self.assertEqual(self.set_states("active-non-optimized", "active-optimized"), (), "by the one that is left")
        self.san.path_reused(disks[-1], other, "OTHER", False)
        text = self.assert_bus_error(ERROR + "PathNonoperational", self.set_states, "active-optimized", "standby")
        self.assertIn("No path of mpatha takes commands: ", text)
        # The array was not asked: its states are what they were.
        for disk in disks:
            self.san.path_reused(disk, "naa.60014050000000000000000000000001", "ONE", False)
        self.client.call(self.unit["mpatha"], LU, "Refresh")
        self.settled()
        self.assertEqual(self.states(), ["active-non-optimized", "active-optimized"])

    def test_paths_that_are_lost_leave_it_to_others(self):
        disks = self.seen.devices("mpatha")
        for disk in disks[:-1]:
            self.san.path_lost(disk)
        self.assertEqual(self.set_states("active-non-optimized", "active-optimized"), ())
        self.san.path_lost(disks[-1])
        self.assert_bus_error(ERROR + "PathNonoperational", self.set_states, "active-optimized", "standby")
        for disk in disks:
            self.san.path_restored(disk)
        self.assertEqual(self.set_states("active-optimized", "standby"), ())

    def test_who_waits_at_a_terminal_is_told_what_for(self):
        self.san.set_groups_answer("north", "slow", 3_000)
        ours, theirs = pty.openpty()
        with subprocess.Popen([os.environ["MPATHADM"], "failover", "lu", FILE["mpatha"]],
                              env=self.client_environment(), stdout=theirs, stderr=theirs) as run:  # fmt: skip
            self.assertEqual(run.wait(60), 0)
        os.write(theirs, b"<end>")  # a terminal that its last holder closes may lose what was printed
        said = b""
        while not said.endswith(b"<end>"):
            said += os.read(ours, 4096)
        os.close(theirs)
        os.close(ours)
        said = said.removesuffix(b"<end>").decode()
        self.assertTrue(said.startswith(f"mpathadm: Waiting until the groups of {FILE['mpatha']} have changed"), said)
        self.assertEqual(said.count("\n"), 1, said)

    def test_failover_without_a_standby_group_changes_nothing(self):
        """The reference activates the first standby group; of none it says so and fails."""
        self.set_states("active-optimized", "active-non-optimized")
        self.assertEqual(
            self.outcome(self.mpathadm("failover", "lu", FILE["mpatha"])),
            (1, "", "mpathadm: ERROR: LU access state unchanged.  No standby TPG found.\n"
                    f"{os.environ['MPATHADM']}: Unable to complete operation\n"),
        )  # fmt: skip
        self.assertEqual(self.states(), ["active-optimized", "active-non-optimized"])


class TwoClients(ChangesTest):
    def test_states_of_one_unit_are_set_one_after_the_other(self):
        self.san.set_groups_answer("north", "slow", 400)
        self.watching()
        one, two = self.new_client(), self.new_client()
        first = self.send_states(one, "active-non-optimized", "active-optimized")
        one.get(self.unit["mpatha"], "LogicalUnit", "Name")  # it has been taken
        second = self.send_states(two, "active-optimized", "standby")
        answered = []
        for client, call in ((one, first), (two, second)):
            self.assertEqual(client.answer_of(call, 60), ())
            answered.append(self.states())
        # The first was true when the second began, and the second is true now.
        self.assertEqual(answered[1], ["active-optimized", "standby"])
        history = [value for value in self.changes(self.told(), self.group(2), "AccessState") if value != "transitioning"]
        self.assertEqual(history, ["active-optimized", "standby"])

    def test_of_the_last_two_paths_one_stays(self):
        paths = sorted(path for path, each in self.seen.all(PATH).items() if each["LogicalUnit"] == self.unit["mpatha"])
        for path in paths[:-2]:
            self.change(path, "Path", "Disable")
        clients = [self.new_client(), self.new_client()]
        calls = [client.send(path, PATH, "Disable", "a{sv}", ({},)) for client, path in zip(clients, paths[-2:])]
        told = []
        for client, call in zip(clients, calls):
            try:
                client.answer(call)
                told.append(True)
            except BusError as error:
                self.assertEqual(error.name, ERROR + "NotPermitted", error.text)
                told.append(False)
        self.assertEqual(sorted(told), [False, True])
        self.assertEqual([self.client.get(path, "Path", "Disabled") for path in paths[-2:]], told)

    def test_settings_of_one_unit(self):
        clients = [self.new_client(), self.new_client()]
        for _ in range(20):
            calls = [
                client.send(self.unit["mpatha"], LU, "SetFailbackPollingRate", "ua{sv}", (rate, {}))
                for client, rate in zip(clients, (11, 22))
            ]
            for client, call in zip(clients, calls):
                self.assertEqual(client.answer(call), ())
            rate = self.client.get(self.unit["mpatha"], "LogicalUnit", "FailbackPollingRate")
            self.assertIn(rate, (11, 22))

    def test_a_removal_and_a_change(self):
        path, _ = self.seen.disk_path(self.seen.devices("mpatha")[0])
        one, two = self.new_client(), self.new_client()
        removal = one.send(self.unit["mpatha"], LU, "Remove", "a{sv}", ({},))
        other = two.send(self.unit["mpatha"], LU, "SetOverridePath", "oa{sv}", (path, {}))
        self.assertTrue(one.answer(removal)[0].startswith(f"{ROOT}/job/"))
        try:
            two.answer(other)
        except BusError as error:
            self.assertIn(error.name, (ERROR + "ObjectNotFound", ERROR + "InvalidParameter",
                                       "org.freedesktop.DBus.Error.UnknownObject"), error.text)  # fmt: skip
        self.settled()
        self.assertNotIn(self.unit["mpatha"], self.model().objects)


class Reserves(ChangesTest):
    """What is no path to fall back on, whoever makes the tables."""

    def of_both_managers(self):
        yield self.seen.devices("mpatha")
        self.stop(signal.SIGTERM)
        self.start(STORY_SAN.replace("multipathd = true", "multipathd = false"))
        self.caller, self.seen = self.new_client(), self.model()
        yield self.seen.devices("mpatha")

    def path(self, disk):
        return self.seen.disk_path(disk)[0]

    def test_paths_that_work_and_lead_to_another_unit(self):
        for disks in self.of_both_managers():
            for disk in disks[1:]:
                self.san.path_reused(disk, "naa.60014050000000000000000000000077", "OTHER", False)
            self.client.call(self.unit["mpatha"], LU, "Refresh")
            self.settled()
            self.assertEqual({self.client.get(self.path(disk), "Path", "State") for disk in disks}, {OK})
            text = self.assert_bus_error(ERROR + "NotPermitted", self.change, self.path(disks[0]), "Path", "Disable")
            self.assertIn("last", text)
            self.assertFalse(self.client.get(self.path(disks[0]), "Path", "Disabled"))

    def test_a_path_that_does_not_answer_is_not_made_the_only_one(self):
        for disks in self.of_both_managers():
            unit = self.unit["mpatha"]
            self.san.command_hangs(disks[1], b"\x12")
            text = self.assert_bus_error(ERROR + "PathNonoperational", self.change, unit, "LogicalUnit",
                                         "SetOverridePath", "o", self.path(disks[1]))  # fmt: skip
            self.assertIn(disks[1], text)
            self.assertEqual(self.client.get(unit, "LogicalUnit", "OverridePath"), "/")
            # It may be just that which it is disabled for.
            self.assertEqual(self.change(self.path(disks[1]), "Path", "Disable"), ())


class Removals(ChangesTest):
    def remove(self, wait=None, unit="mpatha"):
        options = {} if wait is None else {"Wait": ("t", wait * 1_000_000)}
        return self.client.call(self.unit[unit], LU, "Remove", "a{sv}", (options,))[0]

    def job(self, path):
        return self.client.get_all(path, "Job")

    def until_ended(self, path):
        while self.job(path)["State"] == "running":
            self.hear("the job's end", lambda where, _kind, member, _body: where == path and member == "PropertiesChanged", 20)
        return self.job(path)

    def test_a_map_is_removed(self):
        self.watching()
        path = self.remove()
        job = self.until_ended(path)
        self.assertEqual((job["State"], job["Progress"], job["Error"]), ("done", 1.0, ""), job)
        self.assertEqual(job["Message"], "The map mpatha was removed.")
        self.assertEqual((job["Object"], job["User"]), (self.unit["mpatha"], os.geteuid()))
        self.assertNotIn(self.unit["mpatha"], self.model().objects)
        self.assertIn(self.unit["mpathb"], self.model().objects)
        removed = [body[0] for _, body in self.members(self.told(), "InterfacesRemoved")]
        self.assertIn(self.unit["mpatha"], removed)

    def test_a_map_that_is_held_stays_and_its_holder_is_named(self):
        self.san.map_held("mpatha")
        self.watching()
        job = self.until_ended(self.remove())
        self.assertEqual((job["State"], job["Error"]), ("failed", ERROR + "TryAgain"), job)
        self.assertEqual(job["Holders"], [("device", "the fault map_held", "")])
        self.assertIn("map_held", job["Message"])
        properties = self.model().unit("mpatha")[1]
        self.assertFalse(properties["Suspended"])

    def test_it_waits_for_the_holders_and_then_removes(self):
        self.san.map_held("mpatha")
        self.watching()
        path = self.remove(wait=60)
        job = self.job(path)
        self.assertEqual((job["State"], job["Stage"]), ("running", "waiting for the fault map_held"))
        text = self.assert_bus_error(ERROR + "TryAgain", self.remove)
        self.assertIn("does so already", text)
        self.san.map_released("mpatha")
        job = self.until_ended(path)
        self.assertEqual((job["State"], job["Progress"]), ("done", 1.0), job)
        self.assertNotIn(self.unit["mpatha"], self.model().objects)

    def test_one_that_waits_can_be_canceled_and_leaves_the_map(self):
        self.san.map_held("mpatha")
        self.watching()
        path = self.remove(wait=60)
        self.client.call(path, JOB, "Cancel")
        job = self.until_ended(path)
        self.assertEqual((job["State"], job["Message"]), ("canceled", "Canceled; the map mpatha was left as it is."))
        self.san.map_released("mpatha")
        properties = self.model().unit("mpatha")[1]
        self.assertFalse(properties["Suspended"])
        self.assertEqual(self.set_states("active-non-optimized", "active-optimized"), (), "it is as usable as before")

    def test_changes_are_made_while_one_waits(self):
        self.san.map_held("mpatha")
        path = self.remove(wait=60)
        self.change(self.unit["mpatha"], "LogicalUnit", "SetFailbackPollingRate", "u", 30)
        self.assertEqual(self.client.get(self.unit["mpatha"], "LogicalUnit", "FailbackPollingRate"), 30)
        self.client.call(path, JOB, "Cancel")

    def test_a_daemon_that_is_killed_meanwhile_leaves_the_map(self):
        state = os.path.join(self.scratch.name, "state")
        os.mkdir(state)
        self.stop(signal.SIGTERM)
        held = STORY_SAN + '[[fault]]\nverb = "map_held"\nmap = "mpatha"\n'
        self.start(held, FAST, "--state", state)
        self.remove(wait=60)
        self.stop(signal.SIGKILL)
        self.start(held, FAST, "--state", state)
        objects = self.model()
        self.assertFalse(objects.all(JOB))
        self.assertFalse(objects.unit("mpatha")[1]["Suspended"])
        self.san.map_released("mpatha")
        self.watching()
        self.assertEqual(self.until_ended(self.remove())["State"], "done")


class BadInput(ChangesTest):
    def lasting(self):
        """All that does not change by being asked for again."""
        return {
            (path, kind, name): value
            for path, kinds in self.model().objects.items()
            for kind, properties in kinds.items()
            for name, value in properties.items()
            if not name.endswith("At") and name != "Generation"
        }

    def refused(self, error, path, kind, method, signature="", *body):
        before = self.lasting()
        text = self.assert_bus_error(error, self.change, path, kind, method, signature, *body)
        self.assertTrue(text)
        self.assertEqual(self.lasting(), before)
        return text

    def test_what_is_over_the_maximum_or_unknown(self):
        plugin, properties = self.seen.one(interface("Plugin"))
        unit = self.unit["mpatha"]
        path = self.seen.disk_path(self.seen.devices("mpatha")[0])[0]
        balance = sorted(self.seen.all(interface("LoadBalance")))[0]
        wrong = ERROR + "InvalidParameter"
        self.refused(ERROR + "InvalidWeight", path, "Path", "SetWeight", "u", properties["MaximumWeight"] + 1)
        self.refused(ERROR + "InvalidWeight", path, "Path", "SetWeight", "u", 2**32 - 1)
        for where, kind in ((plugin, "Plugin"), (unit, "LogicalUnit")):
            rate = 2**32 - 1
            self.refused(wrong, where, kind, "SetFailbackPollingRate", "u", rate)
            self.refused(ERROR + "Failed", where, kind, "SetLoadBalanceType", "u", 1 << 31)
            for number in (0, 1, 3, 1 << 7):
                self.refused(wrong, where, kind, "SetLoadBalanceType", "u", number)
            self.refused(wrong, where, kind, "SetProprietaryProperties", "a{ss}", {"colour": "red"})
            for selector in ("no-such-selector", "round-robin 0 0 0 0"):
                try:
                    self.change(where, kind, "SetProprietaryProperties", "a{ss}", {"selector": selector})
                except BusError as error:
                    self.assertIn(error.name, (wrong, ERROR + "Failed"), error.text)
                else:
                    self.fail(f"{selector} was taken")
            self.refused(wrong, where, kind, "SetProprietaryProperties", "a{ss}", {"selector": "round-robin \n0"})
        self.refused(wrong, plugin, "Plugin", "SetProbingPollingRate", "u", 2**32 - 1)
        # The plugin's Can… and …Support say so.
        self.refused(ERROR + "Unsupported", unit, "LogicalUnit", "SetProbingPollingRate", "u", 5)
        self.refused(ERROR + "Unsupported", unit, "LogicalUnit", "SetAutoProbing", "b", True)
        self.refused(wrong, balance, "LoadBalance", "SetProprietaryProperties", "a{ss}", {"colour": "red"})

    def test_ids_that_are_foreign_gone_or_of_another_type(self):
        wrong = ERROR + "InvalidParameter"
        unit = self.unit["mpatha"]
        foreign = self.seen.disk_path(self.seen.devices("mpathb")[0])[0]
        for path in (unit, self.group(1), foreign, ROOT, "/", "/nowhere", f"{unit}/path/none"):
            self.refused(wrong, unit, "LogicalUnit", "SetOverridePath", "o", path)
        for pairs in (
            [],
            [(self.group(1, "mpathb"), "standby")],
            [(self.group(1), "standby"), (self.group(2, "mpathb"), "active")],
            [(unit, "standby")],
            [(foreign, "standby")],
            [("/", "standby")],
            [(self.group(1), "standby"), (self.group(1), "active-optimized")],
            [(self.group(1), "asleep")],
            [(self.group(1), "")],
        ):
            with self.subTest(pairs):
                self.refused(wrong, unit, "LogicalUnit", "SetAccessStates", "a(os)", pairs)
        for state in ("transitioning", "offline", "unknown", "logical-block-dependent"):
            self.refused(ERROR + "AccessStateInvalid", unit, "LogicalUnit", "SetAccessStates", "a(os)",
                         [(self.group(1), state)])  # fmt: skip
        self.assertEqual(self.states(), ["active-optimized", "standby"])

    def test_methods_of_what_is_gone_or_of_another_kind(self):
        path = self.seen.disk_path(self.seen.devices("mpatha")[0])[0]
        self.watching()
        self.san.map_removed("mpatha")
        self.hear("its end", lambda where, _kind, member, body: member == "InterfacesRemoved" and body[0] == self.unit["mpatha"])
        for where, kind, method, signature, body in (
            (self.unit["mpatha"], "LogicalUnit", "CancelOverridePath", "", ()),
            (self.unit["mpatha"], "LogicalUnit", "Remove", "", ()),
            (self.unit["mpatha"], "LogicalUnit", "SetAccessStates", "a(os)", ([],)),
            (path, "Path", "Disable", "", ()),
            (path, "Path", "SetWeight", "u", (1,)),
            (self.unit["mpathb"], "Path", "Disable", "", ()),
            (self.unit["mpathb"], "Plugin", "SetAutoFailback", "b", (True,)),
        ):
            with self.subTest(where=where, method=method):
                with self.assertRaises(BusError) as caught:
                    self.change(where, kind, method, signature, *body)
                self.assertIn(caught.exception.name, {
                    "org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod",
                    "org.freedesktop.DBus.Error.UnknownInterface", ERROR + "ObjectNotFound"})  # fmt: skip

    def test_options_that_are_none(self):
        for method, options in (("Remove", {"Force": ("b", True)}), ("Remove", {"Wait": ("u", 1)}),
                                ("CancelOverridePath", {"Wait": ("t", 1)})):  # fmt: skip
            with self.subTest(method=method, options=options):
                self.assert_bus_error(ERROR + "InvalidParameter", self.client.call, self.unit["mpatha"], LU, method,
                                      "a{sv}", (options,))  # fmt: skip
        self.assertIn(self.unit["mpatha"], self.model().objects)


if __name__ == "__main__":
    main()
