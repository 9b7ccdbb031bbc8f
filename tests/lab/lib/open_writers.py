# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writers that had a device open before something happened to it."""

import errno
import os

from shared_disks import MIB

_held = {}


def hold(devices):
    for device in devices:
        _held[device] = os.open(device, os.O_WRONLY)


def tried():
    """What a write of each through its descriptor ends with: {device: name of the error, or "written"}."""
    found = {}
    for device, descriptor in _held.items():
        try:
            os.pwrite(descriptor, bytes(4096), 4 * MIB)
            os.fsync(descriptor)
            found[device] = "written"
        except OSError as error:
            found[device] = errno.errorcode[error.errno]
    return found


def drop():
    for device in list(_held):
        os.close(_held.pop(device))
