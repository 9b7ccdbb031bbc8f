# SPDX-License-Identifier: LGPL-2.1-or-later
"""What sysfs says of a SCSI disk, as values. Its VPD pages are as old as the last scan."""

from pathlib import Path

from shell import read


def device(disk):
    """{hctl, state, vendor, product, revision, sectors, device, access_state, preferred, handler, wwid}."""
    folder = Path(f"/sys/block/{disk}/device")
    return {"hctl": folder.resolve().name, "state": read(folder / "state", ""),
            "vendor": read(folder / "vendor", "").strip(), "product": read(folder / "model", "").strip(),
            "revision": read(folder / "rev", "").strip(), "wwid": read(folder / "wwid", ""),
            "sectors": int(read(f"/sys/block/{disk}/size")), "device": read(f"/sys/block/{disk}/dev"),
            "access_state": read(folder / "access_state", ""), "preferred": read(folder / "preferred_path", ""),
            "handler": read(folder / "dh_state", "")}


def queue(disk):
    """The limits of a disk's request queue that this project publishes or compares."""
    names = ("logical_block_size", "physical_block_size", "max_sectors_kb", "nr_requests", "rotational",
             "discard_max_bytes", "write_cache")
    return {name: read(f"/sys/block/{disk}/queue/{name}", "") for name in names}


def holders(disk):
    return sorted(path.name for path in Path(f"/sys/block/{disk}/holders").glob("*"))


def slaves(minor):
    return sorted(path.name for path in Path(f"/sys/block/dm-{minor}/slaves").glob("*"))
