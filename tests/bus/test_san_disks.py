# SPDX-License-Identifier: LGPL-2.1-or-later
"""org.mpapi.Multipath1.SharedDisk of mpapid-san: who may do what with which disk, what is told of it, raw I/O,
and the reservations of two nodes, the other of which sends its commands by San1.Execute."""
import fcntl
import struct

from embedded_san import *
from polkit_authority import DENIED, Authority
from test_contract import members

DISK_XML = os.path.join(os.environ["SOURCE_ROOT"], "dbus/org.mpapi.Multipath1.SharedDisk.xml")
SHARED, LIST = interface("SharedDisk"), interface("SharedDisks")
FOLDER = f"{ROOT}/shared"
ONE, TWO, ALONE = (f"3600140500000000000000000000000{end}" for end in ("01", "02", "03"))

# The other node of the cluster reaches unit "one" through A0.
CLUSTER_SAN = (
    STORY_SAN.replace('initiators = ["a"]', 'initiators = ["a", "other"]', 1)
    .replace(
        '[[array]]\nname = "north"',
        '[[initiator]]\nname = "other"\ntransport = "fc"\nwwpn = "2100000000000009"\nremote = true\n'
        '[[array]]\nname = "north"',
        1,
    )
    .replace(
        '[[array]]\nname = "aside"',
        '[[array.unit]]\nname = "alone"\nlun = 3\ndesignator = "naa.60014050000000000000000000000003"\n'
        'serial = "ALONE"\nsize = "16MiB"\nports = ["A0"]\nmapped = false\n[[array]]\nname = "aside"',
        1,
    )
)
ALLOWED = FAST + f'[disks]\nallow = ["{ONE}", "{ALONE}", "3600140599999999999999999999999999"]\n'

# Every method with arguments that fit.
CALLS = {
    "Examine": (None, ()),
    "IsReadable": (None, ()),
    "GetUniqueIds": (None, ()),
    "RawRead": ("tu", (0, 512)),
    "RawReadFile": ("tu", (0, 512)),
    "RawWrite": ("tay", (5, b"x" * 512)),
    "FindScratchSectors": (None, ()),
    "ReservationRegister": (None, ()),
    "ReservationUnregister": (None, ()),
    "ReservationReserve": (None, ()),
    "ReservationRelease": (None, ()),
    "ReservationPreempt": (None, ()),
    "ReservationClear": (None, ()),
    "ReservationRead": (None, ()),
}
# These have stories of their own (test_san_control.py), and look at what the system does by themselves.
CONTROL = {
    "Arbitrate": (None, ()),
    "StopDefense": (None, ()),
    "TakeOffline": (None, ()),
    "BringOnline": (None, ()),
    "ListPartitions": (None, ()),
    "WriteFile": ("uasay", (0, ["a"], b"x")),
    "VerifyFile": ("uasay", (0, ["a"], b"x")),
    "DeleteFile": ("uas", (0, ["a"])),
}
CALLS.update(CONTROL)
THEIRS = 0x7777666655554444
REGISTER_AND_IGNORE, RESERVE, PREEMPT, CLEAR = 6, 1, 4, 3
WERO = 5
CONFLICT = 0x18


def where(wwid):
    return f"{FOLDER}/{wwid}"


class DiskTest(SanTest):
    config = ALLOWED
    more: tuple = ()

    def setUp(self):
        super().setUp()
        self.start(CLUSTER_SAN, self.config, *self.more)

    def disk(self, method, *arguments, wwid=ONE, client=None):
        signature, _ = CALLS[method]
        return (client or self.client).call(where(wwid), SHARED, method, signature, arguments)

    def refused_with(self, error, method, *arguments, **more):
        return self.assert_bus_error(
            f"{NAME}.Error.{error}", lambda: self.disk(method, *arguments, **more)
        )

    def values(self, wwid=ONE):
        return self.client.get_all(where(wwid), "SharedDisk")

    def examined(self, wwid=ONE):
        self.disk("Examine", wwid=wwid)
        return self.values(wwid)

    def other(self, action, key, victim=0, kind=WERO):
        """PERSISTENT RESERVE OUT of the other node; the status."""
        cdb = bytes([0x5F, action, kind, 0, 0, 0, 0, 0, 24, 0])
        return self.execute(cdb, struct.pack(">QQ8x", key, victim))

    def execute(self, cdb, data=b""):
        for _ in range(8):  # whatever unit attentions wait
            status, _, _ = self.san.execute("other", "north", "A0", "one", cdb, data, 0)
            if status != 2:
                break
        return status

    def other_writes(self):
        return self.execute(bytes([0x2A, 0, 0, 0, 0, 9, 0, 0, 1, 0]), b"y" * 512)


