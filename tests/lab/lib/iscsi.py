# SPDX-License-Identifier: LGPL-2.1-or-later
"""iSCSI over loopback addresses: a LIO target with several portals, and initiators with names of their own.

A target portal group has one portal (an address in 127.0.1.0/24) and is one target
port; an initiator is an iface record of open-iscsi with an InitiatorName of its own.
"""

from pathlib import Path

from lio import CONFIG, lio_load, unit_folder
from shell import CommandFailed, read, settle, sh, status, wait_for, write

PORT = 3260


def iscsi_target(name, portal_groups):
    """Makes a target. `portal_groups` is {portal group tag: (address, {lun: (unit, group)})}."""
    lio_load()
    sh("modprobe -a iscsi_target_mod iscsi_tcp; ip link set lo up")
    (CONFIG / "iscsi").mkdir(exist_ok=True)
    for tag, (address, luns) in portal_groups.items():
        folder = CONFIG / "iscsi" / name / f"tpgt_{tag}"
        folder.mkdir(parents=True)
        (folder / "np" / f"{address}:{PORT}").mkdir()
        for key, value in {"authentication": 0, "generate_node_acls": 1, "demo_mode_write_protect": 0,
                           "cache_dynamic_acls": 1}.items():
            write(folder / "attrib" / key, value)
        for lun, (unit, group) in luns.items():
            iscsi_map(name, tag, lun, unit, group)
        write(folder / "enable", 1)


def iscsi_map(target, tag, lun, unit, group=None):
    folder = CONFIG / "iscsi" / target / f"tpgt_{tag}" / "lun" / f"lun_{lun}"
    folder.mkdir(exist_ok=True)
    (folder / "unit").symlink_to(unit_folder(unit))
    if group:
        write(folder / "alua_tg_pt_gp", group)


def iscsi_replace(target, tag, lun, unit, group=None):
    """Another unit takes over a LUN, under initiators that keep their disk: a reused LUN.

    LIO answers with REPORTED LUNS DATA HAS CHANGED; the disk's kernel name stays.
    """
    folder = CONFIG / "iscsi" / target / f"tpgt_{tag}" / "lun" / f"lun_{lun}"
    for link in folder.iterdir():
        if link.is_symlink():
            link.unlink()
    iscsi_map(target, tag, lun, unit, group)


def iscsi_login(address, initiators, count, each):
    """Logs in from each initiator ({iface: iqn}) to every portal of the target at `address`.

    Gives the sessions, once there are `count` of them with `each` disks: they are scanned
    one LUN after the other, after the login is done. One discovery names all ifaces: a
    second one would replace the records of the first. No pings (NOP-Out): a busy machine
    answers them too late, and the session would be dropped in the middle of a story.
    """
    sh("systemctl start iscsid.service")
    for iface, iqn in initiators.items():
        sh(f"iscsiadm -m iface -I {iface} --op new")
        sh(f"iscsiadm -m iface -I {iface} --op update -n iface.initiatorname -v {iqn}")
    sh(f"iscsiadm -m discovery -t st -p {address} " + " ".join(f"-I {iface}" for iface in initiators))
    sh("iscsiadm -m node --op update -n node.conn[0].timeo.noop_out_interval -v 0")
    sh("iscsiadm -m node --op update -n node.conn[0].timeo.noop_out_timeout -v 0")
    sh("iscsiadm -m node --login", timeout=120)
    wait_for(f"{count} iSCSI sessions have {each} disks each",
             lambda: [len(session["disks"]) for session in sessions()] == [each] * count, deadline=60)
    settle()
    return sessions()


def sessions():
    """The iSCSI sessions as sysfs shows them."""
    found = []
    for folder in sorted(Path("/sys/class/iscsi_session").glob("session*")):
        connection = f"/sys/class/iscsi_connection/connection{folder.name[7:]}:0"
        found.append({
            "session": folder.name, "initiator": read(folder / "initiatorname", ""),
            "target": read(folder / "targetname", ""), "tag": int(read(folder / "tpgt", "0") or 0),
            "address": read(connection + "/persistent_address", ""), "state": read(folder / "state", ""),
            "disks": sorted(path.name for path in folder.glob("device/target*/*/block/*"))})
    return found


def iscsi_logout():
    """Ends every session and forgets targets and ifaces."""
    if sessions():
        code, told = status("iscsiadm -m node --logout", timeout=120)
        if sessions():
            raise CommandFailed(f"iscsiadm logout ended with {code}: {told}")
    status("iscsiadm -m node --op delete")
    status("iscsiadm -m discoverydb -t st --op delete")
    for file in Path("/etc/iscsi/ifaces").glob("*"):
        file.unlink()
    sh("systemctl stop iscsid.service iscsid.socket")
