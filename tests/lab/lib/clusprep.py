# SPDX-License-Identifier: LGPL-2.1-or-later
"""clusprepd as it is installed, and the command clusprep as its client, over the wire."""

import ctypes
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

from shell import CommandFailed, TooLate, sh, status, wait_for

UNIT = "clusprepd.service"
CONFIG = Path("/etc/mpapi/clusprepd.toml")
STATE, LOGS = Path("/var/lib/clusprep"), Path("/var/log/clusprep")
USER, PASSWORD = "validator", "one Password, of the lab"
# HRESULTs that MS-CSVP 2.2 and 3.2.4 name.
NOT_FOUND, DENIED, BUSY, CRC, STATE_ERROR = (f"0x{code:08X}" for code in (
    0x80070002, 0x80070005, 0x800700AA, 0x80070017, 0x8007139F))


def account_name(user=USER):
    """As clusprepd.toml and the command want it: the node's own accounts are those of its host name."""
    return f"{socket.gethostname().upper()}\\{user}"


def add_account(user=USER, password=PASSWORD):
    sh(f"clusprepd account add {user} --password-fd 3 3<<< '{password}'")


def clusprepd_start(*users, more=""):
    """Runs it with these accounts on the list of who may call; `clusprepd_as_installed` undoes it."""
    saved = CONFIG.with_suffix(".installed")
    if not saved.exists():
        saved.write_text(CONFIG.read_text())
    allowed = ", ".join(f"'{account_name(user)}'" for user in users)
    CONFIG.write_text(f"[allow]\nusers = [{allowed}]\n{more}")
    return clusprepd_restart()


def clusprepd_restart():
    sh(f"systemctl reset-failed {UNIT} clusprepd.socket; systemctl restart {UNIT}", timeout=120)
    return main_pid()


def clusprepd_reload():
    """Ends when the service has read them: until then it is the one before that answers."""
    def times():
        text = journal()
        return sum(text.count(said) for said in ("who may call was read anew", "what was read before holds"))
    before = times()
    sh(f"systemctl reload {UNIT}", timeout=60)
    wait_for("it has read them", lambda: times() > before, deadline=30, every=0.2)


def clusprepd_as_installed():
    saved = CONFIG.with_suffix(".installed")
    if saved.exists():
        CONFIG.write_text(saved.read_text())
        saved.unlink()
    sh("for name in $(clusprepd account list); do clusprepd account remove $name; done")
    clusprepd_restart()


def main_pid():
    return int(sh(f"systemctl show -P MainPID {UNIT}") or 0)


def journal(since="-1h", unit=UNIT):
    sh("journalctl --sync")
    return sh(f"journalctl --no-pager -o cat --since='{since}' -u {unit}")


def command(words, user=USER, password=PASSWORD):
    """The command line, and the descriptor that it reads the password from."""
    reader, writer = os.pipe()
    os.write(writer, password.encode() + b"\n")
    os.close(writer)
    return ["clusprep", *words, "--user", account_name(user) if "\\" not in user else user, "--password-fd",
            str(reader), "--json"], reader


def ran(*words, user=USER, password=PASSWORD, deadline=150):
    """(exit status, the object that it wrote)."""
    line, reader = command([str(word) for word in words], user, password)
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=deadline,
                              pass_fds=[reader], env={"PATH": os.environ["PATH"]}, check=False)
    finally:
        os.close(reader)
    told = done.stdout or done.stderr
    try:
        return done.returncode, json.loads(told.splitlines()[-1])
    except (ValueError, IndexError):
        raise CommandFailed(f"clusprep {' '.join(words)} ended with {done.returncode} and told no JSON\n"
                            f"{done.stdout}{done.stderr}") from None


def asked(*words, **how):
    """What it wrote; it must not have failed. That the answer is no is no failure."""
    code, told = ran(*words, **how)
    if code not in (0, 1):
        raise CommandFailed(f"clusprep {' '.join(map(str, words))} ended with {code}: {told}\n"
                            f"{journal('-2min')[-2000:]}")
    return told


def failed(*words, **how):
    """The HRESULT that a method failed with; "" where none did."""
    code, told = ran(*words, **how)
    return told["hresult"] if code == 3 else ""


class Session:
    """`clusprep session` with `--keep-going`: objects that live until it ends. Each line gets its answer."""

    def __init__(self, node="localhost", **how):
        line, reader = command(["session", node, "--keep-going"], **how)
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, pass_fds=[reader], env={"PATH": os.environ["PATH"]})
        os.close(reader)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, line):
        """The object that it writes for this line, a failure's too."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        try:
            return json.loads(told)
        except ValueError:
            raise CommandFailed(f"the session answered {line!r} with {told!r}") from None

    def done(self, line):
        told = self.ask(line)
        if "error" in told:
            raise CommandFailed(f"{line}: {told}\n{journal('-2min')[-2000:]}")
        return told

    def hresult(self, line):
        return self.ask(line).get("hresult", "")


class Held:
    """A command with --hold in the background. Leaving the block interrupts it."""

    def __init__(self, *words, **how):
        line, reader = command([*map(str, words), "--hold"], **how)
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, pass_fds=[reader],
                                        env={"PATH": os.environ["PATH"]})
        os.close(reader)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.interrupt()

    def waits_for(self, what, condition, deadline=120):
        """As wait_for, and tells what the command said if it ends instead."""
        def so_far():
            if self.process.poll() is not None:
                raise TooLate(f"{what}: the command ended with {self.process.returncode}: {self.process.communicate()[0]}")
            return condition()
        wait_for(what, so_far, deadline=deadline, every=0.3)

    def interrupt(self):
        """Ends it as Ctrl-C does; gives (exit status, what it wrote)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            told, _ = self.process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise TooLate("not within 120 s: the command ends after an interrupt") from None
        return self.process.returncode, told


def network_beside(name="there", here="10.9.0.1", there="10.9.0.2"):
    """A network of two: this machine, and a namespace that only answers to echo requests."""
    sh(f"ip netns add {name}; ip link add to-{name} type veth peer name eth0 netns {name}; "
       f"ip addr add {here}/24 dev to-{name}; ip link set to-{name} up; "
       f"ip -n {name} addr add {there}/24 dev eth0; ip -n {name} link set eth0 up")
    wait_for("the other end answers", lambda: status(f"ip -n {name} route get {here}")[0] == 0, deadline=20)


def network_beside_down(name="there"):
    status(f"ip link del to-{name}; ip netns del {name}")


def nft(commands):
    """Through the library: the program is not in the guest."""
    library = ctypes.CDLL("libnftables.so.1")
    library.nft_ctx_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.nft_ctx_new(0))
    try:
        if library.nft_run_cmd_from_buffer(context, commands.encode()) != 0:
            raise CommandFailed(f"nft: {commands}")
    finally:
        library.nft_ctx_free(context)