class Contract(DiskTest):
    maxDiff = None

    def test_what_is_written_is_what_is_answered(self):
        root = xml.parse(DISK_XML).getroot()
        for path, name in ((where(ONE), SHARED), (FOLDER, LIST)):
            written = next(each for each in root.findall("interface") if each.get("name") == name)
            answered = [
                each
                for each in xml.fromstring(self.client.introspect(path)).findall("interface")
                if each.get("name").startswith(NAME)
            ]
            self.assertEqual([each.get("name") for each in answered], [name])
            self.assertEqual(members(written), members(answered[0]))

    def test_everything_is_documented(self):
        parser = xml.XMLParser(target=xml.TreeBuilder(insert_comments=True))
        root = xml.parse(DISK_XML, parser).getroot()
        for parent in [root, *root.findall("interface")]:
            before = None
            for each in parent:
                if each.tag is not xml.Comment:
                    with self.subTest(parent=parent.get("name"), member=each.get("name")):
                        self.assertIsNotNone(before)
                        if each.tag == "method":
                            self.assertIn("Errors:", before)
                        told = re.findall(r"@(\w+):", before)
                        self.assertEqual(told, [arg.get("name") for arg in each.findall("arg")])
                before = each.text if each.tag is xml.Comment else None

    def test_each_method_is_tried_here(self):
        root = xml.parse(DISK_XML).getroot()
        disk = next(each for each in root.findall("interface") if each.get("name") == SHARED)
        self.assertEqual(set(CALLS), {each.get("name") for each in disk.findall("method")})


