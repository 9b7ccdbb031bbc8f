#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sg3-utils against common/scsi.

The utilities run with the device of device.cpp preloaded, so what they print is what they decoded
from bytes that our builders made, and the device's log is what our parsers understood of theirs.

usage: test_sg3_utils.py DEVICE_LIBRARY [unittest arguments]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

UTILITIES = ["sg_inq", "sg_vpd", "sg_rtpg", "sg_stpg", "sg_persist", "sg_readcap", "sg_turs"]
DEVICE = ""


class Conversation:
    """One run of a utility: what it printed, what the device understood."""

    def __init__(self, *command, sense=None):
        with tempfile.TemporaryDirectory() as directory:
            log = os.path.join(directory, "log")
            environment = dict(os.environ, LD_PRELOAD=DEVICE, MPAPI_PEER_LOG=log, LC_ALL="C")
            if sense:
                environment["MPAPI_PEER_SENSE"] = sense
            run = subprocess.run([*command, "/dev/null"], env=environment, text=True, timeout=60,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            self.output = run.stdout
            self.status = run.returncode
            self.understood = []
            if os.path.exists(log):
                with open(log, encoding="utf-8") as lines:
                    self.understood = lines.read().splitlines()
        self.lines = [line.strip() for line in self.output.splitlines()]


class Sg3Utils(unittest.TestCase):
    maxDiff = None

    def converse(self, *command, sense=None):
        talk = Conversation(*command, sense=sense)
        if not sense:
            self.assertEqual(talk.status, 0, f"{command} ended with {talk.status}: {talk.output}")
        return talk

    def assert_lines(self, talk, expected):
        """The lines, in this order, others may stand between."""
        rest = iter(talk.lines)
        for line in expected:
            self.assertTrue(any(found == line for found in rest),
                            f"no line {line!r} (in this order) in:\n{talk.output}")

    def test_standard_inquiry_data_is_decoded_as_meant(self):
        talk = self.converse("sg_inq", "-o")
        self.assertIn("version=0x06  [SPC-4]", talk.output)
        self.assertIn("TPGS=2", talk.output)
        self.assertIn("MultiP=1", talk.output)
        self.assertIn("Resp_data_format=2", talk.output)
        self.assertIn("length=96 (0x60)   Peripheral device type: disk", talk.output)
        self.assert_lines(talk, ["Vendor identification: MPAPI",
                                 "Product identification: two arrays",
                                 "Product revision level: 0.1"])

    def test_supported_pages_and_serial_number_are_decoded_as_meant(self):
        self.assert_lines(self.converse("sg_vpd", "-p", "sv"),
                          ["Supported VPD pages [sv]", "Unit serial number [sn]",
                           "Device identification [di]"])
        self.assert_lines(self.converse("sg_vpd", "-p", "sn"), ["Unit serial number: SN-0042"])

    def test_every_designator_is_decoded_as_meant(self):
        talk = self.converse("sg_vpd", "-p", "di")
        iscsi = "transport: Internet SCSI (iSCSI)"
        self.assert_lines(talk, [
            "Addressed logical unit:",
            "designator type: NAA,  code set: Binary", "0x60014051234567890abcdef012345678",
            "designator type: NAA,  code set: Binary", "0x3333333000002710",
            "designator type: EUI-64 based,  code set: Binary", "0x0123456789abcdef",
            "designator type: T10 vendor identification,  code set: ASCII",
            "vendor id: MPAPI", "vendor specific: unit 7",
            "designator type: SCSI name string,  code set: UTF-8",
            "naa.60014051234567890abcdef012345678",
            "designator type: UUID identifier,  code set: Binary",
            "Locally assigned UUID: 01234567-89ab-cdef-0123-456789abcdef",
            "designator type: Logical unit group,  code set: Binary", "Logical unit group: 0x304",
            "Target port:",
            "designator type: Relative target port,  code set: Binary", iscsi,
            "Relative target port: 0x102",
            "designator type: Target port group,  code set: Binary", iscsi,
            "Target port group: 0x203",
            "designator type: SCSI name string,  code set: UTF-8", iscsi,
            "iqn.2026-01.org.mpapi:a,t,0x0001",
        ])

    def test_a_page_that_is_not_there_is_refused_with_sense(self):
        talk = Conversation("sg_vpd", "-f", "-p", "0xb0")
        self.assertNotEqual(talk.status, 0)
        self.assertEqual(talk.understood, ["VPD B0h"])
        talk = Conversation("sg_vpd", "-f", "-v", "-p", "0xb0")
        self.assertIn("Illegal Request", talk.output)
        self.assertIn("Invalid field in cdb", talk.output)

    GROUPS = [
        "target port group id : 0x1 , Pref=1, Rtpg_fmt=0",
        "target port group asymmetric access state : 0x00 (active/optimized)",
        "T_SUP : 1, O_SUP : 1, LBD_SUP : 0, U_SUP : 1, S_SUP : 1, AN_SUP : 1, AO_SUP : 1",
        "status code : 0x01 (target port asym. state changed by SET TARGET PORT GROUPS command)",
        "target port count : 02", "0x01", "0x02",
        "target port group id : 0x203 , Pref=0, Rtpg_fmt=0",
        "target port group asymmetric access state : 0x02 (standby)",
        "T_SUP : 0, O_SUP : 0, LBD_SUP : 0, U_SUP : 1, S_SUP : 1, AN_SUP : 1, AO_SUP : 1",
        "status code : 0x02 (target port asym. state changed by implicit lu behaviour)",
        "target port count : 01", "0x102",
        "target port group id : 0x3 , Pref=0, Rtpg_fmt=0",
        "target port group asymmetric access state : 0x0f (transitioning between states)",
        "T_SUP : 1, O_SUP : 0, LBD_SUP : 0, U_SUP : 0, S_SUP : 0, AN_SUP : 0, AO_SUP : 0",
        "status code : 0x00 (no status available)",
        "target port count : 00",
    ]

    def test_target_port_groups_are_decoded_as_meant(self):
        talk = self.converse("sg_rtpg", "-d")
        self.assertEqual(talk.understood, ["RTPG"])
        self.assert_lines(talk, self.GROUPS)

    def test_the_extended_header_is_decoded_as_meant(self):
        talk = self.converse("sg_rtpg", "-d", "-e")
        self.assertEqual(talk.understood, ["RTPG extended"])
        self.assert_lines(talk, ["Implicit transition time: 42", *self.GROUPS])

    def test_their_set_target_port_groups_is_understood(self):
        talk = self.converse("sg_stpg", "--tp=1,515", "--state=s,ao")
        self.assertEqual(talk.understood, ["STPG 1=2 515=0"])

    def test_reservation_keys_are_decoded_as_meant(self):
        self.assert_lines(self.converse("sg_persist", "-n", "-k"),
                          ["PR generation=0x7, 2 registered reservation keys follow:",
                           "0xabc1", "0xabc2"])

    def test_a_reservation_is_decoded_as_meant(self):
        self.assert_lines(self.converse("sg_persist", "-n", "-r"),
                          ["PR generation=0x8, Reservation follows:", "Key=0xabc1",
                           "scope: LU_SCOPE,  type: Exclusive Access, registrants only"])

    def test_capabilities_are_decoded_as_meant(self):
        self.assert_lines(self.converse("sg_persist", "-n", "-c"), [
            "Replace Lost Reservation Capable(RLR_C): 0",
            "Compatible Reservation Handling(CRH): 0",
            "Specify Initiator Ports Capable(SIP_C): 1",
            "All Target Ports Capable(ATP_C): 1",
            "Persist Through Power Loss Capable(PTPL_C): 1",
            "Type Mask Valid(TMV): 1",
            "Persist Through Power Loss Active(PTPL_A): 0",
            "Write Exclusive, all registrants: 0",
            "Exclusive Access, registrants only: 0",
            "Write Exclusive, registrants only: 0",
            "Exclusive Access: 0",
            "Write Exclusive: 1",
            "Exclusive Access, all registrants: 1",
        ])

    def test_full_status_is_decoded_as_meant(self):
        self.assert_lines(self.converse("sg_persist", "-n", "-s"), [
            "PR generation=0x9",
            "Key=0xabc1", "All target ports bit clear", "Relative port address: 0x1",
            "<< Reservation holder >>", "scope: LU_SCOPE,  type: Write Exclusive, registrants only",
            "FCP-2 World Wide Name:", "21 00 00 24 ff 12 34 56",
            "Key=0xabc2", "All target ports bit set", "not reservation holder",
            "SAS address: 0x5000c50012345678",
            "Key=0xabc3", "Relative port address: 0x2",
            "iSCSI world wide unique port id: iqn.2026-01.org.mpapi:i,i,0x00023d000001",
            "Key=0xabc4", "iSCSI name: iqn.2026-01.org.mpapi:j",
        ])

    def test_each_of_their_reserve_out_actions_is_understood(self):
        for arguments, understood in [
                (["--register", "--param-sark=b"], "PROUT 0 type=0 key=0 new=b"),
                (["--register", "--param-rk=a", "--param-sark=b", "--param-aptpl",
                  "--param-alltgpt"], "PROUT 0 type=0 key=a new=b aptpl all"),
                (["--register-ignore", "--param-sark=b"], "PROUT 6 type=0 key=0 new=b"),
                (["--reserve", "--param-rk=a", "--prout-type=5"], "PROUT 1 type=5 key=a new=0"),
                (["--release", "--param-rk=a", "--prout-type=6"], "PROUT 2 type=6 key=a new=0"),
                (["--clear", "--param-rk=a"], "PROUT 3 type=0 key=a new=0"),
                (["--preempt", "--param-rk=a", "--param-sark=c", "--prout-type=8"],
                 "PROUT 4 type=8 key=a new=c"),
                (["--preempt-abort", "--param-rk=a", "--param-sark=c", "--prout-type=3"],
                 "PROUT 5 type=3 key=a new=c")]:
            with self.subTest(arguments=arguments):
                talk = self.converse("sg_persist", "-n", "--out", *arguments)
                self.assertEqual(talk.understood, [understood], talk.output)

    def test_their_transport_ids_are_understood(self):
        for transport_id, name in [
                ("sas,5000c50012345678", "5000c50012345678"),
                ("fcp,21000024ff123456", "21000024ff123456"),
                ("iqn.2026-01.org.mpapi:i", "iqn.2026-01.org.mpapi:i"),
                ("iqn.2026-01.org.mpapi:i,i,0x00023d000001",
                 "iqn.2026-01.org.mpapi:i,00023d000001")]:
            with self.subTest(transport_id=transport_id):
                talk = self.converse("sg_persist", "-n", "--out", "--register", "--param-sark=b",
                                     f"--transport-id={transport_id}")
                self.assertEqual(talk.understood, [f"PROUT 0 type=0 key=0 new=b {name}"],
                                 talk.output)

    def test_their_register_and_move_is_understood(self):
        talk = self.converse("sg_persist", "-n", "--out", "--register-move", "--param-rk=a",
                             "--param-sark=b", "--relative-target-port=2", "--unreg",
                             "--transport-id=sas,5000c50012345678")
        self.assertEqual(talk.understood, ["PROUT 7 type=0 key=a new=b port=2 unreg 5000c50012345678"],
                         talk.output)

    def test_capacities_are_decoded_as_meant(self):
        talk = self.converse("sg_readcap")
        self.assertEqual(talk.understood, ["READ CAPACITY 10", "READ CAPACITY 16"])
        self.assert_lines(talk, [
            "Protection: prot_en=1, p_type=1, p_i_exponent=0 [type 2 protection]",
            "Logical block provisioning: lbpme=1, lbprz=0",
            "Last LBA=8589934591 (0x1ffffffff), Number of logical blocks=8589934592",
            "Logical block length=512 bytes",
            "Logical blocks per physical block exponent=3 [so physical block length=4096 bytes]",
            "Lowest aligned LBA=5",
        ])

    def test_sense_data_of_both_formats_is_decoded_as_meant(self):
        for code, key, additional in [
                ("6 2a 06", "Unit Attention", "Asymmetric access state changed"),
                ("6 2a 07", "Unit Attention",
                 "Implicit asymmetric access state transition failed"),
                ("6 29 00", "Unit Attention", "Power on, reset, or bus device reset occurred"),
                ("6 3f 0e", "Unit Attention", "Reported luns data has changed"),
                ("6 3f 03", "Unit Attention", "Inquiry data has changed"),
                ("6 2a 03", "Unit Attention", "Reservations preempted"),
                ("6 2a 04", "Unit Attention", "Reservations released"),
                ("6 2a 05", "Unit Attention", "Registrations preempted"),
                ("2 04 0a", "Not Ready",
                 "Logical unit not accessible, asymmetric access state transition"),
                ("2 04 0b", "Not Ready", "Logical unit not accessible, target port in standby state"),
                ("2 04 0c", "Not Ready",
                 "Logical unit not accessible, target port in unavailable state"),
                ("5 67 0a", "Illegal Request", "Set target port groups command failed"),
                ("5 25 00", "Illegal Request", "Logical unit not supported")]:
            for number, form in ((0, "Fixed"), (1, "Descriptor")):
                with self.subTest(code=code, format=form):
                    talk = self.converse("sg_turs", "-v", sense=f"{number} {code}")
                    self.assert_lines(talk, [f"{form} format, current; Sense key: {key}",
                                             f"Additional sense: {additional}"])


if __name__ == "__main__":
    missing = [name for name in UTILITIES if not shutil.which(name)]
    if missing:
        print(f"skipped: {', '.join(missing)} not found (package sg3-utils)")
        sys.exit(77)
    DEVICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
