#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600 install=no
"""The lab proves itself: the SAN is what its verbs say, by the word of the kernel's own tools.

No program of this project takes part. If this fails, no other script means anything.
"""

import os
import subprocess
import time

import dm
import sgtools
import sysfs
from bus import Bus, Signals
from events import DmEvents, Uevents
from iscsi import iscsi_login, iscsi_replace, iscsi_target, sessions
from lio import STATES, group_of, group_state, lio_group, lio_map, lio_unit, lio_unmap, plug, relative_port, transport
from multipathd import map_names, multipathd_paths, multipathd_start, multipathd_stop
from paths import device_number, disks, path_add, path_delete, path_offline, path_online
from san import GROUPS, HOSTS, SERIALS, leftovers, map_by_hand, maps_down, naa_of, san_down, two_alua_units
from scsi_debug import hang, heal, recovering, scsi_debug_disks, scsi_debug_up
from shell import read, sh, status, wait_for
from tap import check, check_fields, check_that, main, note, require, require_that, test

IQN = "iqn.2026-01.org.mpapi:lab"
NODES = {"nodea": "iqn.2026-01.org.mpapi:node-a", "nodeb": "iqn.2026-01.org.mpapi:node-b"}
READ = "timeout 50 dd if=/dev/{} of=/dev/null bs=4k count=1 iflag=direct status=none"
units = {}


@test
def a_script_starts_on_a_clean_san():
    require(leftovers(), [], "what is there before anything was made")


@test
def two_units_of_four_paths_appear():
    units.update(two_alua_units())
    require(sorted(disk for paths in units.values() for disk in paths), disks(), "disks")
    require([len(paths) for paths in units.values()], [4, 4], "paths of each unit")


@test
def every_path_names_its_unit_and_its_port():
    for unit, paths in units.items():
        for disk, group in paths.items():
            check(sgtools.serial(disk), SERIALS[unit], f"{disk}: VPD 80h")
            check(sgtools.naa(disk), naa_of(SERIALS[unit]), f"{disk}: VPD 83h NAA")
            check(sgtools.target_port_group(disk), GROUPS[group], f"{disk}: VPD 83h target port group")
            check_fields(sgtools.inquiry(disk), {"vendor": "LIO-ORG", "product": "RAMDISK-MCP", "tpgs": 1}, disk)
            check_fields(sysfs.device(disk), {"vendor": "LIO-ORG", "state": "running", "handler": "alua",
                                              "wwid": "naa." + naa_of(SERIALS[unit])}, f"sysfs of {disk}")
    hosts = {disk: sysfs.device(disk)["hctl"].split(":") for disk in units["lu0"]}
    known = dict(zip(sorted({host for host, *_ in hosts.values()}), HOSTS))
    for disk, (host, _, target, _) in hosts.items():
        check(sgtools.relative_target_port(disk), relative_port(known[host], int(target)), f"{disk}: relative port")
        check(sgtools.designator(disk, "target-port", "SCSI name string"), f"{known[host]},t,0x{int(target):04x}",
              f"{disk}: target port name")


@test
def the_groups_are_as_built():
    wanted = {10: {"state": "active-optimized", "preferred": True, "ports": [0x101, 0x201]},
              20: {"state": "active-nonoptimized", "preferred": False, "ports": [0x102, 0x202]}}
    for paths in units.values():
        for disk in paths:
            groups = sgtools.rtpg(disk)
            check(sorted(groups), sorted(wanted), f"{disk}: group ids")
            for number, fields in wanted.items():
                check_fields(groups.get(number, {}), fields, f"{disk}: group {number}")


@test
def a_group_goes_through_every_state_and_back():
    path = next(disk for disk, group in units["lu0"].items() if group == "gB")
    for state in [*STATES, "active-optimized"]:
        group_state("lu0", "gA", state)
        check(group_of("lu0", "gA")["state"], state, "state in configfs")
        check(sgtools.rtpg(path)[10]["state"], state, "state in RTPG")
    check(sgtools.rtpg(next(iter(units["lu1"])))[10]["state"], "active-optimized", "the other unit's group")


@test
def a_moved_group_is_told_by_a_unit_attention_and_a_uevent():
    path = next(disk for disk, group in units["lu0"].items() if group == "gA")
    with Uevents() as uevents:
        group_state("lu0", "gA", "standby")
        moved = time.monotonic()
        sh(f"sg_turs /dev/{path}", check=False)  # the next command on the nexus carries it
        _, event = uevents.expect("uevent of the unit attention", lambda e: "SDEV_UA" in e, since=moved)
    check(event.get("SDEV_UA"), "ASYMMETRIC_ACCESS_STATE_CHANGED", "SDEV_UA")
    group_state("lu0", "gA", "active-optimized")
    for disk in units["lu0"]:
        sh(f"sg_turs -n 3 /dev/{disk}", check=False)


