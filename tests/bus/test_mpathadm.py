# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm over libMPAPI, the Linux plugin and the embedded SAN: what it prints, held against the bus."""
import resource

from mpapi import *

TWO_ARRAYS = os.path.join(os.environ["SOURCE_ROOT"], "daemon/san/examples/two-arrays.toml")
ACCESS = {
    "active-optimized": "active optimized",
    "active-non-optimized": "active not optimized",
    "standby": "standby",
    "unavailable": "unavailable",
    "active": "active",
}


class Mpathadm(MpapiTest):
    def mpathadm(self, *words, descriptors=None, **environment):
        def limit():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        return subprocess.run([os.environ["MPATHADM"], *words], env=self.client_environment() | environment, text=True,
                              timeout=30, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              preexec_fn=limit)  # fmt: skip

    def good(self, *words):
        run = self.mpathadm(*words)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
        return run.stdout

    def units(self):
        return {unit["DeviceFile"]: (path, unit) for path, unit in self.model().all(LU).items()}

    def test_list_lu_counts_paths_as_the_bus_does(self):
        self.start(TWO_ARRAYS)
        # So that what is there and what is operational are not the same.
        model = self.model()
        unit, properties = model.unit("mpatha")
        away, _ = model.group("mpatha", 2)
        lost, first = next((path, each) for path, each in model.all(PATH).items()
                           if each["LogicalUnit"] == unit and each["TargetPortGroup"] != away)  # fmt: skip
        self.watching()
        self.san.group_state("north", "database", 2, "unavailable")
        for path, each in model.all(PATH).items():
            if each["TargetPortGroup"] == away:
                self.becomes(path, State="path-error")
        self.san.path_lost(first["Device"])
        self.becomes(lost, State="path-error")

        model = self.model()
        expected = {
            each["DeviceFile"]: (
                each["PathCount"],
                sum(path["LogicalUnit"] == where and path["State"] == "okay" for path in model.all(PATH).values()),
            )
            for where, each in model.all(LU).items()
        }
        self.assertEqual(expected[properties["DeviceFile"]], (4, 1))
        lines = self.good("list", "lu").splitlines()
        listed = {}
        for file, total, operational in zip(lines[0::3], lines[1::3], lines[2::3]):
            self.assertRegex(total, r"^\t\tTotal Path Count: \d+$")
            self.assertRegex(operational, r"^\t\tOperational Path Count: \d+$")
            listed[file.removeprefix("\t")] = (int(total.split()[-1]), int(operational.split()[-1]))
        self.assertEqual(listed, expected)

    def test_show_lu_agrees_with_the_bus(self):
        self.start(TWO_ARRAYS)
        model = self.model()
        for file, (path, unit) in self.units().items():
            with self.subTest(unit=file):
                text = self.good("show", "lu", file)
                self.assertTrue(text.startswith(f"Logical Unit:  {file}\n\tmpath-support:  libmpapi-linux.so\n"))
                self.assertIn(f"\tVendor:  {unit['Vendor']:<8}\n\tProduct:  {unit['Product']:<16}\n", text)
                self.assertIn(f"\tName:  {unit['UnitName']}\n", text)
                self.assertIn(f"\tAsymmetric:  {'yes' if unit['Asymmetric'] else 'no'}\n", text)
                ports = [(model.objects[each["InitiatorPort"]][interface("InitiatorPort")]["PortId"],
                          model.objects[each["TargetPort"]][interface("TargetPort")]["PortId"])
                         for each in model.all(PATH).values() if each["LogicalUnit"] == path]  # fmt: skip
                shown = list(zip(re.findall(r"\t\tInitiator Port Name:  (.*)", text),
                                 re.findall(r"\t\tTarget Port Name:  (.*)", text)))  # fmt: skip
                self.assertEqual(sorted(shown), sorted(ports))
                groups = sorted((each["Number"], ACCESS[each["AccessState"]])
                                for each in model.all(GROUP).values() if each["LogicalUnit"] == path)  # fmt: skip
                if unit["Asymmetric"]:
                    self.assertEqual(sorted((int(number), state) for number, state in re.findall(
                        r"\t\tID:  (\d+)\n.*\n\t\tAccess State:  (.*)", text)), groups)  # fmt: skip

    def test_a_lost_path_is_told_at_once(self):
        self.start(TWO_ARRAYS)
        where, lost = next((path, each) for path, each in self.model().all(PATH).items() if each["State"] == "okay")
        self.watching()
        self.san.path_lost(lost["Device"])
        self.becomes(where, State="path-error")
        unit = self.model().objects[lost["LogicalUnit"]][LU]
        text = self.good("show", "lu", unit["DeviceFile"])
        self.assertEqual(text.count("Path State:  path error"), 1, text)
        self.assertIn(
            f"\t{unit['DeviceFile']}\n\t\tTotal Path Count: {unit['PathCount']}\n"
            f"\t\tOperational Path Count: {unit['PathCount'] - 1}\n",
            self.good("list", "lu"),
        )
        (listed,) = (each for each in json.loads(self.good("list", "lu", "--json"))["logicalUnits"]
                     if each["deviceFile"] == unit["DeviceFile"])  # fmt: skip
        self.assertEqual(
            (listed["pathCount"], listed["operationalPathCount"]),
            (unit["PathCount"], unit["PathCount"] - 1),
        )

    def refused(self, **how):
        run = self.mpathadm("list", "lu", **how)
        self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
        first, *told, last = run.stderr.splitlines()
        self.assertEqual(first, "mpathadm: Error: Unable to get the logical unit list.")
        self.assertIn("Unable to complete operation", last)
        return told

    def test_what_hinders_the_plugin_is_told_as_it_is(self):
        self.assertEqual(self.refused(), ["mpathadm: mpapid is not running; start it: systemctl start mpapid.service"])
        self.assertEqual(self.refused(DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent"),
                         ["mpathadm: there is no system bus"])  # fmt: skip
        self.start(TWO_ARRAYS)
        self.assertEqual(self.refused(descriptors=4), ["mpathadm: no memory or no descriptor is left"])


main()
