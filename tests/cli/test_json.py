#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""--json on every list and show, and its errors."""
import json
import os
import re

from fake import SAMPLE, Mpathadm, main

PATH = {
    "initiatorPort": "2100000e1e09a4c1", "targetPort": "50060e801049c1f1", "deviceFile": "/dev/sdc",
    "state": "okay", "disabled": False, "weight": 0, "logicalUnitNumber": 0, "busNumber": 0,
    "portNumber": 0, "targetPortGroup": 2, "usable": True, "override": False,
}
GROUP = {
    "id": 2, "accessState": "standby", "explicitFailover": True, "preferred": False,
    "supportsLogicalUnitAssignment": False,
    "targetPorts": [{"name": "50060e801049c1f1", "relativeId": 2}],
}
UNIT = {
    "deviceFile": "/dev/mapper/mpatha", "name": "60060e801049c1f00000000000000001",
    "nameType": "naa", "vendor": "HITACHI", "product": "OPEN-V", "revision": "6000",
    "asymmetric": True, "loadBalanceType": "round-robin", "logicalUnitGroupId": None,
    "overridden": False, "autoFailbackEnabled": True, "failbackPollingRate": 0,
    "failbackPollingRateMax": 0, "autoProbingEnabled": False, "probingPollingRate": 0,
    "probingPollingRateMax": 0, "proprietaryProperties": {}, "mpathSupport": "libmpfake.so",
    "health": "ok", "pathCount": 2, "operationalPathCount": 2,
}


