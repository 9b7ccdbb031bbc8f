# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every function of ISO/IEC 11002 through libMPAPI and the Linux plugin, on the embedded SAN: what the
values are, held against the SAN's description and against the bus, and each status that can come."""
from mpapi import *

TWO_ARRAYS = os.path.join(os.environ["SOURCE_ROOT"], "daemon/san/examples/two-arrays.toml")

PATH_STATES = ["okay", "path-error", "logical-unit-error", "reserved", "removed", "transitioning",
               "operational-closed", "invalid-closed", "offline-closed", "unknown"]  # fmt: skip
ACCESS_STATES = {"active-optimized": 0, "active-non-optimized": 1, "standby": 2, "unavailable": 3,
                 "transitioning": 15, "active": 16, "logical-block-dependent": 16, "offline": 3,
                 "unknown": 16}  # fmt: skip
NAME_TYPES = ["unknown", "t10-vendor-id", "eui-64", "naa", "device-specific"]
TRANSPORTS = {"fibre-channel": 2, "parallel-scsi": 3, "iscsi": 4, "infiniband": 5, "sas": 0,
              "unknown": 0}  # fmt: skip

ON_PLUGIN = ["MP_EnableAutoFailback", "MP_DisableAutoFailback", "MP_EnableAutoProbing", "MP_DisableAutoProbing"]  # fmt: skip
WITH_NUMBER = ["MP_SetFailbackPollingRate", "MP_SetProbingPollingRate"]


