# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ownership, offline and files of org.mpapi.Multipath1.SharedDisk, on mpapid-san: what a cluster node does with a
disk, and what another node does to it meanwhile."""
import test_san_disks as disks
from embedded_san import *
from test_san_disks import ALONE, CONFLICT, ONE, PREEMPT, REGISTER_AND_IGNORE, RESERVE, SHARED, THEIRS, WERO, where

FILE = ["test.txt"]
DATA = b"written by a cluster node\r\n"
SIGNATURES = {"WriteFile": "uasay", "VerifyFile": "uasay", "DeleteFile": "uas"}


class ControlTest(disks.DiskTest):
    def do(self, method, *arguments, wwid=ONE, deadline=30):
        return self.client.call(where(wwid), SHARED, method, SIGNATURES.get(method), arguments, deadline)

    def no(self, error, method, *arguments, wwid=ONE):
        """The text of the error."""
        return self.assert_bus_error(
            f"{NAME}.Error.{error}", lambda: self.do(method, *arguments, wwid=wwid)
        )

    def key(self):
        return self.client.get(disks.FOLDER, "SharedDisks", "ReservationKey")

    def read(self):
        """Reservation type, holder's key, and (key, ours) of each nexus."""
        _, kind, holder, registered = self.client.call(where(ONE), SHARED, "ReservationRead")
        return kind, holder, [(each[0], each[5]) for each in registered]

    def theirs(self):
        """The other node registers."""
        self.assertEqual(self.other(REGISTER_AND_IGNORE, 0, THEIRS, 0), 0)

    def shown(self, **wanted):
        values = self.values()
        self.assertEqual({name: values[name] for name in wanted}, wanted)

    def gone(self, what, condition, deadline):
        """Waits for what no signal tells: what the other node finds at the device."""
        end = time.monotonic() + deadline
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            self.settled()


class Ownership(ControlTest):
    def test_a_free_disk_is_owned_at_once_on_every_path(self):
        self.shown(Ownership="none", Online=True)
        self.watching()
        self.do("Arbitrate", deadline=3)
        self.becomes(where(ONE), Ownership="this-node")
        self.assertEqual(self.read(), (WERO, self.key(), [(self.key(), True)] * 4))
        self.assertEqual(self.other_writes(), CONFLICT)
        self.do("Arbitrate", deadline=3)

    def test_a_challenger_is_scrubbed_and_loses(self):
        self.do("Arbitrate")
        self.theirs()
        self.gone("the other's key", lambda: len(self.read()[2]) == 4, 8)
        self.assertEqual(self.other(PREEMPT, THEIRS, self.key()), CONFLICT)
        self.shown(Ownership="this-node")

    def test_a_disk_that_is_lost_is_told_once_and_left_alone(self):
        self.do("Arbitrate")
        self.watching()
        self.theirs()
        self.assertEqual(self.other(PREEMPT, THEIRS, self.key()), 0)
        _, _, _, (why,) = self.hear("the loss", lambda path, _, member, __: member == "OwnershipLost")
        self.assertIn("our key was removed", why)
        self.becomes(where(ONE), Ownership="another-node")
        self.assertEqual(self.read(), (WERO, THEIRS, [(THEIRS, False)]))
        self.no("NotOwned", "StopDefense")

    def test_a_dead_owner_loses_to_a_challenge_of_seven_seconds(self):
        self.theirs()
        self.assertEqual(self.other(RESERVE, THEIRS), 0)
        begun = time.monotonic()
        self.do("Arbitrate")
        self.assertGreaterEqual(time.monotonic() - begun, 7)
        self.shown(Ownership="this-node")
        self.assertEqual(self.read(), (WERO, self.key(), [(self.key(), True)] * 4))
        self.assertEqual(self.other_writes(), CONFLICT)

    def test_a_lost_path_is_registered_when_it_returns(self):
        device = self.model().devices("mpatha")[1]
        self.san.path_lost(device)
        self.settled()
        self.do("Arbitrate")
        self.assertEqual(len(self.read()[2]), 3)
        self.san.path_restored(device)
        self.gone("the path without a key", lambda: len(self.read()[2]) == 4, 20)
        self.shown(Ownership="this-node")

    def test_the_defence_of_a_disk_in_use_does_not_just_stop(self):
        self.no("NotOwned", "StopDefense")
        self.do("Arbitrate")
        self.no("NotOffline", "StopDefense")
        self.shown(Ownership="this-node")
        self.do("TakeOffline")
        self.do("StopDefense")
        self.shown(Ownership="none", Online=False)
        self.assertEqual(self.read(), (0, 0, []))
        self.assertEqual(self.other_writes(), 0)

    def test_another_reservation_is_left_alone(self):
        self.theirs()
        self.assertEqual(self.other(RESERVE, THEIRS, kind=3), 0)
        self.assertIn("reserved in another way", self.no("OwnedByAnother", "Arbitrate"))
        # "another-node" once an Examine has seen the keys.
        self.assertIn(self.values()["Ownership"], ("none", "another-node"))


