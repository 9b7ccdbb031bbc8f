# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can befall a path, as the kernel's own switches do it."""

from pathlib import Path

from shell import read, settle, wait_for, write


def path_offline(disk):
    """The kernel refuses every command to the disk from now on. No uevent tells so."""
    write(f"/sys/block/{disk}/device/state", "offline")


def path_online(disk):
    write(f"/sys/block/{disk}/device/state", "running")


def path_delete(disk):
    """The disk goes, as on a surprise removal; gives its address for `path_add`."""
    address = Path(f"/sys/block/{disk}/device").resolve().name
    write(f"/sys/block/{disk}/device/delete", 1)
    wait_for(f"{disk} is gone", lambda: not Path(f"/sys/block/{disk}").exists(), deadline=60)
    settle()
    return address


def path_add(address):
    """The disk at an address (host:channel:target:lun) comes back; gives its name, which may be another."""
    host, channel, target, lun = address.split(":")
    write(f"/sys/class/scsi_host/host{host}/scan", f"{channel} {target} {lun}")
    found = wait_for(f"a disk at {address}",
                     lambda: list(Path(f"/sys/class/scsi_device/{address}/device/block").glob("*")), deadline=60)
    settle()
    return found[0].name


def disks():
    """Every SCSI disk there is."""
    return sorted((path.name for path in Path("/sys/block").glob("sd*")), key=lambda name: (len(name), name))


def device_number(disk):
    """major:minor, as device-mapper tables name it."""
    return read(f"/sys/block/{disk}/dev")