class Values(MpapiTest):
    def setUp(self):
        super().setUp()
        self.start(TWO_ARRAYS, PATIENT)
        self.mp = self.mpapi()
        self.seen = self.model()

    def by_id(self, kind):
        return {
            properties["ObjectId"][1]: properties
            for properties in self.seen.all(interface(kind)).values()
        }

    def id_at(self, path):
        for interfaces in [self.seen.objects.get(path, {})]:
            for properties in interfaces.values():
                if "ObjectId" in properties:
                    return properties["ObjectId"][1]
        return 0

    def test_the_plugin_says_what_it_is_and_what_can_be_done(self):
        plugin = self.mp.plugin()
        self.assertEqual(plugin["supportedMpVersion"], 1)
        self.assertEqual(plugin["fileName"], "libmpapi-linux.so")
        self.assertEqual(plugin["implementationVersion"], self.seen.all(MANAGER)[ROOT]["Version"])
        self.assertRegex(plugin["buildTime"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        (bus,) = self.seen.all(interface("Plugin")).values()
        self.assertEqual(plugin["driverName"], bus["DriverName"])
        self.assertEqual(plugin["driverVendor"], bus["DriverVendor"])
        self.assertEqual(plugin["driverVersion"], bus["DriverVersion"])
        self.assertEqual(plugin["deviceFileNamespace"], "/dev/mapper/*")
        self.assertEqual(plugin["supportedLoadBalanceTypes"], bus["SupportedLoadBalanceTypes"] | 64)
        self.assertEqual(plugin["exposesPathDeviceFiles"], 1)
        # The machine of this SAN has a multipathd.
        support = ["none", "plugin", "logical-unit", "both"]
        for field, member in (
            ("canSetTPGAccess", "CanSetAccessStates"), ("canOverridePaths", "CanOverridePaths"),
            ("maximumWeight", "MaximumWeight"), ("failbackPollingRateMax", "FailbackPollingRateMax"),
            ("currentFailbackPollingRate", "FailbackPollingRate"),
            ("probingPollingRateMax", "ProbingPollingRateMax"),
            ("currentProbingPollingRate", "ProbingPollingRate"),
        ):  # fmt: skip
            self.assertEqual(plugin[field], bus[member], field)
        self.assertEqual(plugin["autoFailbackSupport"], support.index(bus["AutoFailbackSupport"]))
        self.assertEqual(plugin["autoProbingSupport"], support.index(bus["AutoProbingSupport"]))
        self.assertEqual(plugin["pluginAutoFailbackEnabled"], bus["AutoFailback"] == "on")
        self.assertEqual(plugin["pluginAutoProbingEnabled"], bus["AutoProbing"] == "on")
        self.assertEqual((plugin["canSetTPGAccess"], plugin["canOverridePaths"]), (1, 1))
        self.assertEqual((plugin["maximumWeight"], plugin["autoFailbackSupport"]), (1, 3))
        self.assertEqual(plugin["onlySupportsSpecifiedProducts"], 0)
        self.assertEqual(plugin["proprietary"]["mpapid"], "running")
        self.assertEqual(
            plugin["proprietary"].get("path manager", ""), self.seen.all(MANAGER)[ROOT]["PathManager"]
        )

    def test_initiator_ports_are_those_of_the_description(self):
        ids = self.mp.list("MP_GetInitiatorPortOidList", PLUGIN)
        self.assertEqual(ids, sorted(self.by_id("InitiatorPort")))
        told = {}
        for sequence, bus in self.by_id("InitiatorPort").items():
            port = self.mp.get("MP_GetInitiatorPortProperties", INITIATOR, sequence)
            self.assertEqual(port["portType"], TRANSPORTS[bus["Transport"]])
            self.assertEqual(port["osDeviceFile"], bus["DeviceFile"])
            self.assertEqual(port["osFriendlyName"], bus["FriendlyName"])
            told[port["portID"]] = port["portType"]
            paths = self.mp.list("MP_GetAssociatedPathOidList", INITIATOR, sequence)
            where = next(p for p, o in self.seen.all(interface("InitiatorPort")).items() if o is bus)
            self.assertEqual(
                paths,
                sorted(i for i, p in self.by_id("Path").items() if p["InitiatorPort"] == where),
            )
        lan = "iqn.1993-08.org.debian:01:4f2e6a90c1d7"
        self.assertEqual(
            told,
            {"2100001b329f1c40": 2, "2101001b32bf1c40": 2, f"{lan},00023d000001": 4, f"{lan},00023d000002": 4},
        )

    def test_units_have_every_value_that_is_known(self):
        ids = self.mp.list("MP_GetMultipathLus", PLUGIN)
        self.assertEqual(ids, sorted(self.by_id("LogicalUnit")))
        names = {}
        for sequence, bus in self.by_id("LogicalUnit").items():
            unit = self.mp.get("MP_GetMPLogicalUnitProperties", UNIT, sequence)
            names[bus["Name"]] = unit
            self.assertEqual(unit["vendor"], bus["Vendor"].ljust(8))
            self.assertEqual(unit["product"], bus["Product"].ljust(16))
            self.assertEqual(unit["revision"], bus["Revision"].ljust(4))
            self.assertEqual(unit["name"], bus["UnitName"])
            self.assertEqual(unit["nameType"], NAME_TYPES.index(bus["UnitNameType"]))
            self.assertEqual(unit["deviceFileName"], bus["DeviceFile"])
            self.assertEqual(unit["asymmetric"], bus["Asymmetric"])
            self.assertEqual(unit["currentLoadBalanceType"], bus["LoadBalanceType"])
            self.assertEqual(unit["overridePath"], NONE)
            self.assertEqual(unit["logicalUnitGroupID"], bus["LogicalUnitGroup"])
            in_a_group = bus["Name"] in ("mpatha", "mpathb")
            self.assertEqual(bus["LogicalUnitGroup"], 7 if in_a_group else 0xFFFFFFFF)
            self.assertEqual(unit["proprietary"]["selector"].split()[0], bus["Selector"])
            self.assertEqual(unit["proprietary"].get("hwhandler", ""), bus["HardwareHandler"])
            self.assertEqual(unit["proprietary"]["queueing"], bus["Queueing"])
            self.assertEqual(
                unit["proprietary"].get("features", ""), " ".join(bus["Features"])[:47]
            )
        # The description.
        self.assertEqual(names["mpatha"]["name"], "60060e80123456000000000000000001")
        self.assertEqual(names["mpatha"]["nameType"], 3)
        self.assertEqual(names["mpatha"]["product"], "ALUA ARRAY      ")
        self.assertEqual(names["mpatha"]["deviceFileName"], "/dev/mapper/mpatha")
        self.assertEqual(names["mpatha"]["proprietary"]["serial number"], "N0001")
        self.assertEqual(names["mpathb"]["currentLoadBalanceType"], 8)
        self.assertEqual(names["mpathc"]["currentLoadBalanceType"], 2)
        self.assertEqual(names["mpathd"]["nameType"], 2)
        self.assertEqual(names["mpathd"]["name"], "0060e80012345604")
        self.assertEqual(
            names["mpathd"]["proprietary"]["features"], "queue_if_no_path pg_init_retries 50"
        )
        self.assertEqual(len(names), 7)

    def test_paths_have_ports_number_device_and_address(self):
        units = self.by_id("LogicalUnit")
        seen = set()
        for unit in units:
            seen.update(self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit))
        self.assertEqual(seen, set(self.by_id("Path")))
        for sequence, bus in self.by_id("Path").items():
            path = self.mp.get("MP_GetPathLogicalUnitProperties", PATH_LU, sequence)
            host, channel, _, _ = map(int, bus["Address"].split(":"))
            self.assertEqual(path["weight"], bus["Weight"])
            self.assertEqual(path["pathState"], PATH_STATES.index(bus["State"]))
            self.assertEqual(path["disabled"], bus["Disabled"])
            self.assertEqual(path["logicalUnitNumber"], bus["LogicalUnitNumber"])
            self.assertEqual(path["deviceFileName"], "/dev/" + bus["Device"])
            self.assertEqual((path["busNumber"], path["portNumber"]), (host, channel))
            for field, kind, name in (
                ("initiatorPortOid", INITIATOR, "InitiatorPort"),
                ("targetPortOid", TARGET, "TargetPort"),
                ("logicalUnitOid", UNIT, "LogicalUnit"),
            ):
                self.assertEqual(path[field], [kind, 1, self.id_at(bus[name])])
        quorum = self.mp.list("MP_GetAssociatedPathOidList", UNIT, self.id_of(self.seen.unit("mpathd")))
        path = self.mp.get("MP_GetPathLogicalUnitProperties", PATH_LU, quorum[0])
        self.assertEqual(path["logicalUnitNumber"], 3)

    def test_groups_have_states_and_ports(self):
        for sequence, bus in self.by_id("TargetPortGroup").items():
            group = self.mp.get("MP_GetTargetPortGroupProperties", TPG, sequence)
            self.assertEqual(group["accessState"], ACCESS_STATES[bus["AccessState"]])
            self.assertEqual(group["explicitFailover"], bus["ExplicitFailover"])
            self.assertEqual(group["supportsLuAssignment"], 0)
            self.assertEqual(group["preferredLuPath"], bus["Preferred"])
            self.assertEqual(group["tpgID"], bus["Number"])
            unit = self.id_at(bus["LogicalUnit"])
            self.assertEqual(self.mp.list("MP_GetMPLuOidListFromTPG", TPG, sequence), [unit])
            self.assertIn(sequence, self.mp.list("MP_GetAssociatedTPGOidList", UNIT, unit))
            self.assertEqual(
                self.mp.list("MP_GetTargetPortOidList", TPG, sequence),
                [self.id_at(port) for port in bus["TargetPorts"]],
            )
        numbers = [
            self.mp.get("MP_GetTargetPortGroupProperties", TPG, group)["tpgID"]
            for group in self.mp.list("MP_GetAssociatedTPGOidList", UNIT, self.id_of(self.seen.unit("mpatha")))
        ]
        self.assertEqual(numbers, [1, 2])

    def test_target_ports_have_their_relative_identifier(self):
        told = {}
        for sequence, bus in self.by_id("TargetPort").items():
            port = self.mp.get("MP_GetTargetPortProperties", TARGET, sequence)
            told[port["portID"]] = port["relativePortID"]
            where = next(p for p, o in self.seen.all(interface("TargetPort")).items() if o is bus)
            self.assertEqual(
                self.mp.list("MP_GetAssociatedPathOidList", TARGET, sequence),
                sorted(i for i, p in self.by_id("Path").items() if p["TargetPort"] == where),
            )
        south = "iqn.2002-03.org.mpapi:south"
        self.assertEqual(
            told,
            {
                "50060e8012345600": 1, "50060e8012345601": 2, "50060e8012345610": 3,
                "50060e8012345611": 4, f"{south}.a,t,0x0001": 1, f"{south}.b,t,0x0002": 2,
            },  # fmt: skip
        )

    def test_products_are_padded_and_have_their_units(self):
        told = {}
        for sequence in self.mp.list("MP_GetDeviceProductOidList", PLUGIN):
            product = self.mp.get("MP_GetDeviceProductProperties", PRODUCT, sequence)
            units = self.mp.list("MP_GetMultipathLus", PRODUCT, sequence)
            told[product["vendor"], product["product"], product["revision"]] = len(units)
        self.assertEqual(
            told,
            {("MPAPI   ", "ALUA ARRAY      ", "0400"): 4, ("MPAPI   ", "PAIR            ", "2.1 "): 3},
        )

    def test_only_algorithms_of_the_drivers_own_are_objects(self):
        ids = self.mp.list("MP_GetProprietaryLoadBalanceOidList", PLUGIN)
        buses = {i: b for i, b in self.by_id("LoadBalance").items() if b["Type"] >= 1 << 16}
        self.assertEqual(ids, sorted(buses))
        names = {}
        for sequence, bus in buses.items():
            balance = self.mp.get("MP_GetProprietaryLoadBalanceProperties", BALANCE, sequence)
            self.assertEqual(balance["typeIndex"], bus["Type"])
            self.assertEqual(balance["vendorName"], bus["Vendor"])
            names[balance["name"]] = balance["proprietary"]
        self.assertEqual(names["service-time"]["selector"], "service-time")
        self.assertIn("repeat_count", names["service-time"]["path usage"])
        for sequence in set(self.by_id("LoadBalance")) - set(buses):
            answer = self.mp.status("get", "MP_GetProprietaryLoadBalanceProperties", BALANCE, sequence)
            self.assertEqual(answer, OBJECT_NOT_FOUND)

    def test_an_id_of_no_object_is_not_found(self):
        gone = 1 << 40
        for name, kind in (
            ("MP_GetDeviceProductProperties", PRODUCT), ("MP_GetInitiatorPortProperties", INITIATOR),
            ("MP_GetMultipathLus", PRODUCT), ("MP_GetMPLogicalUnitProperties", UNIT),
            ("MP_GetAssociatedPathOidList", UNIT), ("MP_GetAssociatedPathOidList", INITIATOR),
            ("MP_GetAssociatedPathOidList", TARGET), ("MP_GetPathLogicalUnitProperties", PATH_LU),
            ("MP_GetAssociatedTPGOidList", UNIT), ("MP_GetTargetPortGroupProperties", TPG),
            ("MP_GetMPLuOidListFromTPG", TPG), ("MP_GetTargetPortOidList", TPG),
            ("MP_GetTargetPortProperties", TARGET), ("MP_GetProprietaryLoadBalanceProperties", BALANCE),
        ):  # fmt: skip
            for sequence in (0, gone):
                self.assertEqual(self.mp.status("get", name, kind, sequence), OBJECT_NOT_FOUND, name)
        unit = self.id_of(self.seen.unit("mpatha"))
        path = self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit)[0]
        group = self.mp.list("MP_GetAssociatedTPGOidList", UNIT, unit)[0]
        for name in ("MP_EnablePath", "MP_DisablePath", "MP_SetPathWeight"):
            self.assertEqual(self.mp.status("do", name, PATH_LU, gone, 1), OBJECT_NOT_FOUND, name)
        for name in [*ON_PLUGIN, *WITH_NUMBER, "MP_CancelOverridePath"]:
            self.assertEqual(self.mp.status("do", name, UNIT, gone, 1), OBJECT_NOT_FOUND, name)
        self.assertEqual(
            self.mp.status("do", "MP_SetLogicalUnitLoadBalanceType", UNIT, gone, 2), OBJECT_NOT_FOUND
        )
        for one, other in ((unit, gone), (gone, path)):
            self.assertEqual(
                self.mp.status("do", "MP_SetOverridePath", UNIT, one, PATH_LU, other), OBJECT_NOT_FOUND
            )
        for one, other in ((group, gone), (gone, unit)):
            self.assertEqual(
                self.mp.status("do", "MP_AssignLogicalUnitToTPG", TPG, one, UNIT, other), OBJECT_NOT_FOUND
            )
        self.assertEqual(self.mp.status("tpg", gone, group, 0), OBJECT_NOT_FOUND)
        self.assertEqual(self.mp.status("set", UNIT, gone, "features", "x"), OBJECT_NOT_FOUND)

    def test_what_does_not_belong_together_is_refused(self):
        one, other = (self.id_of(self.seen.unit(name)) for name in ("mpatha", "mpathb"))
        path = self.mp.list("MP_GetAssociatedPathOidList", UNIT, other)[0]
        group = self.mp.list("MP_GetAssociatedTPGOidList", UNIT, other)[0]
        own = self.mp.list("MP_GetAssociatedTPGOidList", UNIT, one)
        self.assertEqual(
            self.mp.status("do", "MP_SetOverridePath", UNIT, one, PATH_LU, path), INVALID_PARAMETER
        )
        self.assertEqual(
            self.mp.status("do", "MP_AssignLogicalUnitToTPG", TPG, group, UNIT, one), INVALID_PARAMETER
        )
        self.assertEqual(self.mp.status("tpg", one, own[0], 0, group, 2), INVALID_PARAMETER)
        self.assertEqual(self.mp.status("tpg", one, own[0], 0, own[0], 2), INVALID_PARAMETER, "twice")
        self.assertEqual(self.mp.status("tpg", one, own[0], 7), INVALID_PARAMETER, "no state")
        self.assertEqual(self.mp.status("tpg", one, own[0], 15), ACCESS_STATE_INVALID)
        self.assertEqual(self.mp.status("set", UNIT, one, "colour", "red"), INVALID_PARAMETER)
        self.assertEqual(self.mp.status("set", PLUGIN, 0, "colour", "red"), INVALID_PARAMETER)
        self.assertEqual(
            self.mp.status("set", UNIT, one, "features", "x" * 48), INVALID_PARAMETER, "no end"
        )

    def test_what_cannot_be_done_says_so(self):
        unit = self.id_of(self.seen.unit("mpatha"))
        path = self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit)[0]
        groups = self.mp.list("MP_GetAssociatedTPGOidList", UNIT, unit)
        for status, *words in (
            (UNSUPPORTED, "do", "MP_AssignLogicalUnitToTPG", TPG, groups[0], UNIT, unit),
            (UNSUPPORTED, "do", "MP_EnableAutoProbing", UNIT, unit),
            (UNSUPPORTED, "do", "MP_SetProbingPollingRate", UNIT, unit, 5),
            (INVALID_WEIGHT, "do", "MP_SetPathWeight", PATH_LU, path, 2),
            (INVALID_PARAMETER, "do", "MP_SetFailbackPollingRate", PLUGIN, 0, 1 << 31),
            (INVALID_PARAMETER, "do", "MP_SetLogicalUnitLoadBalanceType", UNIT, unit, 3),
            (FAILED, "do", "MP_SetLogicalUnitLoadBalanceType", UNIT, unit, 4),
            (FAILED, "do", "MP_SetPluginLoadBalanceType", PLUGIN, 0, 16),
            (INVALID_PARAMETER, "set", UNIT, unit, "features", "x"),
            (INVALID_PARAMETER, "set", PLUGIN, 0, "mpapid", "x"),
        ):  # fmt: skip
            self.assertEqual(self.mp.status(*words), status, words)

    def of_unit(self, name="mpatha"):
        return self.client.get_all(self.model().unit(name)[0], "LogicalUnit")

    def test_a_path_is_disabled_until_it_is_enabled(self):
        where, _ = self.seen.unit("mpatha")
        unit = self.id_of(self.seen.unit("mpatha"))
        paths = self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit)
        first, *others = paths
        device = self.by_id("Path")[first]["Device"]
        self.assertEqual(self.mp.status("do", "MP_DisablePath", PATH_LU, first), SUCCESS)
        told = self.mp.get("MP_GetPathLogicalUnitProperties", PATH_LU, first)
        self.assertEqual((told["disabled"], told["pathState"]), (1, 0))
        self.seen = self.model()
        self.assertEqual(self.by_id("Path")[first]["PriorityGroup"], 0)
        self.assertEqual(self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit), paths)
        # Its loss and return change nothing.
        self.san.path_lost(device)
        self.client.call(ROOT, MANAGER, "Settled", "t", (10_000_000,))
        self.san.path_restored(device)
        self.client.call(ROOT, MANAGER, "Settled", "t", (10_000_000,))
        self.seen = self.model()
        self.assertTrue(self.by_id("Path")[first]["Disabled"])
        self.assertEqual(self.mp.status("do", "MP_DisablePath", PATH_LU, first), SUCCESS, "again")
        for path in others[:-1]:
            self.assertEqual(self.mp.status("do", "MP_DisablePath", PATH_LU, path), SUCCESS)
        self.assertEqual(self.mp.status("do", "MP_DisablePath", PATH_LU, others[-1]), NOT_PERMITTED)
        self.assertEqual(
            self.mp.status("do", "MP_SetOverridePath", UNIT, unit, PATH_LU, first), PATH_NONOPERATIONAL
        )
        for path in paths:
            self.assertEqual(self.mp.status("do", "MP_EnablePath", PATH_LU, path), SUCCESS)
        self.seen = self.model()
        for path in paths:
            self.assertFalse(self.by_id("Path")[path]["Disabled"])
            self.assertNotEqual(self.by_id("Path")[path]["PriorityGroup"], 0)

    def test_an_override_path_has_all_the_io_until_it_is_cancelled(self):
        unit = self.id_of(self.seen.unit("mpatha"))
        last = self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit)[-1]
        before = {p["Device"]: p["PriorityGroup"] for p in self.by_id("Path").values()}
        self.assertEqual(self.mp.status("do", "MP_SetOverridePath", UNIT, unit, PATH_LU, last), SUCCESS)
        told = self.mp.get("MP_GetMPLogicalUnitProperties", UNIT, unit)
        self.assertEqual(told["overridePath"], [PATH_LU, 1, last])
        self.assertEqual(self.mp.status("do", "MP_DisablePath", PATH_LU, last), NOT_PERMITTED)
        self.seen = self.model()
        alone = self.by_id("Path")[last]["PriorityGroup"]
        self.assertEqual(self.of_unit()["CurrentPriorityGroup"], alone)
        self.assertEqual(
            [i for i, p in self.by_id("Path").items()
             if p["LogicalUnit"] == self.by_id("Path")[last]["LogicalUnit"] and p["PriorityGroup"] == alone],
            [last],
        )  # fmt: skip
        self.assertEqual(self.mp.status("do", "MP_CancelOverridePath", UNIT, unit), SUCCESS)
        self.assertEqual(self.mp.status("do", "MP_CancelOverridePath", UNIT, unit), SUCCESS, "of none")
        told = self.mp.get("MP_GetMPLogicalUnitProperties", UNIT, unit)
        self.assertEqual(told["overridePath"], NONE)
        self.seen = self.model()
        self.assertEqual(
            {p["Device"]: p["PriorityGroup"] for p in self.by_id("Path").values()}, before
        )

    def test_groups_change_their_states_in_one_command(self):
        unit = self.id_of(self.seen.unit("mpatha"))
        groups = self.mp.list("MP_GetAssociatedTPGOidList", UNIT, unit)
        state = lambda group: self.mp.get("MP_GetTargetPortGroupProperties", TPG, group)["accessState"]
        before = [state(group) for group in groups]
        self.assertEqual(before[0], 0)
        self.assertEqual(self.mp.status("tpg", unit, groups[0], 1, groups[1], 0), SUCCESS)
        self.assertEqual([state(group) for group in groups], [1, 0])
        self.assertEqual(self.mp.status("tpg", unit, groups[0], 16), SUCCESS, "it is active already")
        self.assertEqual(self.mp.status("tpg", unit, groups[0], 0, groups[1], 1), SUCCESS)
        self.assertEqual([state(group) for group in groups], [0, 1])

    def test_settings_are_kept_for_a_unit_and_for_all_others(self):
        unit, other = (self.id_of(self.seen.unit(name)) for name in ("mpatha", "mpathb"))
        lb = lambda one: self.mp.get("MP_GetMPLogicalUnitProperties", UNIT, one)["currentLoadBalanceType"]
        self.assertEqual(self.mp.status("do", "MP_SetLogicalUnitLoadBalanceType", UNIT, unit, 2), SUCCESS)
        self.assertEqual(lb(unit), 2)
        self.assertEqual(self.mp.status("do", "MP_SetPluginLoadBalanceType", PLUGIN, 0, 1 << 16), SUCCESS)
        self.assertEqual((lb(unit), lb(other)), (2, 1 << 16))
        self.assertEqual(self.mp.plugin()["defaultloadBalanceType"], 1 << 16)
        self.assertEqual(self.mp.status("set", UNIT, unit, "selector", "queue-length"), SUCCESS)
        self.assertEqual(lb(unit), 8)
        self.assertEqual(self.mp.status("do", "MP_DisableAutoFailback", UNIT, unit), SUCCESS)
        self.assertEqual(self.mp.status("do", "MP_SetFailbackPollingRate", PLUGIN, 0, 30), SUCCESS)
        failback = lambda one: [
            self.mp.get("MP_GetMPLogicalUnitProperties", UNIT, one)[field]
            for field in ("autoFailbackEnabled", "currentFailbackPollingRate")
        ]
        self.assertEqual((failback(unit)[0], failback(other)), (0, [1, 30]))
        self.assertEqual(self.mp.status("do", "MP_EnableAutoFailback", UNIT, unit), SUCCESS)
        self.assertEqual(self.mp.status("do", "MP_DisableAutoProbing", PLUGIN, 0), SUCCESS)
        self.assertEqual(self.mp.plugin()["pluginAutoProbingEnabled"], 0)
        self.assertEqual(self.mp.status("do", "MP_SetPathWeight", PATH_LU,
                                        self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit)[0], 1),
                         SUCCESS)  # fmt: skip

    def test_a_read_shows_what_the_daemon_has_published(self):
        unit = self.id_of(self.seen.unit("mpatha"))
        path = self.mp.list("MP_GetAssociatedPathOidList", UNIT, unit)[0]
        device = self.by_id("Path")[path]["Device"]
        watch = self.client.watch()
        for fault, state in ((self.san.path_lost, 1), (self.san.path_restored, 0)) * 20:
            fault(device)
            while not any(
                "State" in changed and kind == PATH
                for _, kind, changed in Watch.changes([watch.next()])
            ):
                pass
            told = self.mp.get("MP_GetPathLogicalUnitProperties", PATH_LU, path)
            self.assertEqual(told["pathState"], state)


if __name__ == "__main__":
    main()
