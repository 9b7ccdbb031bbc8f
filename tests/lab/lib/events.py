# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel's events as a bare poller sees them, with the time: what a latency is measured from.

Times are CLOCK_MONOTONIC seconds, comparable with `time.monotonic()` of any process.
"""

import fcntl
import os
import select
import socket
import struct
import threading
import time

from shell import TooLate


class Recorder:
    """Collects (time, event) in a thread; `expect` waits for one that fits."""

    def __init__(self):
        self.seen = []
        self._news = threading.Condition()
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._collect, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._stop_write, b"x")
        self._thread.join()
        for descriptor in (self._stop_read, self._stop_write):
            os.close(descriptor)
        self.close()

    def _collect(self):
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN | select.POLLPRI)
        poll.register(self._stop_read, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            now = time.monotonic()
            if self._stop_read in ready:
                return
            events = self.take()
            with self._news:
                self.seen += [(now, event) for event in events]
                self._news.notify_all()

    def expect(self, what, fits=lambda event: True, since=0.0, deadline=10.0):
        """The first (time, event) after `since` that fits, waiting for it up to the deadline."""
        end = time.monotonic() + deadline
        with self._news:
            while True:
                for at, event in self.seen:
                    if at >= since and fits(event):
                        return at, event
                if not self._news.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise TooLate(f"no {what} within {deadline:g} s; seen: {[event for _, event in self.seen][-8:]}")


class DmEvents(Recorder):
    """Any event of any device-mapper device: /dev/mapper/control becomes readable once armed."""

    # struct dm_ioctl is 312 bytes; DM_DEV_ARM_POLL is command 16 (dm ioctl 4.37).
    SIZE, ARM = 312, 0xC0000000 | (312 << 16) | (0xFD << 8) | 16

    def __init__(self):
        super().__init__()
        self._control = os.open("/dev/mapper/control", os.O_RDWR | os.O_CLOEXEC)
        self._arm()

    def _arm(self):
        request = bytearray(self.SIZE)
        struct.pack_into("=IIIII", request, 0, 4, 37, 0, self.SIZE, 0)
        fcntl.ioctl(self._control, self.ARM, request)

    def fileno(self):
        return self._control

    def take(self):
        self._arm()
        return ["dm"]

    def close(self):
        os.close(self._control)


class Uevents(Recorder):
    """Uevents, dictionaries with ACTION, DEVPATH, SUBSYSTEM…: the kernel's own, or as udev passes them on."""

    KERNEL, UDEV = 1, 2  # multicast groups

    def __init__(self, group=KERNEL):
        super().__init__()
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)  # NETLINK_KOBJECT_UEVENT
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self._socket.bind((0, group))

    def fileno(self):
        return self._socket.fileno()

    def take(self):
        events = []
        while True:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                return events
            fields = (part.partition("=") for part in data.decode(errors="replace").split("\0")[1:] if "=" in part)
            events.append({key: value for key, _, value in fields})

    def close(self):
        self._socket.close()
