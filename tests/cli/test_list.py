#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm list."""
import os
import time

from fake import SAMPLE, Mpathadm, main

FOUR_PATHS = """
unit device=/dev/mapper/mpatha
path unit=1
path unit=1 disabled=1
path unit=1
path unit=1
"""
FAILED = "mpathadm: Error: Unable to get configuration information.\n"


class List(Mpathadm):
    def test_units_as_the_contract_has_it(self):
        self.plugin(FOUR_PATHS)
        self.assert_golden("list-lu", self.succeeds("list", "lu"))
        self.assert_golden("list-lu", self.succeeds("LIST", "Logical-Unit"))

    def test_a_name_brings_its_plugin_too(self):
        self.plugin(SAMPLE + "unit device=/dev/mapper/mpathb name=b\n")
        for arguments in (["/dev/mapper/mpatha"], ["-t", "50060e801049c1f1"],
                          ["--inqname", "60060e801049c1f00000000000000001"]):
            self.assert_golden("list-lu-name", self.succeeds("list", "lu", *arguments))

    def test_only_okay_paths_are_operational(self):
        self.plugin("unit device=/dev/a\n" + "".join(f"path unit=1 state={n}\n" for n in range(12)))
        self.assertIn("Total Path Count: 12\n\t\tOperational Path Count: 1\n",
                      self.succeeds("list", "lu"))

    def test_options_are_alternatives_and_a_name_limits_them(self):
        self.plugin(SAMPLE + "unit device=/dev/mapper/mpathb name=b\n")
        both = self.succeeds("list", "lu", "-n", "b", "-t", "50060e801049c1f0")
        self.assertLess(both.index("mpatha"), both.index("mpathb"))
        one = self.succeeds("list", "lu", "/dev/mapper/mpathb", "-n", "b", "-t", "50060e801049c1f0")
        self.assertNotIn("mpatha", one)
        self.says("Error: Logical-unit /dev/mapper/mpatha is not found.\n",
                  "list", "lu", "/dev/mapper/mpatha", "-n", "b")

    def test_a_symbolic_link_is_found_by_its_device(self):
        os.symlink("/dev/null", self.file("link"))
        self.plugin("unit device=/dev/full\nunit device=/dev/null\n")
        self.assertIn("\t/dev/null\n", self.succeeds("list", "lu", self.file("link")))
        os.symlink("/dev/zero", self.file("other"))
        self.says(f"Error: Logical-unit {self.file('other')} is not found.\n",
                  "list", "lu", self.file("other"))

    def test_what_is_not_found_is_no_failure_but_with_strict(self):
        self.plugin()
        missing = {
            ("list", "lu", "/dev/none"): "Error: Logical-unit /dev/none is not found.\n",
            ("list", "lu", "-n", "none"): "Error: Logical-unit none is not found.\n",
            ("list", "lu", "-t", "none"): "Error: Logical-unit with target port none is not found.\n",
            ("list", "mpath-support", "none"): "Error: Unable to find mpath-support none.\n",
            ("list", "initiator-port", "none"): "Error: Initiator port none is not found.\n",
            ("show", "lu", "/dev/none"): "Error: Logical-unit /dev/none is not found.\n",
            ("show", "mpath-support", "none"): "Error: Unable to find mpath-support none.\n",
            ("show", "initiator-port", "none"): "Error: Initiator port none is not found.\n",
        }
        for arguments, message in missing.items():
            with self.subTest(arguments=arguments):
                self.assertEqual(self.says(message, *arguments), "")
                self.assertEqual(self.fails(*arguments, "--strict"), message)

    def test_what_is_found_is_listed_beside_what_is_not(self):
        self.plugin()
        out = self.says("Error: Initiator port none is not found.\n",
                        "list", "initiator-port", "none", "2100000e1e09a4c1")
        self.assertEqual(out, "Initiator Port:  2100000e1e09a4c1\n")

    def test_plugins_and_ports_of_two_plugins(self):
        self.plugin()
        self.plugin("initiator id=other\nunit device=/dev/other\n", "libother.so")
        self.assertEqual(self.succeeds("list", "mpath-support"),
                         "mpath-support:  libmpfake.so\nmpath-support:  libother.so\n")
        self.assertEqual(self.succeeds("list", "mpath-support", "libother.so"),
                         "mpath-support:  libother.so\n")
        self.assertEqual(self.succeeds("list", "initiator-port"),
                         "Initiator Port:  2100000e1e09a4c0\nInitiator Port:  2100000e1e09a4c1\n"
                         "Initiator Port:  other\n")
        units = self.succeeds("list", "lu", "/dev/other", "/dev/mapper/mpatha")
        self.assertLess(units.index("mpath-support:  libother.so\n\t/dev/other\n"),
                        units.index("mpath-support:  libmpfake.so\n\t/dev/mapper/mpatha\n"))

    def test_without_plugins(self):
        for noun in ("mpath-support", "lu", "initiator-port"):
            for verb in ("list", "show"):
                self.assertEqual(self.fails(verb, noun),
                                 "mpathadm: Error: Unable to get mpath-support list.\n")

    def test_a_unit_that_vanishes_between_list_and_get_leaves_the_others(self):
        self.plugin("unit device=/dev/a\nunit device=/dev/b gone=1\nunit device=/dev/c\n")
        ran = self.run_mpathadm("list", "lu")
        self.assertEqual(ran.status, 1)
        self.assertTrue(ran.err.startswith(FAILED), ran.err)
        self.assertIn("/dev/a", ran.out)
        self.assertIn("/dev/c", ran.out)
        # It is none of those that were asked for.
        self.assertIn("/dev/c", self.succeeds("list", "lu", "/dev/c"))
        self.says("Error: Logical-unit /dev/b is not found.\n", "list", "lu", "/dev/b")

    def test_a_path_that_vanishes_is_counted_as_not_operational(self):
        self.plugin("unit device=/dev/a\npath unit=1\npath unit=1 gone=1\n")
        ran = self.run_mpathadm("list", "lu")
        self.assertEqual(ran.status, 1)
        self.assertIn("Error: Failed to get path info for logical-unit /dev/a.\n", ran.err)
        self.assertIn("Total Path Count: 2\n\t\tOperational Path Count: 1\n", ran.out)

    def test_a_plugin_that_fails_leaves_the_other(self):
        self.plugin("answer call=MP_GetMultipathLusPlugin status=3\n"
                    "answer call=MP_GetInitiatorPortOidListPlugin status=12\n")
        self.plugin(SAMPLE, "libother.so")
        ran = self.run_mpathadm("list", "lu")
        self.assertEqual(ran.status, 1)
        self.assertTrue(ran.err.startswith("mpathadm: Error: Unable to get the logical unit list.\n"))
        self.assertIn("/dev/mapper/mpatha", ran.out)
        ran = self.run_mpathadm("list", "initiator-port")
        self.assertTrue(ran.err.startswith(
            "mpathadm: Error: Unable to get the initiator-port list: try again\n"), ran.err)

    def test_what_hinders_the_plugin_of_a_daemon_is_told_once_with_the_next_step(self):
        for number, (reason, status, step) in enumerate((
            ("mpapid is not running", 3, "; start it: systemctl start mpapid.service"),
            ("mpapid is of another version", 3, "; restart it: systemctl restart mpapid.service"),
            ("mpapid does not answer", 3, "; look at it: systemctl status mpapid.service"),
            ("there is no system bus", 3, ""),
            ("no memory or no descriptor is left", 4, ""),
        )):
            with self.subTest(reason=reason):
                open(self.config, "w").close()
                self.plugin(f"plugin mpapid={reason.replace(' ', '%20')}\n"
                            f"answer call=MP_GetMultipathLusPlugin status={status}\n"
                            f"answer call=MP_GetInitiatorPortOidListPlugin status={status}\n", f"lib{number}.so")
                self.plugin("answer call=MP_GetMultipathLusPlugin status=3\n", "libother.so")
                hint = f"mpathadm: {reason}{step}\n"
                failed = "mpathadm: Error: Unable to get the logical unit list.\n"
                self.assertEqual(self.fails("list", "lu"), failed + hint + failed)
                self.assertIn(hint, self.fails("show", "initiator-port"))

    def test_what_may_be_in_a_list_that_failed_is_not_said_to_be_missing(self):
        self.plugin("answer call=MP_GetMultipathLusPlugin status=3\n"
                    "answer call=MP_GetInitiatorPortOidListPlugin status=3\n")
        self.plugin(SAMPLE, "libother.so")
        units = "mpathadm: Error: Unable to get the logical unit list.\n"
        ports = "mpathadm: Error: Unable to get the initiator-port list: failed\n"
        for arguments, message in {
            ("list", "lu", "/dev/x"): units,
            ("list", "lu", "-n", "x"): units,
            ("list", "lu", "-t", "x"): units,
            ("show", "lu", "/dev/x"): units,
            ("modify", "lu", "-a", "on", "/dev/x"): units,
            ("failover", "lu", "/dev/x"): units,
            ("enable", "path", "-i", "x", "-t", "x", "-l", "/dev/x"): units,
            ("override", "path", "-c", "-l", "/dev/x"): units,
            ("list", "initiator-port", "x"): ports,
        }.items():
            with self.subTest(arguments=arguments):
                self.assertEqual(self.fails(*arguments), message)
        # What is known is found.
        self.assertIn("/dev/mapper/mpatha", self.run_mpathadm("list", "lu", "/dev/mapper/mpatha").out)

    def test_a_plugin_that_cannot_be_read_may_have_any_name(self):
        self.plugin("answer call=MP_GetPluginPropertiesPlugin status=3\n")
        self.plugin(SAMPLE, "libother.so")
        for arguments in (("list", "mpath-support", "x"), ("modify", "mpath-support", "-a", "on", "x")):
            self.assertEqual(self.fails(*arguments), FAILED)

    def test_without_a_reason_there_is_no_next_step(self):
        self.plugin("plugin mpapid=running\nanswer call=MP_GetMultipathLusPlugin status=3\n", "libmpapi-linux.so")
        self.assertEqual(self.fails("list", "lu"), "mpathadm: Error: Unable to get the logical unit list.\n")

    def test_names_of_255_characters(self):
        device, port = "/dev/" + "d" * 250, "p" * 255
        self.plugin(f"unit device={device} name={'n' * 255}\ninitiator id={port}\n"
                    f"group unit=1\nport group=1 id={'t' * 255}\n")
        for arguments in ([device], ["-n", "n" * 255], ["-t", "t" * 255]):
            self.assertIn(f"\t{device}\n", self.succeeds("list", "lu", *arguments))
        self.assertEqual(self.succeeds("list", "initiator-port", port), f"Initiator Port:  {port}\n")

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.plugin()
        environment = self.environment()
        with open("/dev/full", "w") as full:
            import subprocess
            ran = subprocess.run([os.environ["MPATHADM"], "list", "lu"], stdout=full,
                                 stderr=subprocess.PIPE, text=True, env=environment, timeout=20)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("Unable to write the output: No space left on device\n", ran.stderr)

    def test_its_own_part_of_a_large_list_is_small(self):
        self.plugin("many units=10000 paths=8\n")
        start = time.monotonic()
        out = self.succeeds("list", "lu")
        elapsed = time.monotonic() - start
        self.assertEqual(out.count("\t\tTotal Path Count: 8\n"), 10000)
        print(f"10000 x 8 in {elapsed:.3f} s")
        # Quadratic work would take minutes; what is measured for real is in the benchmark.
        self.assertLess(elapsed, 10)


main()
