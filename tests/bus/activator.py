# SPDX-License-Identifier: LGPL-2.1-or-later
import contextlib
import os
import socket
import subprocess
import threading

DEADLINE = 60


class Activator:
    """A socket of systemd with Accept=yes: a process for each connection."""

    def __init__(self, path, program):
        self.program, self.runs = program, 0
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(16)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection:
                    self.runs += 1
                    subprocess.run([self.program], stdin=connection, stdout=connection, timeout=DEADLINE, check=False)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(DEADLINE)
        self.socket.close()