class Listed(DiskTest):
    def test_units_come_first_and_paths_are_not_listed_again(self):
        for each in (ONE, ALONE):  # examined in any case, and then it would change while this reads
            self.examined(each)
        disks = self.client.call(FOLDER, LIST, "ListDisks")[0]
        self.assertEqual(
            disks, [where(ONE), where(TWO), where("360014050000000000000000000000009"), where(ALONE)]
        )
        objects = self.client.managed_objects()
        self.assertEqual([path for path in objects if SHARED in objects[path]], disks)
        nodes = xml.fromstring(self.client.introspect(FOLDER)).findall("node")
        self.assertEqual({f"{FOLDER}/{each.get('name')}" for each in nodes}, set(disks))
        for path in disks:
            values = {name: value for name, (_, value) in objects[path][SHARED].items()}
            self.assertEqual(values, self.client.get_all(path, "SharedDisk"))

    def test_an_allowed_unit_tells_everything(self):
        values = self.examined()
        self.assertEqual(values["Wwid"], ONE)
        self.assertEqual(values["Identity"], ONE)
        self.assertEqual(values["Object"], f"{ROOT}/lu/{ONE}")
        self.assertEqual(values["Product"], ("MPAPI", "ARRAY", "1", "ONE"))
        self.assertEqual((values["Size"], values["SectorSize"]), (1 << 30, 512))
        self.assertEqual((values["PathCount"], values["UsablePathCount"]), (4, 4))
        self.assertEqual(values["BusType"], "fibre-channel")
        self.assertEqual(values["PartitionStyle"], "none")
        self.assertEqual(values["PersistentReservations"], "yes")
        self.assertEqual(values["Flags"], ["basic", "multipath", "redundant"])
        self.assertEqual((values["InUse"], values["UsedBy"]), (False, []))
        self.assertTrue(values["Allowed"])
        self.assertEqual(values["ExamineTrouble"], "")
        self.assertGreater(values["ExaminedAt"], 1_600_000_000_000_000)
        naa = (0, 3, 1, bytes.fromhex(ONE[1:]))
        self.assertEqual(tuple(values["Designators"][0]), naa)
        self.assertEqual(self.disk("GetUniqueIds")[0], values["Designators"])

    def test_nothing_is_asked_of_one_that_is_not_allowed(self):
        values = self.values(TWO)
        self.assertFalse(values["Allowed"])
        self.assertEqual(values["ExaminedAt"], 0)
        self.assertEqual(values["PartitionStyle"], "unknown")
        self.assertEqual(values["PersistentReservations"], "unknown")
        self.assertEqual(values["Designators"], [])
        self.assertEqual(values["Size"], 1 << 30)

    def test_a_disk_in_no_map_is_one(self):
        values = self.examined(ALONE)
        self.assertTrue(values["Object"].startswith(f"{ROOT}/disk/"), values["Object"])
        self.assertEqual((values["PathCount"], values["UsablePathCount"]), (1, 1))
        self.assertEqual(values["Flags"], ["basic"])
        data, _ = self.disk("RawRead", 0, 512, wwid=ALONE)
        self.assertEqual(data, bytes(512))

    def test_the_key_of_the_node_is_told(self):
        key = self.client.get(FOLDER, "SharedDisks", "ReservationKey")
        self.assertGreater(key, 0)
        self.assertEqual(len(self.client.get(FOLDER, "SharedDisks", "Allowed")), 3)

    def test_a_path_that_is_lost_is_signalled(self):
        self.watching()
        self.san.path_lost("sda")
        self.becomes(where(ONE), UsablePathCount=3)
        for device in self.model().devices("mpatha"):
            self.san.path_lost(device)
        self.becomes(where(ONE), UsablePathCount=0, Flags=["basic", "multipath", "missing"])

    def test_a_disk_that_comes_into_a_map_stays_the_same(self):
        """As long as it is in none each of its paths is a disk, and none is told apart by its WWID."""
        self.watching()
        self.san.map_removed("mpathb")
        self.hear(
            "the disks of its paths",
            lambda path, kind, member, body: member == "InterfacesAdded" and "sdh" in str(body),
        )
        self.settled()
        disks = self.client.call(FOLDER, LIST, "ListDisks")[0]
        paths = [path for path in disks if self.client.get(path, "SharedDisk", "Wwid") == TWO]
        self.assertEqual(len(paths), 4)
        for path in paths:
            self.assertIn("duplicate-identity", self.client.get(path, "SharedDisk", "Flags"))


class Permitted(DiskTest):
    def test_without_the_permission_nothing_is_done(self):
        stranger = self.new_client(NOBODY)
        for method, (_, arguments) in CALLS.items():
            with self.subTest(method=method):
                self.assert_bus_error(
                    DENIED, lambda: self.disk(method, *arguments, client=stranger)
                )
        self.assertEqual(self.disk("ReservationRead")[3], [])

    def test_polkit_is_asked_for_its_own_action(self):
        polkit = Authority(self.address)
        self.addCleanup(polkit.close)
        stranger = self.new_client(NOBODY)
        for wwid, error in ((ONE, None), (TWO, f"{ERROR}NotAllowed")):
            serial = stranger.send(where(wwid), SHARED, "RawRead", "tu", (0, 512))
            question = polkit.question()
            self.assertEqual(question.action, "org.mpapi.multipath1.disk")
            self.assertEqual(question.details, {"object": where(wwid), "method": "RawRead"})
            polkit.answer(question, authorized=True)
            if error:
                self.assert_bus_error(error, stranger.answer, serial)
            else:
                self.assertEqual(stranger.answer(serial)[0], bytes(512))

    def test_reading_properties_is_for_everybody(self):
        self.assertEqual(self.new_client(NOBODY).get(where(ONE), "SharedDisk", "Wwid"), ONE)

    def test_a_disk_off_the_list_is_refused_to_root(self):
        for method, (_, arguments) in CALLS.items():
            with self.subTest(method=method):
                text = self.refused_with("NotAllowed", method, *arguments, wwid=TWO)
                self.assertIn(TWO, text)

    def test_a_disk_that_the_system_uses_is_refused(self):
        self.san.map_held("mpatha")
        for method, (_, arguments) in CALLS.items():
            with self.subTest(method=method):
                if method in CONTROL:
                    continue
                if method == "Examine":
                    self.assertTrue(self.examined()["InUse"])
                else:
                    self.refused_with("InUse", method, *arguments)
        self.assertEqual(self.values()["UsedBy"], ["the fault map_held"])
        self.san.map_released("mpatha")
        self.disk("RawRead", 0, 512)
        self.assertFalse(self.values()["InUse"])

    def test_an_unknown_disk_is_no_object(self):
        self.assert_bus_error(
            "org.freedesktop.DBus.Error.UnknownObject",
            lambda: self.disk("RawRead", 0, 512, wwid="36001405ffff"),
        )


