# SPDX-License-Identifier: LGPL-2.1-or-later
"""Callbacks: what befalls the storage is told to each client, for the right objects, once."""
from mpapi import *

PROPERTY, APPEARS, VANISHES = ("property", 0), ("visibility", 1), ("visibility", 0)


class Stories(MpapiTest):
    """Two processes, each registered for all types, for each type, for properties and visibility."""

    clients_wanted = 2

    def setUp(self):
        super().setUp()
        self.start(config=PATIENT)
        self.before = self.model()
        self.marked = self.id_of(self.before.unit("mark"))
        self.clients = [self.mpapi() for _ in range(self.clients_wanted)]
        for client in self.clients:
            for kind in ("property", "visibility"):
                for slot in range(9):
                    self.assertEqual(client.status("on", kind, slot), SUCCESS)

    def told(self, alike=True):
        """What each client was told up to now: {(kind, becoming, type): ids}, told alike for each
        type and for all types. What happens close together is told together, not in the order in
        which it happened; so there are two marks, the second when all know of the first."""
        self.settled()
        heard_by = [[] for _ in self.clients]
        for _ in range(2):
            name = f"mark{next(self.marks)}"
            self.san.map_renamed(self.mark, name)
            self.mark = name
            for client, heard in zip(self.clients, heard_by):
                heard += client.until(
                    lambda event: event[:4] == ("property", 0, 0, UNIT) and self.marked in event.ids
                )
        everywhere = []
        for heard in heard_by:
            by_slot = []
            for all_types in (True, False):
                found = collections.defaultdict(list)
                for event in heard:
                    if (event.slot == 0) == all_types:
                        self.assertIn(event.slot, (0, event.type))
                        found[event.kind, event.becoming, event.type] += event.ids
                for _ in range(2):
                    found["property", 0, UNIT].remove(self.marked)
                by_slot.append({key: sorted(ids) for key, ids in found.items() if ids})
            self.assertEqual(by_slot[0], by_slot[1])
            everywhere.append(by_slot[0])
        for other in everywhere[1:] if alike else []:
            self.assertEqual(other, everywhere[0], "two processes are told the same")
        return everywhere[0]

    def expect(self, *wanted):
        """(kind of event, type, ids)... and nothing else."""
        self.assertEqual(
            self.told(), {(*event, kind): sorted(ids) for event, kind, ids in wanted if ids}
        )

    def paths(self, *devices):
        return [self.id_of(self.before.disk_path(device)) for device in devices]

    def groups(self, *units):
        return [self.id_of(self.before.group(unit, number)) for unit in units for number in (1, 2)]

    def unit(self, name):
        return self.id_of(self.before.unit(name))

    def ids(self, kind, **wanted):
        return [
            properties["ObjectId"][1]
            for properties in self.before.all(interface(kind)).values()
            if all(properties[name] == value for name, value in wanted.items())
        ]

    def test_nothing_happens_and_nothing_is_told(self):
        self.expect()

    def test_a_path_is_lost_and_returns(self):
        device = self.before.devices("mpatha")[0]
        for fault in (self.san.path_lost, self.san.path_restored):
            fault(device)
            self.expect((PROPERTY, PATH_LU, self.paths(device)))

    def test_a_port_of_the_array_is_lost_and_returns(self):
        devices = [self.before.devices(unit)[0] for unit in ("mpatha", "mpathb")]
        for fault in (self.san.port_lost, self.san.port_restored):
            fault("north", "A0")
            self.expect((PROPERTY, PATH_LU, self.paths(*devices)))

    def test_a_unit_without_a_path_holds_back_its_io(self):
        devices = self.before.devices("mpatha")
        for device in devices[:3]:
            self.san.path_lost(device)
        self.expect((PROPERTY, PATH_LU, self.paths(*devices[:3])))
        self.san.path_lost(devices[3])
        self.expect(
            (PROPERTY, PATH_LU, self.paths(devices[3])), (PROPERTY, UNIT, [self.unit("mpatha")])
        )
        unit = self.clients[0].get("MP_GetMPLogicalUnitProperties", UNIT, self.unit("mpatha"))
        self.assertEqual(unit["proprietary"]["queueing"], "no-usable-path")

    def test_an_array_fails_over(self):
        self.san.array_fails_over("north", 0)
        self.expect((PROPERTY, TPG, self.groups("mpatha", "mpathb")))

    def test_one_group_of_one_unit_changes_its_state(self):
        self.san.group_state("north", "one", 2, "active-non-optimized")
        self.expect((PROPERTY, TPG, [self.id_of(self.before.group("mpatha", 2))]))

    def test_a_disk_is_removed_and_added_again(self):
        device = self.before.devices("mpatha")[0]
        self.san.disk_removed(device)
        self.expect((VANISHES, PATH_LU, self.paths(device)))
        self.san.disk_added("one", "a", "A0")
        self.expect((APPEARS, PATH_LU, self.paths(device)))

    def test_a_map_is_removed_and_made_again(self):
        unit, paths = self.unit("mpatha"), self.paths(*self.before.devices("mpatha"))
        everything = (
            (UNIT, [unit]),
            (PATH_LU, paths),
            (TPG, self.groups("mpatha")),
        )
        self.san.map_removed("mpatha")
        self.expect(*((VANISHES, *objects) for objects in everything))
        self.san.map_made("one", "")
        self.expect(*((APPEARS, *objects) for objects in everything))

    def test_the_last_map_of_a_product_takes_the_product_with_it(self):
        product = self.ids("DeviceProduct", Product="ARRAY")
        self.san.map_removed("mpatha")
        self.told()
        self.san.map_removed("mpathb")
        self.assertEqual(self.told()[*VANISHES, PRODUCT], product)
        self.san.map_made("two", "")
        self.assertEqual(self.told()[*APPEARS, PRODUCT], product)

    def test_a_map_is_renamed(self):
        self.san.map_renamed("mpatha", "data")
        self.expect((PROPERTY, UNIT, [self.unit("mpatha")]))
        unit = self.clients[0].get("MP_GetMPLogicalUnitProperties", UNIT, self.unit("mpatha"))
        self.assertEqual(unit["deviceFileName"], "/dev/mapper/data")

    def test_a_host_adapter_is_removed(self):
        self.san.host_removed("a")
        told = self.told()
        gone = [self.before.devices(unit)[at] for unit in ("mpatha", "mpathb") for at in (0, 2)]
        self.assertLessEqual(set(self.paths(*gone)), set(told[*VANISHES, PATH_LU]))
        self.assertEqual(told[*VANISHES, INITIATOR], self.ids("InitiatorPort", PortId="2100000000000001"))
        self.assertEqual(
            set(told[*VANISHES, TARGET]),
            set(self.ids("TargetPort", PortId="5000000000000001"))
            | set(self.ids("TargetPort", PortId="5000000000000003")),
        )

    def test_what_the_standard_has_no_field_for_is_no_event(self):
        device = self.before.devices("mpathb")[0]
        watch = self.client.watch()
        self.san.size_changed("two", 2 << 30, True)
        self.san.disk_rescanned(device)
        while not any(
            "SizeMismatch" in changed for _, _, changed in Watch.changes([watch.next()])
        ):
            pass
        self.expect()

    def test_a_storm_ends_in_the_right_state(self):
        device = self.before.devices("mpatha")[0]
        (path,) = self.paths(device)
        self.san.storm(device, 401)
        told = self.told(alike=False)  # each is told as often as it keeps up
        self.assertEqual(set(told), {(*PROPERTY, PATH_LU)})
        self.assertEqual(set(told[*PROPERTY, PATH_LU]), {path})
        self.assertLessEqual(len(told[*PROPERTY, PATH_LU]), 401)
        for client in self.clients:
            state = client.get("MP_GetPathLogicalUnitProperties", PATH_LU, path)["pathState"]
            self.assertEqual(state, 1)