@test
def multipathd_makes_two_maps_of_two_groups():
    multipathd_start(maps=2)
    require(sorted(map_names()), sorted("3" + naa_of(serial) for serial in SERIALS.values()), "maps")
    for unit, paths in units.items():
        name = "3" + naa_of(SERIALS[unit])
        table = dm.table(name)
        check_fields(table, {"sectors": 32768, "handler": ["alua"]}, f"table of {unit}")
        members = [sorted(path["device"] for path in group["paths"]) for group in table["groups"]]
        wanted = [sorted(device_number(disk) for disk in paths if paths[disk] == group) for group in ("gA", "gB")]
        check(members, wanted, f"priority groups of {unit}, the optimized one first")
        check(set(dm.path_states(name).values()), {"A"}, f"path states of {unit}")
        check(dm.info(name)["uuid"], "mpath-" + name, "dm UUID")


@test
def a_lost_path_fails_in_the_map_and_comes_back():
    path, name = next(iter(units["lu0"])), "3" + naa_of(SERIALS["lu0"])
    with DmEvents() as events:
        began = time.monotonic()
        path_offline(path)
        at, _ = events.expect("dm event", since=began, deadline=60)
        note(f"dm event {at - began:.3f} s after the path went offline")
        wait_for("the path is failed", lambda: dm.path_states(name)[device_number(path)] == "F", 60)
        # The kernel may have failed it before multipathd's checker came to it.
        wait_for("multipathd says so", lambda: multipathd_paths()[path][0] == "failed", 60)
        path_online(path)
        wait_for("the path is active", lambda: dm.path_states(name)[device_number(path)] == "A", 60)


@test
def a_deleted_path_leaves_the_map_and_returns():
    path, name, host = next(iter(units["lu1"])), "3" + naa_of(SERIALS["lu1"]), next(iter(HOSTS))
    path_delete(path)
    wait_for("the map has a path less", lambda: len(dm.path_states(name)) == 3, 60)
    check_that(path not in disks(), f"{path} is gone", disks())
    # tcm_loop's hosts refuse a scan, so the LUN is taken off its port and put on again.
    lio_unmap(host, 1, 1)
    lio_map(host, 1, 1, "lu1", "gA")
    again, = plug()
    wait_for("the map has four paths", lambda: len(dm.path_states(name)) == 4, 60)
    check_that(device_number(again) in dm.path_states(name), f"{again} is in the map", dm.path_states(name))


@test
def maps_by_hand_work_without_multipathd():
    multipathd_stop()
    maps_down()
    require(map_names(), [], "maps after multipathd was stopped and its maps removed")
    paths = units["lu0"]
    written = map_by_hand("byhand", paths, uuid="lab-1")
    require_that(written, "a table was made")
    check_fields(dm.info("byhand"), {"uuid": "lab-1", "suspended": False, "open": 0}, "dmsetup info")
    check([group["state"] for group in dm.map_status("byhand")["groups"]], ["A", "E"], "group states")
    check_that(read("/sys/block/dm-%d/size" % dm.info("byhand")["minor"]) == "32768", "size of the map")
    victim = device_number(next(iter(paths)))
    with DmEvents() as events:
        began = time.monotonic()
        dm.message("byhand", f"fail_path {victim}")
        at, _ = events.expect("dm event of fail_path", since=began, deadline=20)
        note(f"dm event {at - began:.3f} s after the message was sent")
    check(dm.path_states("byhand")[victim], "F", "path state")
    check(dm.map_status("byhand")["groups"][0]["paths"][0]["fail_count"], 1, "fail count")
    dm.message("byhand", f"reinstate_path {victim}")
    check(dm.path_states("byhand")[victim], "A", "path state")
    check(status("dd if=/dev/mapper/byhand of=/dev/null bs=64k count=4 iflag=direct")[0], 0, "reading through the map")


@test
def a_cut_transport_fails_io_on_that_port_alone():
    cut, kept = [disk for disk, group in units["lu0"].items() if group == "gA"]
    transport(next(iter(HOSTS)), 1, "offline")
    code, told = status(READ.format(cut))
    check_that(code != 0, f"{cut} cannot be read", told)
    check(status(READ.format(kept)), (0, ""), f"reading {kept}")
    transport(next(iter(HOSTS)), 1, "online")
    wait_for(f"{cut} can be read again", lambda: status(READ.format(cut))[0] == 0, 60)
    san_down()


