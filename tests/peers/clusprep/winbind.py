# SPDX-License-Identifier: LGPL-2.1-or-later
"""A winbindd of the test's own, which is in no domain and knows users of its own: those of a computer DEPOT."""
import os
import pathlib
import signal
import subprocess

import needs
from service import Started
from telling import DEADLINE

DOMAIN = "DEPOT"
TOOLS = ("net", "pdbedit", "smbpasswd", "unshare", "winbindd")
FOLDERS = {"private": "private dir", "lock": "lock directory", "state": "state directory", "cache": "cache directory",
           "pid": "pid directory", "ncalrpc": "ncalrpc dir"}


class Winbind:
    """`users`: names of users that the host has, with their passwords. Those of `group` may ask, as members of the
    group winbindd_priv may where it is installed. /run is the test's own."""

    def __init__(self, work, users, group):
        self.work, self.group = work, group
        self.environment = {**os.environ, "PATH": needs.PATH}
        work.mkdir()
        os.makedirs("/run/samba", exist_ok=True)  # the one place where clients look for it
        self.settings = work / "smb.conf"
        for name in FOLDERS:
            (work / name).mkdir(mode=0o755)
        self.settings.write_text("\n".join((
            "[global]", f"netbios name = {DOMAIN}", f"workgroup = {DOMAIN}", "server role = standalone server",
            "map to guest = Bad User",
            "interfaces = lo", "bind interfaces only = yes", "idmap config * : backend = tdb",
            "idmap config * : range = 100000-200000", f"passdb backend = tdbsam:{work}/private/passdb.tdb",
            f"log file = {work}/log", *(f"{option} = {work}/{name}" for name, option in FOLDERS.items()), "")))
        for user, password in users.items():
            self.run("smbpasswd", "-L", "-c", str(self.settings), "-s", "-a", user, input=f"{password}\n" * 2)
        self.sid = self.run("net", "-s", str(self.settings), "getlocalsid").stdout.split()[-1]
        self.start()

    def run(self, *command, **how):
        return subprocess.run(command, capture_output=True, text=True, check=True, env=self.environment, **how)

    def start(self):
        """In a namespace for processes: it starts some that outlive it elsewhere."""
        self.started = Started(self.work / "run", [
            "unshare", "--fork", "--pid", "--kill-child", "winbindd", "-F", "--debug-stdout", "--no-process-group",
            "-s", str(self.settings)], {"PATH": needs.PATH})
        os.chown(self.work / "state/winbindd_privileged", 0, self.group)

    def stop(self):
        unshare = self.started.process.pid
        (winbindd,) = pathlib.Path(f"/proc/{unshare}/task/{unshare}/children").read_text(encoding="ascii").split()
        os.kill(int(winbindd), signal.SIGKILL)  # the first of its namespace: the others end with it
        self.started.process.wait(DEADLINE)
        self.started.kill()