class Registration(MpapiTest):
    def setUp(self):
        super().setUp()
        self.start(config=PATIENT)
        self.mp = self.mpapi()
        self.before = self.model()
        self.device = self.before.devices("mpatha")[0]
        self.path = self.id_of(self.before.disk_path(self.device))
        self.idle = self.threads()  # one, and a sanitizer's own

    def lose(self):
        self.san.path_lost(self.device)

    def restore(self):
        self.san.path_restored(self.device)

    def threads(self):
        return self.mp.ask("threads")["threads"]

    def until_threads(self, wanted):
        end = time.monotonic() + DEADLINE
        while self.threads() != wanted:
            self.assertLess(time.monotonic(), end)

    def test_a_thread_runs_only_while_something_is_registered(self):
        self.mp.plugin()
        self.assertEqual(self.threads(), self.idle)
        descriptors = self.mp.ask("descriptors")
        for _ in range(3):
            self.assertEqual(self.mp.status("on", "property", PATH_LU), SUCCESS)
            self.assertEqual(self.mp.status("on", "visibility", UNIT), SUCCESS)
            self.assertEqual(self.threads(), self.idle + 1)
            self.assertEqual(self.mp.status("off", "property", PATH_LU), SUCCESS)
            self.assertEqual(self.threads(), self.idle + 1)
            self.assertEqual(self.mp.status("off", "visibility", UNIT), SUCCESS)
            self.until_threads(self.idle)
        # What wakes the thread is kept for the next one.
        self.assertEqual(self.mp.ask("descriptors")["descriptors"], descriptors["descriptors"] + 1)
        self.assertEqual(self.mp.quit(), 0)

    def test_another_function_takes_the_place(self):
        self.assertEqual(self.mp.status("on", "property", PATH_LU), SUCCESS)
        self.assertEqual(self.mp.status("on", "other", PATH_LU), FN_REPLACED)
        self.assertEqual(self.mp.status("off", "property", PATH_LU), UNKNOWN_FN)
        self.lose()
        self.assertEqual(self.mp.next_event(), Event("other", 0, PATH_LU, PATH_LU, [self.path]))
        self.assertEqual(self.mp.status("off", "other", PATH_LU), SUCCESS)
        self.assertEqual(self.mp.status("off", "other", PATH_LU), UNKNOWN_FN)

    def test_only_the_registered_type_is_told(self):
        self.mp.status("on", "property", TPG)
        self.lose()
        self.san.array_fails_over("north", 0)
        event = self.mp.next_event()
        self.assertEqual((event.kind, event.type), ("property", TPG))

    def test_what_was_there_to_read_is_not_told(self):
        self.mp.status("on", "property", UNIT)
        self.mp.ask("inside", "wait")
        self.san.map_renamed("mark", "mark1")
        self.mp.next_event()
        # While that callback waits a path is lost, and the client can read it.
        self.lose()
        self.settled()
        path = self.mp.get("MP_GetPathLogicalUnitProperties", PATH_LU, self.path)
        self.assertEqual(path["pathState"], 1)
        self.mp.status("on", "property", PATH_LU)
        # More happens before the callback ends: told with it is only what came after.
        self.san.map_renamed("mark1", "mark2")
        self.settled()
        self.assertEqual({*self.mp.ask("go"), *self.mp.answer()}, {"went", "waited"})
        heard = self.mp.until(lambda event: event.type == UNIT)
        self.assertEqual([event.type for event in heard], [UNIT])
        self.san.map_renamed("mark2", "mark3")
        heard = self.mp.until(lambda event: event.type == UNIT)
        self.assertEqual([event.type for event in heard], [UNIT])
        self.restore()
        self.assertEqual(self.mp.next_event().ids, [self.path])

    def test_every_function_may_be_called_inside(self):
        self.mp.status("on", "property", PATH_LU)
        for words in (
            f"get MP_GetPathLogicalUnitProperties {PATH_LU} {self.path}",
            f"on visibility {UNIT}",
            f"off visibility {UNIT}",
            f"do MP_DisablePath {PATH_LU} {self.path}",
        ):
            self.mp.ask("inside", words)
            self.lose()
            self.mp.next_event()
            answer = self.mp.answer()
            self.assertIn(answer["status"], (SUCCESS, UNSUPPORTED), words)
            if "pathState" in answer:
                self.assertEqual(answer["pathState"], 1)
            self.restore()
            self.mp.next_event()

    def test_a_callback_may_deregister_itself_and_register_again(self):
        self.mp.status("on", "property", PATH_LU)
        self.mp.ask("inside", f"off property {PATH_LU}")
        self.lose()
        self.mp.next_event()
        self.assertEqual(self.mp.answer()["status"], SUCCESS)
        self.until_threads(self.idle)
        self.assertEqual(self.mp.status("on", "property", PATH_LU), SUCCESS)
        self.restore()
        self.assertEqual(self.mp.next_event().ids, [self.path])

    def test_a_child_begins_anew(self):
        self.mp.status("on", "property", PATH_LU)
        read = f"get MP_GetPathLogicalUnitProperties {PATH_LU} {self.path}"
        self.mp.send("fork", read)
        self.assertEqual(self.mp.answer()["status"], SUCCESS)
        self.assertEqual(self.mp.answer(), {"child": 0})
        # Its three standard descriptors, its pipe, and nothing of its parent's connections.
        self.mp.send("fork", "descriptors")
        self.assertEqual(self.mp.answer(), {"descriptors": 5})
        self.assertEqual(self.mp.answer(), {"child": 0})
        self.mp.send("fork", "threads")
        self.assertLessEqual(self.mp.answer()["threads"], self.idle)
        self.assertEqual(self.mp.answer(), {"child": 0})
        # The parent's connections are whole.
        self.lose()
        self.assertEqual(self.mp.next_event().ids, [self.path])
        self.assertEqual(
            self.mp.get("MP_GetPathLogicalUnitProperties", PATH_LU, self.path)["pathState"], 1
        )

    def test_a_child_of_a_callback_begins_anew(self):
        self.mp.status("on", "property", PATH_LU)
        self.mp.ask("inside", f"fork get MP_GetPathLogicalUnitProperties {PATH_LU} {self.path}")
        self.lose()
        self.mp.next_event()
        self.assertEqual(self.mp.answer()["status"], SUCCESS)
        self.assertEqual(self.mp.answer(), {"child": 0})
        self.restore()
        self.assertEqual(self.mp.next_event().ids, [self.path])

    def test_another_program_inherits_nothing(self):
        self.mp.status("on", "property", PATH_LU)
        self.mp.send("exec")
        self.assertEqual(self.mp.answer(), {"descriptors": 3})
        self.assertEqual(self.mp.answer(), {"child": 0})


if __name__ == "__main__":
    main()
