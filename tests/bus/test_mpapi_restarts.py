# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon or the bus ends, is killed, comes back, or is not there at all: clients say so, recover by
themselves and are told what changed meanwhile."""
import mmap
import os
import struct
import threading

from mpapi import *

LISTS = (
    ("MP_GetMultipathLus", PLUGIN), ("MP_GetInitiatorPortOidList", PLUGIN),
    ("MP_GetDeviceProductOidList", PLUGIN), ("MP_GetProprietaryLoadBalanceOidList", PLUGIN),
    ("MP_GetMultipathLus", PRODUCT), ("MP_GetAssociatedPathOidList", UNIT),
    ("MP_GetAssociatedTPGOidList", UNIT), ("MP_GetMPLuOidListFromTPG", TPG),
    ("MP_GetTargetPortOidList", TPG), ("MP_GetMPLogicalUnitProperties", UNIT),
    ("MP_GetPathLogicalUnitProperties", PATH_LU), ("MP_GetTargetPortGroupProperties", TPG),
    ("MP_GetTargetPortProperties", TARGET), ("MP_GetInitiatorPortProperties", INITIATOR),
    ("MP_GetDeviceProductProperties", PRODUCT),
    ("MP_GetProprietaryLoadBalanceProperties", BALANCE),
)  # fmt: skip


class RestartTest(MpapiTest):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.scratch.name, "state")
        os.mkdir(self.state)

    def serve(self, san=STORY_SAN):
        self.mark = "mark"
        self.start(san, PATIENT, "--state", self.state)
        self.seen = self.model()

    def nothing_but_the_plugin(self, mp, why):
        for name, kind in LISTS:
            self.assertEqual(mp.status("get", name, kind, int(kind != PLUGIN)), FAILED, name)
        self.assertEqual(mp.status("do", "MP_EnablePath", PATH_LU, 1), FAILED)
        self.assertEqual(mp.status("do", "MP_EnableAutoFailback", PLUGIN, 0), FAILED)
        plugin = mp.plugin()
        self.assertEqual(plugin["fileName"], "libmpapi-linux.so")
        self.assertEqual(plugin["proprietary"]["mpapid"], why)

    def everything(self, mp):
        return {
            unit: [
                mp.get("MP_GetMPLogicalUnitProperties", UNIT, unit)["name"],
                mp.list("MP_GetAssociatedPathOidList", UNIT, unit),
                mp.list("MP_GetAssociatedTPGOidList", UNIT, unit),
            ]
            for unit in mp.list("MP_GetMultipathLus", PLUGIN)
        }

    def register(self, mp):
        for kind in ("property", "visibility"):
            self.assertEqual(mp.status("on", kind, 0), SUCCESS)

    def plugin_told(self, mp):
        """Events up to one of the plugin's own properties."""
        return mp.until(lambda event: event.type == PLUGIN)[:-1]