class NobodyAllowed(DiskTest):
    config = FAST

    def test_no_disk_is_allowed_unless_configured(self):
        for wwid in (ONE, TWO, ALONE):
            self.refused_with("NotAllowed", "RawRead", 0, 512, wwid=wwid)
        self.assertEqual(self.client.get(FOLDER, "SharedDisks", "Allowed"), [])


class Latency(DiskTest):
    """In microseconds, around the command: what it takes a device that takes its time, and no more than the caller
    waited."""

    config = ALLOWED.replace('"300ms"', '"20s"')
    DEVICES = ("sda", "sdb", "sdc", "sdd")

    READ, WRITE = b"\x88", b"\x8a"  # (16)

    def measured(self, caller, method, arguments, pause):
        """What is told, and how long the caller waited, of a command that was held up for so many seconds."""
        for device in self.DEVICES:
            self.san.command_hangs(device, self.WRITE if method == "RawWrite" else self.READ)
        begun = time.monotonic()
        signature, _ = CALLS[method]
        address = DBusAddress(where(ONE), bus_name=NAME, interface=SHARED)
        serial = next(caller.connection.outgoing_serial)
        caller.connection.send(new_method_call(address, method, signature, arguments), serial=serial)
        time.sleep(pause)  # the time to be measured
        for device in self.DEVICES:
            self.san.command_released(device)
        return caller.answer(serial)[-1], time.monotonic() - begun

    def test_it_is_the_time_of_the_command(self):
        caller = self.new_client()
        sector, _ = self.disk("FindScratchSectors")
        for method, arguments in (("RawRead", (sector, 512)), ("RawReadFile", (sector, 512)),
                                  ("RawWrite", (sector, b"x" * 512))):  # fmt: skip
            with self.subTest(method):
                # On a busy machine the command is begun late: then once more, for longer.
                for pause in (0.05, 0.5, 5):
                    told, waited = self.measured(caller, method, arguments, pause)
                    self.assertLessEqual(told, waited * 1e6)
                    if told > pause * 1e6 / 2:
                        break
                else:
                    self.fail(f"{told} µs of a command that was held up for {pause} s")


