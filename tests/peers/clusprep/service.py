# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon as its service manager starts it."""
import os
import socket
import subprocess
import time

from telling import DEADLINE, Telling


class Started(Telling):
    """A program with its own NOTIFY_SOCKET, ready when this returns."""

    def __init__(self, where, command, environment=None, port=None, user=None):
        where.mkdir(exist_ok=True)
        os.chmod(where, 0o777)
        notify_path = where / f"notify-{time.monotonic_ns()}"
        variables = {**os.environ, **(environment or {}), "NOTIFY_SOCKET": str(notify_path)}
        variables.pop("JOURNAL_STREAM", None)  # what it tells is wanted here
        passed = ()
        if port is not None:  # systemd's protocol: the socket is 3, the process named by its own id
            command = ["/bin/sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh", *command]
            passed = (3,)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(notify_path))
            os.chmod(notify_path, 0o777)
            super().__init__(
                command, stderr=subprocess.STDOUT, env=variables, user=user, group=user,
                extra_groups=None if user is None else [], pass_fds=passed,
                preexec_fn=None if port is None else lambda: os.dup2(port.fileno(), 3))
            notify.settimeout(0.2)
            end = time.monotonic() + DEADLINE
            while True:
                try:
                    if b"READY=1" in notify.recv(4096):
                        return
                except TimeoutError:
                    assert self.process.poll() is None, f"{self.name} ended: {self.told()}"
                    assert time.monotonic() < end, f"{self.name} is not ready: {self.told()}"
