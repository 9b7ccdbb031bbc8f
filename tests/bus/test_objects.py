# SPDX-License-Identifier: LGPL-2.1-or-later
"""Objects, their properties, and how they are found."""
import os
import subprocess
import xml.etree.ElementTree as xml

from private_bus import *

PATH_0 = "2100000e1e09a4c0__5006016012345678__1"


class Objects(PublisherTest):
    def setUp(self):
        super().setUp()
        self.do("ports")
        self.do("populate 2 4")

    def walk(self, path=ROOT):
        found = {}
        node = xml.fromstring(self.client.introspect(path))
        found[path] = {each.get("name") for each in node.findall("interface")}
        for child in node.findall("node"):
            self.assertNotIn("/", child.get("name"), "only direct children are told")
            found.update(self.walk(f"{path}/{child.get('name')}"))
        return found

    def test_introspection_leads_to_the_same_objects_as_get_managed_objects(self):
        ours = {
            path: {name for name in names if name.startswith(NAME)}
            for path, names in self.walk().items()
        }
        walked = {path: names for path, names in ours.items() if names}
        managed = {path: set(names) for path, names in self.client.managed_objects().items()}
        self.assertEqual(walked, managed)
        self.assertIn(f"{lu_path(1)}/path/{PATH_0}", managed)
        self.assertIn(f"{ROOT}/plugin/dm_multipath", managed)
        self.assertIn(f"{ROOT}/load_balance/service_2dtime", managed)
        # manager, plugin, 2 algorithms, product, 2 + 2 ports, 2 units with 2 groups and 4 paths
        self.assertEqual(len(managed), 1 + 1 + 2 + 1 + 4 + 2 * (1 + 2 + 4))

    def test_get_all_and_get_managed_objects_say_the_same(self):
        for path, interfaces in self.client.managed_objects().items():
            for name, properties in interfaces.items():
                with self.subTest(path=path):
                    body = self.client.call(path, PROPERTIES, "GetAll", "s", (name,))
                    self.assertEqual(body[0], properties)

    def test_a_logical_unit_shows_what_the_model_holds(self):
        unit = self.client.get_all(lu_path(1), "LogicalUnit")
        self.assertEqual(unit["Name"], "mpath1")
        self.assertEqual(unit["DeviceFile"], "/dev/mapper/mpath1")
        self.assertEqual(unit["DeviceNumber"], (253, 1))
        self.assertEqual(unit["UnitNameType"], "naa")
        self.assertEqual(unit["Size"], 1 << 40)
        self.assertEqual((unit["PathCount"], unit["UsablePathCount"]), (4, 4))
        self.assertEqual(unit["Queueing"], "no")
        self.assertEqual(unit["ObjectId"], (4, 1))
        self.assertEqual(unit["LoadBalance"], f"{ROOT}/load_balance/service_2dtime")
        self.assertEqual(unit["LoadBalanceType"], 1 << 16)
        self.assertEqual(unit["DeviceProduct"], f"{ROOT}/product/ACME__Array_209000__0001")
        self.assertEqual(
            unit["Settings"][0],
            ("no_path_retry", "queue", "defaults", "/etc/multipath.conf", 12, "fail", "Later."),
        )
        self.assertEqual(unit["Trouble"], (0, "", ""))
        self.assertEqual(unit["TableReadAt"], 1_700_000_000_000_001)

    def test_a_path_refers_to_what_it_leads_over(self):
        path = self.client.get_all(f"{lu_path(1)}/path/{PATH_0}", "Path")
        self.assertEqual(path["LogicalUnit"], lu_path(1))
        self.assertEqual(path["InitiatorPort"], f"{ROOT}/initiator/2100000e1e09a4c0")
        self.assertEqual(path["TargetPort"], f"{ROOT}/target/5006016012345678")
        self.assertEqual(path["TargetPortGroup"], f"{lu_path(1)}/tpg/1")
        self.assertEqual(path["Address"], "0:0:0:1")
        self.assertEqual((path["State"], path["Identity"]), ("okay", "verified"))
        for key in ("LogicalUnit", "InitiatorPort", "TargetPort", "TargetPortGroup"):
            self.assertIn(f'"{NAME}.', self.client.introspect(path[key]), key)

    def test_a_confirmed_value_has_a_new_age_and_no_signal(self):
        watch = self.client.watch()
        group = f"{lu_path(1)}/tpg/1"
        before = self.client.get(group, "TargetPortGroup", "ReadAt")
        self.do("confirm 1")
        self.assertGreater(self.client.get(group, "TargetPortGroup", "ReadAt"), before)
        self.assertEqual(watch.until_answered(), [])

    def test_bytes_that_no_bus_takes_are_replaced(self):
        self.do("hostile 1")
        unit = self.client.get_all(lu_path(1), "LogicalUnit")
        self.assertEqual(unit["Vendor"], "\ufffd\ufffd\ufffd")
        self.assertEqual(unit["Product"], "A\ufffdB")
        self.assertIn(lu_path(1), self.client.managed_objects())
        fd = self.client.manager("Describe", "a{sv}", ({},))[0]
        described = self.load(fd)["LogicalUnits"][0]
        self.assertEqual(described["Vendor"], "\ufffd\ufffd\ufffd")
        self.assertEqual(described["SerialNumber"], '"quoted\\\n')

    def test_what_does_not_exist_gets_the_standard_errors(self):
        standard = "org.freedesktop.DBus.Error."
        get = self.client.get
        for path in (
            f"{ROOT}/lu/nothing",
            f"{ROOT}/lu/_zz",
            f"{ROOT}/nothing",
            f"{lu_path(1)}/path/x",
            f"{lu_path(1)}/tpg/01",
            f"{lu_path(1)}/tpg/9",
            f"{lu_path(1)}/tpg/1/deeper",
        ):
            with self.subTest(path=path):
                self.assert_bus_error(standard + "UnknownObject", get, path, "Path", "State")
        # Get has one answer for both; GetAll tells them apart.
        self.assert_bus_error(standard + "UnknownProperty", get, lu_path(1), "Path", "State")
        self.assert_bus_error(
            standard + "UnknownInterface", self.client.get_all, lu_path(1), "Path"
        )
        self.assert_bus_error(standard + "UnknownProperty", get, lu_path(1), "LogicalUnit", "No")
        self.assert_bus_error(standard + "UnknownMethod", self.client.manager, "Explode")
        self.assert_bus_error(
            standard + "InvalidArgs", self.client.manager, "Settled", "s", ("soon",)
        )

    def test_no_property_can_be_written(self):
        self.assert_bus_error(
            "org.freedesktop.DBus.Error.PropertyReadOnly",
            self.client.call,
            lu_path(1),
            PROPERTIES,
            "Set",
            "ssv",
            (interface("LogicalUnit"), "Name", ("s", "mine")),
        )

    def test_busctl_tree_can_be_read(self):
        tree = subprocess.run(
            ["busctl", f"--address={self.address}", "tree", "--list", NAME],
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(tree.returncode, 0, tree.stderr)
        self.assertEqual(tree.stderr, "")
        paths = tree.stdout.split()
        self.assertIn(f"{lu_path(2)}/tpg/2", paths)
        for path in self.client.managed_objects():
            self.assertIn(path, paths)


class ManyObjects(PublisherTest):
    arguments = ["--managed-objects", "100000"]

    def test_get_managed_objects_is_refused_above_its_limit(self):
        self.do("ports")
        self.do("populate 100 4")
        for _ in range(2):
            text = self.assert_bus_error(
                f"{NAME}.Error.TooLarge", self.client.managed_objects
            )
            self.assertIn("GetSnapshot", text)
            self.assertIn("Describe", text)
        self.assertEqual(self.client.get(lu_path(100), "LogicalUnit", "PathCount"), 4)


if __name__ == "__main__":
    main()