class RawIo(DiskTest):
    def test_scratch_sectors_are_written_and_read(self):
        first, second = self.disk("FindScratchSectors")
        self.assertEqual((first, second), ((1 << 21) - 2048 - 2, (1 << 21) - 2048 - 1))
        for sector, byte in ((first, b"1"), (second, b"2")):
            self.disk("RawWrite", sector, byte * 512)
            data, _ = self.disk("RawRead", sector, 512)
            self.assertEqual(data, byte * 512)
        self.assertEqual(self.disk("FindScratchSectors"), (first, second))
        self.tells("RawWrite of disk " + ONE)

    def test_what_libblkid_knows_leaves_no_scratch_sectors(self):
        first, _ = self.disk("FindScratchSectors")
        for content in ("nilfs2", "ambivalent"):
            self.san.map_content("mpatha", content)
            self.assertIn(content, self.refused_with("NoScratchSectors", "FindScratchSectors"))
            self.assertIn(content, self.refused_with("NoScratchSectors", "RawWrite", first, b"x" * 512))
        self.assertEqual(self.disk("RawRead", first, 512)[0], bytes(512))
        self.san.map_content("mpatha", "")
        self.assertEqual(self.disk("FindScratchSectors")[0], first)

    def test_other_sectors_are_not_written(self):
        first, second = self.disk("FindScratchSectors")
        for sector in (0, 1, first - 1, second + 1, (1 << 21) - 1):
            self.refused_with("NotScratch", "RawWrite", sector, b"x" * 512)
        data, _ = self.disk("RawRead", first - 1, 2048)
        self.assertEqual(data, bytes(2048))

    def test_a_read_is_of_whole_sectors_on_the_disk(self):
        last = (1 << 21) - 1
        for sector, length in ((0, 0), (0, 511), (0, 513), (0, (1 << 20) + 512), (last, 1024), (last + 1, 512),
                               ((1 << 64) - 1, 512)):  # fmt: skip
            for method in ("RawRead", "RawReadFile"):
                with self.subTest(method=method, sector=sector, length=length):
                    self.refused_with("InvalidParameter", method, sector, length)
        self.assertEqual(self.disk("RawRead", last, 512)[0], bytes(512))
        for data in (b"", b"x" * 511, b"x" * 513, b"x" * 1024):
            self.refused_with("InvalidParameter", "RawWrite", 5, data)
        self.refused_with("InvalidParameter", "RawWrite", last + 1, b"x" * 512)

    def test_a_mebibyte_is_read_at_once(self):
        first, _ = self.disk("FindScratchSectors")
        self.disk("RawWrite", first, b"z" * 512)
        data, _ = self.disk("RawRead", first - 1024, 1 << 20)
        self.assertEqual(len(data), 1 << 20)
        self.assertEqual(data[1024 * 512 : 1025 * 512], b"z" * 512)

    def read_file(self, sector, length):
        fd, _ = self.disk("RawReadFile", sector, length)
        descriptor = fd.to_raw_fd()
        self.addCleanup(os.close, descriptor)
        return descriptor

    def test_a_mebibyte_is_handed_over_as_a_file(self):
        first, _ = self.disk("FindScratchSectors")
        self.disk("RawWrite", first, b"z" * 512)
        fd = self.read_file(first - 1024, 1 << 20)
        data = os.read(fd, (1 << 20) + 1)
        self.assertEqual(data, self.disk("RawRead", first - 1024, 1 << 20)[0])
        self.assertEqual(data[1024 * 512 : 1025 * 512], b"z" * 512)
        self.assertEqual(os.fstat(self.read_file(0, 512)).st_size, 512)

    def test_the_file_of_a_read_is_of_nobody_to_change(self):
        fd = self.read_file(0, 65536)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        self.assertEqual(fcntl.fcntl(fd, fcntl.F_GET_SEALS) & seals, seals)
        for change in (lambda: os.pwrite(fd, b"x", 0), lambda: os.ftruncate(fd, 0)):
            with self.assertRaises(PermissionError):
                change()

    def test_it_goes_on_through_the_paths_that_are_left(self):
        self.assertEqual(self.disk("IsReadable"), (True, ""))
        devices = self.model().devices("mpatha")
        self.san.path_lost(devices[0])
        self.disk("RawRead", 0, 512)
        for device in devices[1:]:
            self.san.path_lost(device)
        readable, reason = self.disk("IsReadable")
        self.assertFalse(readable)
        self.assertNotEqual(reason, "")
        self.refused_with("Failed", "RawRead", 0, 512)
        self.refused_with("Failed", "RawReadFile", 0, 65536)
        end = time.monotonic() + DEADLINE
        while "missing" not in (flags := self.examined()["Flags"]):  # the last path may not be known to be lost yet
            self.assertLess(time.monotonic(), end, flags)
        self.assertIn("unreadable", flags)

    def test_who_reads_properties_does_not_wait_for_a_disk_that_hangs(self):
        for device in self.model().devices("mpatha"):
            self.san.command_hangs(device, b"")
        serial = self.client.send(where(ONE), SHARED, "RawRead", "tu", (0, 512))
        self.assertEqual(self.new_client().get(where(ONE), "SharedDisk", "Size"), 1 << 30)
        self.assert_bus_error(f"{ERROR}TimedOut", self.client.answer_of, serial)
        for device in self.model().devices("mpatha"):
            self.san.command_released(device)

    def test_a_client_has_so_many_calls_and_no_more(self):
        device = self.model().devices("mpatha")[0]
        polkit = Authority(self.address)
        self.addCleanup(polkit.close)
        stranger = self.new_client(NOBODY)
        serials = [stranger.send(where(ONE), SHARED, "IsReadable") for _ in range(20)]
        self.assert_bus_error(f"{ERROR}LimitsExceeded", stranger.answer_of, serials[-1])
        self.assertTrue(device)