@test
def iscsi_paths_carry_the_names_of_both_ends():
    for unit, serial in {**SERIALS, "lu9": "9999999999999999abcd"}.items():
        lio_unit(unit, serial)
        lio_group(unit, "gA", 10)
        lio_group(unit, "gB", 20, "standby")
    luns = {"gA": {0: ("lu0", "gA"), 1: ("lu1", "gA")}, "gB": {0: ("lu0", "gB"), 1: ("lu1", "gB")}}
    iscsi_target(IQN, {1: ("127.0.1.11", luns["gA"]), 2: ("127.0.1.12", luns["gB"])})
    found = iscsi_login("127.0.1.11", NODES, count=4, each=2)
    check(sorted((s["initiator"], s["tag"], s["address"]) for s in found),
          sorted((iqn, tag, f"127.0.1.1{tag}") for iqn in NODES.values() for tag in (1, 2)), "sessions")
    for session in found:
        check(session["target"], IQN, "target name in sysfs")
        for disk in session["disks"]:
            check(sgtools.designator(disk, "target-port", "SCSI name string"), f"{IQN},t,0x{session['tag']:04x}",
                  f"{disk}: target port name in VPD 83h")
            check(sgtools.target_port_group(disk), 10 * session["tag"], f"{disk}: group in VPD 83h")


@test
def a_reused_lun_keeps_its_disk_and_changes_its_name():
    disk = sessions()[0]["disks"][0]
    for tag in (1, 2):
        iscsi_replace(IQN, tag, 0, "lu9", "gA" if tag == 1 else "gB")
    sh(f"sg_turs -n 2 /dev/{disk}", check=False)
    check(sgtools.serial(disk), "9999999999999999abcd", "serial that the device says")
    # The unit attention makes a uevent, and Debian's udev rules have the kernel read the pages again.
    wait_for("sysfs shows the new name too", lambda: sysfs.device(disk)["wwid"] == "naa." + naa_of(
        "9999999999999999abcd"), 60)
    san_down()


@test
def a_deleted_disk_returns_at_its_address():
    first, *_ = scsi_debug_up(units=2, paths=2)
    name = sgtools.naa(first)
    address = path_delete(first)
    again = path_add(address)
    check(sysfs.device(again)["hctl"], address, "address")
    check(sgtools.naa(again), name, "NAA")


@test
def a_command_never_returns_and_the_other_path_answers():
    stuck, _, other, _ = scsi_debug_disks()
    require(sgtools.naa(stuck), sgtools.naa(other), "two paths of one unit")
    hang(stuck, stuck_seconds=6)
    began = time.monotonic()
    # A time-out of 1 s, as a careful program would give; the kernel cannot end it even so.
    command = subprocess.Popen(["sg_raw", "-t", "1", "-r", "96", f"/dev/{stuck}", "12", "00", "00", "00", "60", "00"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("the kernel tries to recover the host", recovering, 60)
    check(command.poll(), None, "exit status of the stuck command")
    check_that("blk_execute_rq" in read(f"/proc/{command.pid}/stack", "gone"), "the command waits in the kernel",
               read(f"/proc/{command.pid}/stack", "gone"))
    os.kill(command.pid, 9)
    check(command.poll(), None, "not even SIGKILL ends it")
    check(status(f"sg_turs /dev/{other}")[0], 0, "the other path's TEST UNIT READY")
    check(command.poll(), None, "the command is stuck while the other path has answered")
    heal(stuck)
    command.wait(timeout=120)
    note(f"stuck for {time.monotonic() - began:.1f} s with a time-out of 1 s")
    check_that(time.monotonic() - began > 4, "stuck for longer than its own time-out", time.monotonic() - began)
    wait_for("the recovery ends", lambda: not recovering(), 120)
    heal(stuck)
    wait_for(f"{stuck} answers again", lambda: status(f"sg_turs /dev/{stuck}")[0] == 0, 60)


@test
def the_bus_answers_and_signals_are_seen():
    service, path, manager = "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
    with Bus() as bus, Signals(service) as signals:
        check_that(bus.get(service, path, manager, "Version").startswith("25"), "systemd's version")
        bus.call(service, path, manager, "Subscribe")
        began = time.monotonic()
        bus.call(service, path, manager, "StartUnit", "ss", "systemd-tmpfiles-clean.service", "replace")
        signal = signals.expect("JobRemoved", lambda s: s["member"] == "JobRemoved", began, 30)
        check(signal["body"][2:], ("systemd-tmpfiles-clean.service", "done"), "unit and result")


main(after=san_down)