class WithoutMultipathd(ControlTest):
    """Where mpapid brings paths back itself it has registered them before."""

    def setUp(self):
        disks.SanTest.setUp(self)
        self.start(disks.CLUSTER_SAN.replace("multipathd = true", "multipathd = false"), self.config)
        self.device = self.model().devices("mpatha")[1]
        self.path = self.model().disk_path(self.device)[0]
        self.client.call(self.model().unit("mpatha")[0], disks.LU, "SetProbingPollingRate", "ua{sv}", (1, {}))

    def carries_io(self):
        return self.client.get(self.path, "Path", "State") == "okay"

    def test_a_path_that_cannot_be_registered_stays_out_of_use(self):
        self.san.path_lost(self.device)
        self.gone("the path", lambda: not self.carries_io(), 20)
        self.do("Arbitrate")
        self.assertEqual(len(self.read()[2]), 3)
        self.watching()
        self.san.command_hangs(self.device, b"\x5f")
        self.san.path_restored(self.device)
        _, _, _, body = self.hear(
            "what is left out",
            lambda path, _, member, body: path == where(ONE)
            and member == "PropertiesChanged"
            and body[1].get("PathsLeftOut", ("", []))[1],
            20,
        )
        ((device, why),) = body[1]["PathsLeftOut"][1]
        self.assertEqual(device, self.device)
        self.assertIn("RESERVE OUT", why)
        self.assertFalse(self.carries_io())
        self.shown(Ownership="this-node", UsablePathCount=3)
        self.assertEqual(len(self.read()[2]), 3)
        self.tells(f"{self.device} is kept out of use")
        self.san.command_released(self.device)
        self.becomes(where(ONE), 30, UsablePathCount=4, PathsLeftOut=[])
        self.assertTrue(self.carries_io())
        self.assertEqual(self.read(), (WERO, self.key(), [(self.key(), True)] * 4))


class Offline(ControlTest):
    def test_there_and_back(self):
        self.watching()
        self.do("TakeOffline")
        self.becomes(where(ONE), Online=False)
        self.do("TakeOffline")
        self.do("BringOnline")
        self.becomes(where(ONE), Online=True)
        self.do("BringOnline")

    def test_scratch_sectors_are_written_meanwhile(self):
        first, second = self.do("FindScratchSectors")
        self.do("TakeOffline")
        self.disk("RawWrite", second, b"w" * 512)
        self.assertEqual(self.disk("RawRead", second, 512)[0], b"w" * 512)
        self.refused_with("NotScratch", "RawWrite", first - 2, b"w" * 512)
        self.shown(Online=False)
        # Who wrote is found again by whoever looks, and the other node keeps us out when it may.
        self.assertEqual(self.do("FindScratchSectors"), (first, second))
        self.theirs()
        self.assertEqual(self.other(RESERVE, THEIRS), 0)
        self.refused_with("ReservationConflict", "RawWrite", second, b"v" * 512)
        self.assertEqual(self.disk("RawRead", second, 512)[0], b"w" * 512)

    def test_who_holds_it_is_named(self):
        self.san.map_held("mpatha")
        self.assertIn("map_held", self.no("InUse", "TakeOffline"))
        self.shown(Online=True)

    def test_a_disk_that_the_system_runs_from_is_left_alone(self):
        self.san.map_is_system("mpatha")
        self.disk("Examine")
        self.assertIn("system", self.values()["Flags"])
        file = (0, FILE)
        for method, arguments in (("Arbitrate", ()), ("TakeOffline", ()), ("BringOnline", ()), ("ListPartitions", ()),
                                  ("WriteFile", (*file, DATA)), ("VerifyFile", (*file, DATA)),
                                  ("DeleteFile", file)):  # fmt: skip
            with self.subTest(method):
                self.assertIn("the system runs from it", self.no("NeededBySystem", method, *arguments))
        self.no("NotOwned", "StopDefense")
        self.shown(Online=True, Ownership="none")
        self.assertEqual(self.other_writes(), 0)
        for method in ("ReservationRegister", "ReservationRead", "RawRead"):
            with self.subTest(method):
                self.assertIn("mounted on /", self.refused_with("InUse", method, *disks.CALLS[method][1]))
        self.san.map_released("mpatha")
        self.do("TakeOffline")

    def test_what_is_offline_comes_back_whatever_holds_its_map(self):
        """The claim is ours: the system cannot run from it."""
        self.do("TakeOffline")
        self.san.map_is_system("mpatha")
        self.do("BringOnline")
        self.shown(Online=True)

    def test_disks_in_no_map_go_offline_too(self):
        self.do("TakeOffline", wwid=ALONE)
        self.assertFalse(self.values(ALONE)["Online"])
        self.shown(Online=True)

    def test_other_disks_are_not_allowed(self):
        for method in ("Arbitrate", "StopDefense", "TakeOffline", "BringOnline", "ListPartitions"):
            with self.subTest(method):
                self.no("NotAllowed", method, wwid=disks.TWO)