class Anywhere(DiskTest):
    config = ALLOWED + 'raw_write = "anywhere"\n'

    def test_a_partition_table_that_is_written_is_told(self):
        self.examined()
        sector = bytearray(512)
        sector[440:444] = struct.pack("<I", 0xCAFE1234)
        sector[446:462] = struct.pack("<BxxxBxxxII", 0, 0x83, 2048, 4096)
        sector[510:] = b"\x55\xaa"
        self.watching()
        self.disk("RawWrite", 0, bytes(sector))
        self.disk("Examine")
        self.becomes(where(ONE), PartitionStyle="mbr", MbrSignature=0xCAFE1234)
        first, _ = self.disk("FindScratchSectors")
        self.assertGreater(first, 2048 + 4096)


    def test_a_member_of_a_volume_group_is_dynamic(self):
        self.assertIn("basic", self.examined()["Flags"])
        label = bytearray(512)
        label[0:8], label[24:32] = b"LABELONE", b"LVM2 001"
        self.disk("RawWrite", 1, bytes(label))
        flags = self.examined()["Flags"]
        self.assertIn("dynamic", flags)
        self.assertNotIn("basic", flags)


class TwoNodes(DiskTest):
    def read(self):
        generation, kind, holder, registrations = self.disk("ReservationRead")
        return kind, holder, [(each[0], each[5]) for each in registrations]

    def key(self):
        return self.client.get(FOLDER, "SharedDisks", "ReservationKey")

    def test_the_story_of_a_reservation(self):
        key = self.key()
        self.assertEqual(self.read(), (0, 0, []))
        nexuses = self.disk("ReservationRegister")[0]
        self.assertEqual([each[3] for each in nexuses], [True] * 4, nexuses)
        self.assertEqual(self.read(), (0, 0, [(key, True)] * 4))
        self.assertEqual(self.other_writes(), 0)
        self.disk("ReservationReserve")
        self.assertEqual(self.read()[:2], (WERO, key))
        self.assertEqual(self.other_writes(), CONFLICT)
        self.assertEqual(self.other(REGISTER_AND_IGNORE, 0, THEIRS, 0), 0)
        self.assertEqual(self.other_writes(), 0)
        self.assertEqual(self.other(RESERVE, THEIRS), CONFLICT)
        self.disk("ReservationRelease")
        self.assertEqual(self.read(), (0, 0, [(key, True)] * 4 + [(THEIRS, False)]))
        nexuses = self.disk("ReservationUnregister")[0]
        self.assertEqual([each[3] for each in nexuses], [True] * 4)
        self.assertEqual(self.read(), (0, 0, [(THEIRS, False)]))

    def test_the_other_node_comes_first(self):
        self.assertEqual(self.other(REGISTER_AND_IGNORE, 0, THEIRS, 0), 0)
        self.assertEqual(self.other(RESERVE, THEIRS), 0)
        self.assertIn("clustered-other", self.examined()["Flags"])
        first, _ = self.disk("FindScratchSectors")
        self.refused_with("ReservationConflict", "RawWrite", first, b"x" * 512)
        for method in ("ReservationReserve", "ReservationPreempt", "ReservationClear", "ReservationRelease"):
            text = self.refused_with("ReservationConflict", method)
            self.assertIn("not registered", text)
        self.assertEqual(self.read(), (WERO, THEIRS, [(THEIRS, False)]))
        self.disk("ReservationRegister")
        self.refused_with("ReservationConflict", "ReservationReserve")
        self.disk("RawWrite", first, b"x" * 512)
        self.disk("ReservationPreempt")
        self.assertEqual(self.read(), (WERO, self.key(), [(self.key(), True)] * 4))
        self.assertEqual(self.other_writes(), CONFLICT)
        self.assertNotIn("clustered-other", self.examined()["Flags"])
        self.disk("ReservationClear")
        self.assertEqual(self.read(), (0, 0, []))
        self.assertEqual(self.other_writes(), 0)

    def test_the_other_node_takes_it_away(self):
        self.disk("ReservationRegister")
        self.disk("ReservationReserve")
        self.assertEqual(self.other(REGISTER_AND_IGNORE, 0, THEIRS, 0), 0)
        self.assertEqual(self.other(PREEMPT, THEIRS, self.key()), 0)
        self.assertEqual(self.read(), (WERO, THEIRS, [(THEIRS, False)]))
        first, _ = self.disk("FindScratchSectors")
        self.refused_with("ReservationConflict", "RawWrite", first, b"x" * 512)
        self.refused_with("ReservationConflict", "ReservationReserve")
        self.assertEqual(self.read(), (WERO, THEIRS, [(THEIRS, False)]))

    def test_a_path_that_is_lost_is_told_apart(self):
        device = self.model().devices("mpatha")[1]
        self.watching()
        self.san.path_lost(device)
        self.becomes(where(ONE), UsablePathCount=3)
        nexuses = self.disk("ReservationRegister")[0]
        self.assertEqual({each[2]: each[3] for each in nexuses}[device], False)
        self.assertEqual(sum(each[3] for each in nexuses), 3)
        for each in nexuses:
            self.assertEqual(each[3], each[4] == "")
        self.tells(f"done, but not through paths that are down: {device} (")

    def test_a_path_in_use_that_does_not_take_the_key_is_a_failure(self):
        device = self.model().devices("mpatha")[1]
        for method in ("ReservationRegister", "ReservationUnregister"):
            self.san.command_hangs(device, b"\x5f")
            text = self.refused_with("TimedOut", method)
            self.assertRegex(text, f"every path: {device} \\(.+ to .+\\): PERSISTENT RESERVE OUT")
            self.tells(text)
            self.san.command_released(device)
        self.assertEqual(sum(each[3] for each in self.disk("ReservationRegister")[0]), 4)

    def test_the_holders_path_may_die(self):
        self.disk("ReservationRegister")
        self.disk("ReservationReserve")
        holder = next(each for each in self.disk("ReservationRead")[3] if each[1])
        self.san.path_lost(self.model().devices("mpatha")[holder[3] - 1])
        self.disk("ReservationRelease")
        self.assertEqual(self.read()[:2], (0, 0))


class Kept(SanTest):
    def test_the_key_outlives_the_daemon(self):
        state = tempfile.mkdtemp(dir=self.scratch.name)
        keys = []
        for _ in range(2):
            self.start(CLUSTER_SAN, ALLOWED, "--state", state)
            keys.append(self.client.get(FOLDER, "SharedDisks", "ReservationKey"))
            self.stop(signal.SIGTERM)
        self.assertEqual(keys[0], keys[1])
        with open(os.path.join(state, "reservation-key"), encoding="ascii") as file:
            self.assertEqual(int(file.read(), 16), keys[0])


if __name__ == "__main__":
    main()
