#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm show."""
from fake import SAMPLE, Mpathadm, main

SYMMETRIC = """
plugin vendor=Example
unit device=/dev/mapper/mpathb name=600500000000000000000000000000ff vendor=ACME product=Disk \
revision=1 loadbalance=0 luGroup=42 failbackon=1
group unit=1 id=0 state=0x10
port group=1 id=50060e801049c1f0 relative=1
port group=1 id=50060e801049c1f1 relative=2
path unit=1 initiator=9 port=1 state=1 disabled=1
"""


class Show(Mpathadm):
    def test_an_asymmetric_unit_as_the_contract_has_it(self):
        self.plugin()
        self.assert_golden("show-lu-asymmetric", self.succeeds("show", "lu", "/dev/mapper/mpatha"))
        self.assert_golden("show-lu-asymmetric", self.succeeds("show", "logical-unit"))

    def test_a_symmetric_unit_as_the_contract_has_it(self):
        self.plugin(SYMMETRIC)
        self.assert_golden("show-lu-symmetric", self.succeeds("show", "lu", "/dev/mapper/mpathb"))

    def test_an_empty_line_stands_between_units(self):
        self.plugin(SAMPLE)
        self.plugin(SYMMETRIC, "libother.so")
        a, b = (self.succeeds("show", "lu", f"/dev/mapper/mpath{x}") for x in "ab")
        self.assertEqual(self.succeeds("show", "lu"), a + "\n" + b)
        self.assertEqual(self.succeeds("show", "lu", "/dev/mapper/mpathb", "/dev/mapper/mpatha"),
                         b + "\n" + a)

    def test_the_override_path(self):
        self.plugin(SAMPLE.replace("revision=6000",
                                   "revision=6000 override=2"))
        overrides = [line for line in self.succeeds("show", "lu").splitlines() if "Override" in line]
        self.assertEqual(overrides, ["\t\tOverride Path:  no", "\t\tOverride Path:  yes"])

    def test_settings_that_follow_the_plugin_show_the_plugin_s(self):
        self.plugin(SAMPLE.replace("failbackon=1 probingon=0\n", "failbackon=0xFFFFFFFF "
                                   "probingon=0xFFFFFFFF\n"))
        out = self.succeeds("show", "lu")
        self.assertIn("\tAuto Failback:  on\n\tAuto Probing:  off\n", out)

    def test_an_initiator_port_as_the_contract_has_it(self):
        self.plugin()
        self.assert_golden("show-initiator-port",
                           self.succeeds("show", "initiator-port", "2100000e1e09a4c0"))

    def test_plugins_as_the_contract_has_them(self):
        self.plugin()
        self.assert_golden("show-mpath-support-any",
                           self.succeeds("show", "mpath-support", "libmpfake.so"))

    def test_the_products_of_a_plugin(self):
        self.plugin("plugin vendor=Example driver=fakedm onlyproducts=1 default=0x6 probing=3 "
                    "probingon=1 probingrate=5 probingmax=20\n"
                    "product vendor=HITACHI product=OPEN- loadbalance=0x80000002\n"
                    "product vendor=ACME product=Disk revision=1\n")
        self.assert_golden("show-mpath-support-products", self.succeeds("show", "mpath-support"))

    def test_each_of_several_plugins_is_found_and_shown_alone(self):
        self.plugin()
        self.plugin("plugin vendor=Other\n", "libother.so")
        other = self.succeeds("show", "mpath-support", "libother.so")
        self.assertTrue(other.startswith("mpath-support:  libother.so\n\tVendor:  Other\n"))
        self.assertNotIn("libmpfake.so", other)
        self.assertEqual(self.succeeds("show", "mpath-support"),
                         self.succeeds("show", "mpath-support", "libmpfake.so") + "\n" + other)

    def test_bytes_of_a_device_do_nothing_to_a_terminal(self):
        self.plugin("unit device=/dev/a vendor=%1b[31m product=%ff%c3%a9 revision=%0a name=%e2%80\n")
        out = self.succeeds("show", "lu")
        self.assertIn("\tVendor:  \\x1b[31m   \n", out)
        self.assertIn("\tProduct:  \\xffé             \n", out)
        self.assertIn("\tRevision:  \\x0a   \n", out)
        self.assertIn("\tName:  \\xe2\\x80\n", out)

    def test_groups_and_ports_that_cannot_be_read(self):
        self.plugin(SAMPLE + "answer call=MP_GetAssociatedTPGOidList status=3\n")
        ran = self.run_mpathadm("show", "lu")
        self.assertEqual(ran.status, 1)
        self.assertIn("mpathadm: Error: Unable to get associated target port groups .\n", ran.err)
        self.plugin(SAMPLE + "answer call=MP_GetTargetPortOidList status=3\n", "libother.so")
        self.assertIn("mpathadm: Error: Unable to get associated target ports.\n",
                      self.run_mpathadm("show", "lu").err)

    def test_a_list_of_products_that_cannot_be_read(self):
        self.plugin("plugin onlyproducts=1\nanswer call=MP_GetDeviceProductOidListPlugin status=3\n")
        ran = self.run_mpathadm("show", "mpath-support")
        self.assertEqual(ran.status, 1)
        self.assertIn("mpathadm: Error: Unable to get supported device product information.\n", ran.err)


main()