class Files(ControlTest):
    def test_partitions(self):
        (partitions,) = self.do("ListPartitions")
        self.assertEqual(partitions, [(0, self.values()["Size"], "NTFS")])

    def test_written_compared_deleted(self):
        self.do("Arbitrate")
        self.no("FileNotFound", "VerifyFile", 0, FILE, DATA)
        self.do("WriteFile", 0, FILE, DATA)
        self.do("VerifyFile", 0, FILE, DATA)
        self.no("FileDiffers", "VerifyFile", 0, FILE, DATA + b" ")
        self.do("WriteFile", 0, FILE, b"")
        self.do("VerifyFile", 0, FILE, b"")
        self.do("DeleteFile", 0, FILE)
        self.no("FileNotFound", "DeleteFile", 0, FILE)

    def test_only_while_owned_and_online(self):
        self.no("NotOwned", "WriteFile", 0, FILE, DATA)
        self.no("NotOwned", "DeleteFile", 0, FILE)
        self.do("Arbitrate")
        self.do("TakeOffline")
        for method, arguments in (("WriteFile", (DATA,)), ("VerifyFile", (DATA,)), ("DeleteFile", ())):
            with self.subTest(method):
                self.no("NotOnline", method, 0, FILE, *arguments)

    def test_what_cannot_be(self):
        self.do("Arbitrate")
        for path in ([], [""], [".."], ["a", "..", "b"], ["a/b"], ["a\\b"], ["NUL"], ["x:y"], ["d"] * 33):
            with self.subTest(path):
                self.no("InvalidParameter", "WriteFile", 0, path, DATA)
        self.no("InvalidParameter", "WriteFile", 1, FILE, DATA)
        self.no("InvalidParameter", "WriteFile", 0, FILE, bytes((1 << 20) + 1))
        self.do("WriteFile", 0, FILE, bytes(1 << 20))


class Kept(SanTest):
    def test_what_was_so_before_the_daemon_was_killed(self):
        state = tempfile.mkdtemp(dir=self.scratch.name)
        self.start(disks.CLUSTER_SAN, disks.ALLOWED, "--state", state)
        self.client.call(where(ONE), SHARED, "Arbitrate")
        self.client.call(where(ONE), SHARED, "TakeOffline")
        self.stop(signal.SIGKILL)
        self.start(disks.CLUSTER_SAN, disks.ALLOWED, "--state", state)
        end = time.monotonic() + 20
        while (values := self.client.get_all(where(ONE), "SharedDisk"))["Online"] or values["Ownership"] != "none":
            self.assertLess(time.monotonic(), end, values)
            self.settled()
        # The SAN is a new one: nobody has reserved anything there.
        self.assertEqual(os.listdir(os.path.join(state, "owned")), [])
        self.assertNotEqual(os.listdir(os.path.join(state, "offline")), [])
        self.client.call(where(ONE), SHARED, "BringOnline")
        self.assertEqual(os.listdir(os.path.join(state, "offline")), [])


if __name__ == "__main__":
    main()