class Json(Mpathadm):
    def document(self, *arguments):
        text = self.succeeds(*arguments, "--json")
        document = json.loads(text)
        self.assertEqual(document.pop("schema"), "mpathadm-1")
        return document

    def test_lists(self):
        self.plugin()
        self.assertEqual(self.document("list", "mpath-support"),
                         {"mpathSupport": [{"name": "libmpfake.so"}]})
        self.assertEqual(self.document("list", "initiator-port", "2100000e1e09a4c1"),
                         {"initiatorPorts": [{"name": "2100000e1e09a4c1",
                                              "mpathSupport": "libmpfake.so"}]})
        self.assertEqual(self.document("list", "lu"), {"logicalUnits": [
            {"deviceFile": "/dev/mapper/mpatha", "mpathSupport": "libmpfake.so",
             "name": UNIT["name"], "pathCount": 2, "operationalPathCount": 2}]})

    def test_a_unit(self):
        self.plugin()
        for arguments in (("show", "lu"), ("show", "lu", "/dev/mapper/mpatha")):
            units = self.document(*arguments)["logicalUnits"]
            self.assertEqual(len(units), 1)
            self.assertEqual(units[0].pop("paths")[1], PATH)
            self.assertEqual(units[0].pop("targetPortGroups")[1], GROUP)
            self.assertEqual(units[0], UNIT)

    def test_an_initiator_port(self):
        self.plugin()
        self.assertEqual(self.document("show", "initiator-port", "2100000e1e09a4c0"), {
            "initiatorPorts": [{"name": "2100000e1e09a4c0", "transport": "fibre-channel",
                                "osDeviceFile": "/sys/class/fc_host/host1", "osFriendlyName": "",
                                "mpathSupport": "libmpfake.so"}]})

    def test_a_plugin(self):
        self.plugin(SAMPLE.replace("vendor=Example", "vendor=Example extra=yes") +
                    "product vendor=ACME product=Disk revision=1 loadbalance=0x4\n"
                    "algorithm type=0x10000 name=service-time vendor=Linux\n")
        (plugin,) = self.document("show", "mpath-support")["mpathSupport"]
        self.assertEqual(plugin["supportedDevices"], [
            {"vendor": "ACME", "product": "Disk", "revision": "1",
             "supportedLoadBalanceTypes": ["least-blocks"]}])
        self.assertEqual(plugin["proprietaryLoadBalances"], [
            {"type": "proprietary1", "name": "service-time", "vendor": "Linux",
             "proprietaryProperties": {}}])
        self.assertEqual(plugin["proprietaryProperties"], {"extra": "yes"})
        self.assertEqual(plugin["autoFailbackSupport"], ["mpath-support"])
        self.assertEqual((plugin["failbackPollingRate"], plugin["failbackPollingRateMax"]), (30, 3600))
        self.assertIs(plugin["autoProbingEnabled"], False)

    def test_what_is_not_supported_is_null(self):
        self.plugin("plugin failback=2 failbackrate=7\nunit device=/dev/a failbackon=0xFFFFFFFF\n")
        (plugin,) = self.document("show", "mpath-support")["mpathSupport"]
        self.assertEqual(plugin["autoFailbackSupport"], ["logical-unit"])
        self.assertIsNone(plugin["autoFailbackEnabled"])
        self.assertIsNone(plugin["failbackPollingRate"])
        self.assertIsNone(self.document("show", "lu")["logicalUnits"][0]["autoFailbackEnabled"])

    def test_values_that_the_api_does_not_define_are_unknown(self):
        self.plugin("unit device=/dev/a nametype=77\ngroup unit=1 state=9\npath unit=1 state=4000000000\n"
                    "initiator id=x transport=99\n")
        (unit,) = self.document("show", "lu")["logicalUnits"]
        self.assertEqual(unit["nameType"], "unknown")
        self.assertEqual(unit["targetPortGroups"][0]["accessState"], "unknown")
        self.assertEqual(unit["paths"][0]["state"], "unknown")
        self.assertIsNone(unit["paths"][0]["initiatorPort"])
        (port,) = self.document("show", "initiator-port")["initiatorPorts"]
        self.assertEqual(port["transport"], "unknown")

    def test_any_bytes_make_good_json(self):
        self.plugin("unit device=/dev/%22%5c%01 vendor=%ff%fe product=%c3%a9 name=%e2%80\n")
        (unit,) = self.document("show", "lu")["logicalUnits"]
        self.assertEqual(unit["deviceFile"], '/dev/"\\\x01')
        self.assertEqual(unit["vendor"], "\ufffd\ufffd")
        self.assertEqual(unit["product"], "é")

    def test_what_a_terminal_obeys_is_escaped(self):
        self.plugin("unit device=/dev/%c2%9b2J vendor=%e2%80%aeX product=%7f\n")
        text = self.succeeds("show", "lu", "--json") + self.run_mpathadm("list", "lu", "--json", "x\x9b\u202e").err
        self.assertTrue(text.isascii() and text.replace("\n", "").isprintable(), text)
        (unit,) = self.document("show", "lu")["logicalUnits"]
        self.assertEqual((unit["deviceFile"], unit["vendor"], unit["product"]), ("/dev/\x9b2J", "\u202eX", "\x7f"))

    def test_the_option_may_stand_anywhere(self):
        self.plugin()
        for arguments in (("--json", "list", "lu"), ("list", "--json", "lu"), ("list", "lu", "--json")):
            json.loads(self.succeeds(*arguments))

    def test_one_element_is_one_line(self):
        self.plugin("unit device=/dev/a\nunit device=/dev/b\n")
        lines = self.succeeds("list", "lu", "--json").splitlines()
        self.assertEqual([line.startswith('{"deviceFile"') for line in lines],
                         [False, False, True, True])

    def test_errors_are_lines_of_json_and_the_document_is_complete(self):
        self.plugin("unit device=/dev/a\nunit device=/dev/b gone=1\n")
        self.plugin("plugin mpapid=mpapid%20is%20not%20running\n"
                    "answer call=MP_GetMultipathLusPlugin status=3\n", "libmpapi-linux.so")
        ran = self.run_mpathadm("list", "lu", "--json")
        self.assertEqual(ran.status, 1)
        self.assertEqual([unit["deviceFile"] for unit in ran.json()["logicalUnits"]], ["/dev/a"])
        self.assertEqual([json.loads(line) for line in ran.err.splitlines()], [
            {"error": "Unable to get the logical unit list.", "status": "failed"},
            {"note": "mpapid is not running; start it: systemctl start mpapid.service"},
            {"error": "Unable to get configuration information.", "status": "object-not-found"}])

    def test_what_is_not_found(self):
        self.plugin()
        ran = self.run_mpathadm("show", "lu", "/dev/none", "--json")
        self.assertEqual((ran.status, ran.json()["logicalUnits"]), (0, []))
        self.assertEqual(json.loads(ran.err), {
            "error": "Logical-unit /dev/none is not found.", "status": "object-not-found"})
        self.assertEqual(self.run_mpathadm("show", "lu", "/dev/none", "--json", "--strict").status, 1)

    def test_without_plugins(self):
        for arguments in (("list", "lu"), ("show", "mpath-support"), ("status",)):
            ran = self.run_mpathadm(*arguments, "--json")
            self.assertEqual(ran.status, 1)
            ran.json()
            self.assertEqual(json.loads(ran.err), {"error": "Unable to get mpath-support list."})

    def test_the_manual_page_names_every_member(self):
        self.plugin(SAMPLE + "product vendor=A\nalgorithm name=b\n")
        with open(os.path.join(os.environ["SOURCE_ROOT"], "man", "mpathadm-json.5")) as file:
            documented = set(re.findall(r"^\.(?:It )?(?:Li|Cm) (\w+)", file.read(), re.M))
        found = set()

        def walk(value):
            if isinstance(value, dict):
                found.update(value)
                value = list(value.values())
            if isinstance(value, list):
                for each in value:
                    walk(each)

        for arguments in (("show", "lu"), ("show", "mpath-support"), ("show", "initiator-port"),
                          ("status",), ("list", "lu")):
            walk(json.loads(self.succeeds(*arguments, "--json")))
        self.assertEqual(found - documented, set())


main()