class Restarts(RestartTest):
    def test_without_a_daemon_the_plugin_says_why(self):
        self.nothing_but_the_plugin(self.mpapi(), "mpapid is not running")

    def test_without_a_bus_the_plugin_says_why(self):
        self.address = f"unix:path={self.scratch.name}/none"
        self.nothing_but_the_plugin(self.mpapi(), "there is no system bus")

    def test_a_killed_daemon_is_missed_at_once_and_found_again(self):
        for how in (signal.SIGKILL, signal.SIGTERM):
            self.serve()
            mp = self.mpapi()
            before = self.everything(mp)
            self.stop(how)
            self.nothing_but_the_plugin(mp, "mpapid is not running")
            self.serve()
            self.assertEqual(self.everything(mp), before)
            self.assertEqual(mp.plugin()["proprietary"]["mpapid"], "running")
            self.stop(signal.SIGTERM)

    def test_a_daemon_that_comes_later_is_told(self):
        mp = self.mpapi()
        self.register(mp)
        self.serve()
        appeared = self.plugin_told(mp)
        self.assertEqual({event[:3] for event in appeared}, {("visibility", 1, 0)})
        units = next(event.ids for event in appeared if event.type == UNIT)
        self.assertEqual(units, mp.list("MP_GetMultipathLus", PLUGIN))
        self.assertEqual(len(units), 3)

    def test_a_restart_without_a_change_tells_of_no_object(self):
        self.serve()
        mp = self.mpapi()
        self.register(mp)
        for how in (signal.SIGKILL, signal.SIGTERM) * 2:
            self.stop(how)
            self.assertEqual(self.plugin_told(mp), [])
            self.serve()
            self.assertEqual(self.plugin_told(mp), [])

    def test_a_daemon_that_ends_says_so_before_it_leaves_the_bus(self):
        for _ in range(5):
            self.serve()
            fd = self.client.manager("GetGenerationPage")[0].to_raw_fd()
            page = mmap.mmap(fd, 4096, prot=mmap.PROT_READ)
            instance = lambda: struct.unpack("Q", page[8:16])[0]  # common/flat/generation_page.hpp
            self.assertNotEqual(instance(), 0)
            ended = threading.Thread(target=self.stop, args=(signal.SIGTERM,))
            ended.start()
            while self.client.owned():
                pass
            seen = instance()
            ended.join()
            self.assertEqual(seen, 0)
            page.close()
            os.close(fd)

    def test_what_changed_meanwhile_is_told_by_the_objects_ids(self):
        self.serve()
        mp = self.mpapi()
        self.register(mp)
        gone = self.seen.unit("mpathb")
        renamed = self.id_of(self.seen.unit("mpatha"))
        paths = [self.id_of(self.seen.disk_path(device)) for device in self.seen.devices("mpathb")]
        groups = [self.id_of(self.seen.group("mpathb", number)) for number in (1, 2)]
        self.stop(signal.SIGKILL)
        self.assertEqual(self.plugin_told(mp), [])
        other = STORY_SAN.replace('map = "mpathb"', "mapped = false").replace("mpatha", "data")
        self.serve(other.replace('mapped = false\nhwhandler = "alua"', "mapped = false"))
        told = mp.until(lambda event: event[:2] == ("visibility", 0) and event.type == UNIT)
        self.assertEqual(
            sorted((e.kind, e.becoming, e.type, tuple(e.ids)) for e in told if e.type != PLUGIN),
            sorted(
                [
                    ("property", 0, UNIT, (renamed,)),
                    ("visibility", 0, PATH_LU, tuple(sorted(paths))),
                    ("visibility", 0, TPG, tuple(sorted(groups))),
                    ("visibility", 0, UNIT, (self.id_of(gone),)),
                ]
            ),
        )

    def test_a_stopped_daemon_delays_who_asks_it_and_no_end(self):
        self.serve()
        mp = self.mpapi()
        self.register(mp)
        self.assertEqual(len(mp.list("MP_GetMultipathLus", PLUGIN)), 3)
        self.daemon.send_signal(signal.SIGSTOP)
        try:
            # What is mapped is still what was published last.
            self.assertEqual(len(mp.list("MP_GetMultipathLus", PLUGIN)), 3)
            self.assertEqual(mp.quit(), 0)
        finally:
            self.daemon.send_signal(signal.SIGCONT)


class BusRestarts(RestartTest):
    """On a bus with an address that it has again after a restart."""

    def setUp(self):
        super().setUp()
        self.bus_file = self.file("bus.conf", BUS_CONFIG.replace(
            "unix:tmpdir=/tmp", f"unix:path={self.scratch.name}/bus"))  # fmt: skip
        self.start_bus()

    def start_bus(self):
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.bus_file}", "--nofork", "--nopidfile", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.end, self.bus)
        # Another time it has another GUID; a system's address names none.
        self.address = Lines(self.bus, "dbus-daemon").next().split(",guid=")[0]

    def test_a_bus_that_is_restarted_is_found_again(self):
        self.serve()
        mp = self.mpapi()
        self.register(mp)
        before = self.everything(mp)
        self.bus.kill()
        self.bus.wait()
        self.assertNotEqual(self.daemon.wait(20), 0, "no daemon without a bus")
        self.ended[self.daemon] = self.daemon.returncode
        self.assertEqual(self.plugin_told(mp), [])
        self.nothing_but_the_plugin(mp, "there is no system bus")
        os.unlink(f"{self.scratch.name}/bus")
        self.start_bus()
        self.serve()
        told = self.plugin_told(mp)
        while mp.plugin()["proprietary"]["mpapid"] != "running":
            told += self.plugin_told(mp)
        self.assertEqual(told, [])
        self.assertEqual(self.everything(mp), before)
        path = self.id_of(self.seen.disk_path(self.seen.devices("mpatha")[0]))
        self.san.path_lost(self.seen.devices("mpatha")[0])
        heard = mp.until(lambda event: event.type == PATH_LU)
        self.assertEqual(heard[-1].ids, [path])


if __name__ == "__main__":
    main()
