#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm modify, enable, disable, override and failover: what plugins are told, and answers."""
from fake import SAMPLE, Mpathadm, main

PATH = ("path", "-i", "2100000e1e09a4c1", "-t", "50060e801049c1f1", "-l", "/dev/mapper/mpatha")
STATUSES = {
    1: "invalid parameter", 3: "failed", 4: "insufficient memory", 6: "object not found",
    7: "unsupported", 9: "access state invalid", 10: "invalid weight", 11: "path not operational",
    12: "try again", 13: "not permitted",
}


class Changes(Mpathadm):
    def does(self, calls, *arguments):
        self.assertEqual(self.succeeds(*arguments), "")
        self.assertEqual(self.calls(), calls)

    def refuses(self, message, *arguments):
        self.assertEqual(self.fails(*arguments), message)

    def test_paths_are_enabled_and_disabled_by_three_names(self):
        self.plugin()
        self.does(["MP_EnablePath 2"], "enable", *PATH)
        self.does(["MP_DisablePath 2"], "disable", *PATH)

    def test_a_path_is_the_override_until_it_is_cancelled(self):
        self.plugin()
        self.does(["MP_SetOverridePath 1 2"], "override", *PATH)
        self.does(["MP_CancelOverridePath 1"], "override", "path", "-c", "-l", "/dev/mapper/mpatha")

    def test_each_name_of_a_path_is_needed(self):
        self.plugin()
        for verb in ("enable", "disable", "override"):
            failed = f"mpathadm: Error: Failed to {verb} path: "
            _, i, initiator, t, target, l, unit = PATH
            for message, arguments in {
                "Missing initiator-port name": (t, target, l, unit),
                "Missing target-port name": (i, initiator, l, unit),
                "Missing logical-unit name": (i, initiator, t, target),
                "Unable to find path": (i, "none", t, target, l, unit),
                "logical-unit not found": (i, initiator, t, target, l, "/dev/none"),
            }.items():
                self.refuses(f"{failed}{message}\n", verb, "path", *arguments)
        self.refuses("mpathadm: Error: Failed to override path: Missing logical-unit name\n",
                     "override", "path", "-c")
        self.assertEqual(self.calls(), [])

    def test_every_status_has_its_text(self):
        for number, text in STATUSES.items():
            self.plugin(SAMPLE + f"answer call=MP_DisablePath status={number}\n"
                                 f"answer call=MP_CancelOverridePath status={number}\n")
            self.refuses(f"mpathadm: Error: Failed to disable path: {text}\n", "disable", *PATH)
            self.refuses(f"mpathadm: Error: Failed to cancel the overriding setting:  {text}\n",
                         "override", "path", "-c", "-l", "/dev/mapper/mpatha")

    def test_settings_of_a_plugin(self):
        self.plugin()
        modify = ("modify", "mpath-support", "libmpfake.so")
        self.does(["MP_EnableAutoFailbackPlugin"], *modify, "-a", "ON")
        self.does(["MP_DisableAutoFailbackPlugin"], *modify, "-a", "off")
        self.does(["MP_EnableAutoProbingPlugin"], *modify, "-p", "on")
        self.does(["MP_DisableAutoProbingPlugin"], *modify, "--autoprobe=Off")
        self.does(["MP_SetPluginLoadBalanceTypePlugin 0x8"], *modify, "-b", "least-used")
        self.does(["MP_SetPluginLoadBalanceTypePlugin 0x80000000"], *modify, "-b", "proprietary16")

    def test_settings_of_a_unit(self):
        self.plugin()
        modify = ("modify", "LU", "/dev/mapper/mpatha")
        self.does(["MP_EnableAutoFailbackLu 1"], *modify, "-a", "on")
        self.does(["MP_DisableAutoProbingLu 1"], *modify, "-p", "off")
        self.does(["MP_SetLogicalUnitLoadBalanceType 1 0x40"], *modify, "-b", "failover-only")

    def test_every_option_counts_in_its_order(self):
        self.plugin()
        self.does(["MP_DisableAutoProbingLu 1", "MP_EnableAutoFailbackLu 1"],
                  "modify", "lu", "-p", "off", "/dev/mapper/mpatha", "-a", "on")

    def test_settings_that_are_refused(self):
        self.plugin(SAMPLE + "answer call=MP_EnableAutoFailbackPlugin status=7\n")
        modify = ("modify", "mpath-support", "libmpfake.so")
        change = "mpathadm: Error: Failed to change "
        self.refuses(change + "auto failback: unsupported\n", *modify, "-a", "on")
        self.refuses(change + "auto failback: illegal argument\n", *modify, "-a", "maybe")
        self.refuses(change + "auto probing: illegal argument\n", *modify, "-p", "1")
        # A name that does not exist goes to the library as UNKNOWN; so does one in other letters.
        for name in ("fastest", "Round-Robin", "none", "proprietary17"):
            self.refuses(change + "load balance: invalid parameter\n", *modify, "-b", name)
        self.refuses(change + "load balance: unable to find specified mpath-support\n",
                     "modify", "mpath-support", "-b", "least-used", "none")
        self.refuses("Error: Logical-unit /dev/none is not found.\n",
                     "modify", "lu", "-a", "on", "/dev/none")

    def test_the_plugin_that_is_named_is_the_one_that_is_changed(self):
        self.plugin()
        self.plugin("plugin vendor=Other\n", "libother.so")
        self.succeeds("modify", "mpath-support", "-a", "on", "libother.so")
        self.assertEqual(self.calls(), [])
        self.assertEqual(self.calls("libother.so"), ["MP_EnableAutoFailbackPlugin"])

    def test_failover_makes_the_first_standby_group_active(self):
        self.plugin()
        self.does(["MP_SetTPGAccess 1 1 2 0x10"], "failover", "lu", "/dev/mapper/mpatha")

    def test_failover_that_cannot_be(self):
        lu = ("failover", "lu", "/dev/mapper/mpatha")
        for message, objects in {
            "Error: The logical unit is not asymmetric.":
                SAMPLE.replace("asymmetric=1", "asymmetric=0"),
            "Error: The logical unit doesn't support explicit state change.":
                SAMPLE.replace("explicit=1 preferred=1", "explicit=0"),
            "ERROR: LU access state unchanged.  No standby TPG found.":
                SAMPLE.replace("state=2 explicit", "state=1 explicit"),
            "Error: Failover failed: access state invalid.":
                SAMPLE + "answer call=MP_SetTPGAccess status=9\n",
            "Error: Unable to get associated target port groups .":
                SAMPLE + "answer call=MP_GetAssociatedTPGOidList status=3\n",
        }.items():
            open(self.config, "w").close()
            self.plugin(objects)
            self.refuses(f"mpathadm: {message}\n", *lu)
        self.refuses("Error: Logical-unit /dev/none is not found.\n", "failover", "lu", "/dev/none")

    def test_without_plugins_nothing_changes(self):
        for arguments in (("modify", "lu", "-a", "on", "/dev/a"), ("disable", *PATH),
                          ("failover", "lu", "/dev/a")):
            self.refuses("mpathadm: Error: Unable to get mpath-support list.\n", *arguments)


main()
