# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logical units, target port groups and loopback ports of LIO, told as verbs.

A unit is a backstore with its own serial number, from which LIO makes the NAA name.
A loopback *host* (`naa.…`) is one SCSI host here; each of its *ports* is one target on
it, and its *initiator* is the other end of the I_T nexus.

The order matters. When a LUN's link is made, tcm_loop lets the kernel scan it at once,
before the LUN can be put in its group, and tcm_loop's hosts refuse a scan by hand. So
`lio_map` only plans; `plug` holds udev's queue, links each LUN, puts it in its group,
has the kernel read the disk's pages again, and lets udev go: udev and all that listen
to it see every disk as it is to be. (The kernel's log shows the default group first.)
"""

from pathlib import Path

from shell import CommandFailed, read, settle, sh, wait_for, write

CONFIG = Path("/sys/kernel/config/target")

# SPC-4 6.37, the asymmetric access state codes, under the names that the bus uses.
STATES = {"active-optimized": 0, "active-nonoptimized": 1, "standby": 2, "unavailable": 3, "offline": 14,
          "transitioning": 15}
# `explicit` lets an initiator move a group by SET TARGET PORT GROUPS. multipathd and
# scsi_dh_alua do so on their own: take `implicit` where a test must hold a state.
ACCESS = {"none": 0, "implicit": 1, "explicit": 2, "both": 3}

PLANNED = []  # (host, tag, lun, unit, group) that `plug` is to link


def lio_load():
    """Loads what LIO needs, once: each modprobe costs a third of a second under emulation."""
    if Path("/sys/module/tcm_loop").exists() and (CONFIG / "loopback").exists():
        return
    sh("mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config")
    sh("modprobe -a scsi_mod sd_mod sg scsi_dh_alua dm-multipath dm-round-robin dm-service-time dm-queue-length "
       "target_core_mod target_core_file tcm_loop")
    for folder in ("/var/target/alua", "/var/target/pr", CONFIG / "core", CONFIG / "loopback"):
        Path(folder).mkdir(parents=True, exist_ok=True)


def unit_folder(name):
    """A unit's folder in configfs."""
    for folder in CONFIG.glob(f"core/*/{name}"):
        return folder
    raise CommandFailed(f"there is no LIO unit '{name}'")


def lio_unit(name, serial, megabytes=16, vendor=None, product=None, backstore="ramdisk"):
    """Makes a logical unit. `backstore` is ramdisk, file (persistent reservations survive), or null (no memory)."""
    lio_load()
    plugin = "fileio" if backstore == "file" else "rd_mcp"
    number = len(list(CONFIG.glob(f"core/{plugin}_*")))
    folder = CONFIG / "core" / f"{plugin}_{number}" / name
    folder.mkdir(parents=True)
    if backstore == "file":
        path = Path(f"/var/target/{name}.img")
        with open(path, "wb") as file:
            file.truncate(megabytes << 20)
        write(folder / "control", f"fd_dev_name={path},fd_dev_size={megabytes << 20}")
    else:
        pages = f"rd_pages={(megabytes << 20) // 4096}"
        write(folder / "control", pages + (",rd_nullio=1" if backstore == "null" else ""))
    # The names can be set only while nothing exports the unit, and the vendor only before it is enabled.
    if vendor:
        write(folder / "wwn/vendor_id", vendor)
    if product:
        write(folder / "wwn/product_id", product)
    write(folder / "enable", 1)
    write(folder / "wwn/vpd_unit_serial", serial)


def lio_group(unit, group, number, state="active-optimized", access="implicit", preferred=False):
    """Gives a unit a target port group; `number` is the group's id in RTPG."""
    folder = unit_folder(unit) / "alua" / group
    folder.mkdir()
    write(folder / "tg_pt_gp_id", number)
    write(folder / "alua_access_type", ACCESS[access])
    write(folder / "alua_access_state", STATES[state])
    write(folder / "preferred", int(preferred))
    # A non-optimized group delays each command by 100 ms otherwise.
    write(folder / "nonop_delay_msecs", 0)


def group_state(unit, group, state):
    """The array moves a group: what a controller failover looks like from here.

    Each I_T nexus of the group gets the unit attention ASYMMETRIC ACCESS STATE CHANGED
    (SPC-4 5.15.2.4) with its next command.
    """
    write(unit_folder(unit) / "alua" / group / "alua_access_state", STATES[state])


def group_of(unit, group):
    """What LIO holds a group to be: {state, preferred, number}."""
    folder = unit_folder(unit) / "alua" / group
    code = int(read(folder / "alua_access_state"))
    return {"state": next(name for name, value in STATES.items() if value == code),
            "preferred": read(folder / "preferred") == "1", "number": int(read(folder / "tg_pt_gp_id"))}


def group_preferred(unit, group, preferred):
    write(unit_folder(unit) / "alua" / group / "preferred", int(preferred))


def lio_port(host, tag, initiator):
    """Gives a loopback host (naa.…) a target port, and the initiator at the other end of its nexus."""
    lio_load()
    port = CONFIG / "loopback" / host / f"tpgt_{tag}"
    port.mkdir(parents=True)
    # tcm_loop gives every port the relative target port identifier 0 otherwise.
    write(port / "rtpi", relative_port(host, tag))
    write(port / "nexus", initiator)


def relative_port(host, tag):
    """The relative target port identifier of a loopback port: its host's last digits, then its tag."""
    return (int(host[-2:], 16) << 8) + tag


def lio_map(host, tag, lun, unit, group=None):
    """Plans a unit on a port as LUN `lun`, in one of the unit's groups; `plug` makes it so."""
    PLANNED.append((host, tag, lun, unit, group))


def lio_unmap(host, tag, lun):
    """Takes a LUN off a port. tcm_loop removes the disk with it, without a word to udev before."""
    folder = CONFIG / "loopback" / host / f"tpgt_{tag}" / "lun" / f"lun_{lun}"
    for link in folder.iterdir():
        if link.is_symlink():
            link.unlink()
    folder.rmdir()


def scsi_host(host):
    """The number of the SCSI host behind a loopback WWN."""
    port = next((CONFIG / "loopback" / host).glob("tpgt_*"))
    return int(read(port / "address").split(":")[0])


def scsi_device(host, tag, lun):
    return Path(f"/sys/class/scsi_device/{scsi_host(host)}:0:{tag}:{lun}/device")


def disk_of(host, tag, lun):
    """The disk's kernel name, or None while there is none."""
    found = list(scsi_device(host, tag, lun).glob("block/*"))
    return found[0].name if found else None


def plug():
    """Links all planned LUNs, waits for their disks and for udev. Gives the disks' names."""
    places = []
    sh("udevadm control --stop-exec-queue")
    try:
        while PLANNED:
            host, tag, lun, unit, group = PLANNED.pop(0)
            folder = CONFIG / "loopback" / host / f"tpgt_{tag}" / "lun" / f"lun_{lun}"
            folder.mkdir()
            (folder / "unit").symlink_to(unit_folder(unit))
            if group:
                write(folder / "alua_tg_pt_gp", group)
            write(scsi_device(host, tag, lun) / "rescan", 1)
            places.append((host, tag, lun))
        names = [wait_for(f"a disk at {place}", lambda at=place: disk_of(*at), 60) for place in places]
    finally:
        sh("udevadm control --start-exec-queue")
    settle()
    return names


def transport(host, tag, state):
    """Cuts (`offline`) or restores (`online`) the transport of a port: its commands are not delivered."""
    write(CONFIG / "loopback" / host / f"tpgt_{tag}" / "transport_status", state)


def lio_down():
    """Takes down every loopback port, iSCSI target and unit of LIO, in the order that configfs demands."""
    for fabric in ("iscsi", "loopback"):
        for portal_group in CONFIG.glob(f"{fabric}/*/tpgt_*"):
            if (portal_group / "enable").exists() and fabric == "iscsi":
                write(portal_group / "enable", 0)
            for link in portal_group.glob("acls/*/lun_*/*"):
                if link.is_symlink():
                    link.unlink()
            for folder in [*portal_group.glob("acls/*/lun_*"), *portal_group.glob("acls/*"),
                           *portal_group.glob("np/*")]:
                folder.rmdir()
            for lun in portal_group.glob("lun/lun_*"):
                for link in lun.iterdir():
                    if link.is_symlink():
                        link.unlink()
                lun.rmdir()
            portal_group.rmdir()
        for target in CONFIG.glob(f"{fabric}/*"):
            if target.is_dir() and target.name != "discovery_auth":
                target.rmdir()
    for unit in CONFIG.glob("core/*/*"):
        if not (unit / "alua").is_dir():
            continue
        for group in (unit / "alua").iterdir():
            if group.is_dir() and group.name != "default_tg_pt_gp":
                group.rmdir()
        unit.rmdir()
    for plugin in CONFIG.glob("core/*"):
        if plugin.is_dir() and plugin.name != "alua":
            plugin.rmdir()
    PLANNED.clear()
