# SPDX-License-Identifier: LGPL-2.1-or-later
"""A whole node: clusprepd as it is installed, over mpapid-san and ipfailoverd on a bus of the test's own, in namespaces
of the test's own (network, host name, /run), with a KDC.

clusprepd runs as a user without rights and gets port 135 handed over, as from systemd. polkit and systemd are
played; mpapi-seal and mpapi-firewall are started for each connection, as systemd does it."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import kerberos_realm
import namespaces
from activator import Activator
from jeepney import DBusAddress, MessageFlag, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import DBus
from jeepney.io.blocking import open_dbus_connection
from jeepney.low_level import HeaderFields
from private_bus import BUS_CONFIG, SOMEBODY, Client, Lines
from service import Started

HOST, PASSWORD, DEADLINE = "node1", kerberos_realm.Realm.password, 60
USER, STRANGER = kerberos_realm.Realm.user, "mallory"
MULTIPATH, NETWORK = "org.mpapi.Multipath1", "org.mpapi.Network1"
PLAYED = ("org.freedesktop.PolicyKit1", "org.freedesktop.systemd1")
MANAGER = "org.freedesktop.systemd1.Manager"
POLKIT = """<node><interface name="org.freedesktop.PolicyKit1.Authority"><method name="CheckAuthorization">
<arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/>
<arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/>
</method></interface></node>"""


def own_machine():
    """This process, and what it starts, get a network, a host name and a /run where nothing else is."""
    namespaces.own(namespaces.NETWORK | namespaces.MOUNTS | namespaces.HOST_NAME)
    for place in ("/run", "/var/lib/systemd"):  # the second is where the host's credential key is
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    namespaces.dead_end()
    socket.sethostname(HOST)


def within(seconds, what, condition):
    """Waits for what nothing tells of; gives what it came to."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not in {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)
    return found


class Played:
    """polkit, which lets only `allowed` actions of clusprepd's user through, and systemd's manager, for which each unit
    stops at once. `asked` has the actions and the units in order."""

    def __init__(self, address):
        self.asked = []
        self.allowed = {"org.mpapi.multipath1.disk", "org.mpapi.network1.echo", "org.mpapi.network1.judge-firewall"}
        self.connection = open_dbus_connection(bus=address)
        for name in PLAYED:
            self.connection.send_and_get_reply(DBus().RequestName(name))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        with contextlib.suppress(OSError):  # it may be gone
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(DEADLINE)
        self.connection.close()

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            while True:
                message = self.connection.receive()
                if message.header.message_type == MessageType.method_call:
                    self.answer(message)

    def answer(self, message):
        member = message.header.fields[HeaderFields.member]
        if member == "CheckAuthorization":
            self.asked.append(message.body[1])
            self.reply(message, "(bba{ss})", ((message.body[1] in self.allowed, False, {}),))
        elif member == "StopUnit":
            unit, job = message.body[0], "/org/freedesktop/systemd1/job/7"
            self.asked.append(unit)
            self.reply(message, "o", (job,))
            manager = DBusAddress("/org/freedesktop/systemd1", interface=MANAGER)
            self.connection.send(new_signal(manager, "JobRemoved", "uoss", (7, job, unit, "done")))
        elif member == "Introspect":  # what is played of systemd is called without
            self.reply(message, "s", (POLKIT,))
        elif member in ("Subscribe", "Unsubscribe"):
            self.reply(message, None, ())
        elif not message.header.flags & MessageFlag.no_reply_expected:
            self.connection.send(
                new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", (member,))
            )

    def reply(self, message, signature, body):
        self.connection.send(new_method_return(message, signature, body))


class Node:
    """Everything, ready. close() ends it, and tells what did not end well."""

    def __init__(self, san, allowed_disks, more=""):
        self.ends = contextlib.ExitStack()
        try:
            self.begin(san, allowed_disks, more)
        except BaseException:
            self.ends.close()
            raise

    def begin(self, san, allowed_disks, more):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.ends.callback(shutil.rmtree, self.work)
        self.work.chmod(0o755)
        self.realm = kerberos_realm.Realm(str(self.work))
        self.ends.callback(self.realm.stop)
        os.chmod(self.realm.keytab, 0o644)
        self.start_bus()
        self.played = Played(self.address)
        self.ends.callback(lambda: self.played.close())
        self.write("san.toml", san)
        disks = ", ".join(f'"{each}"' for each in allowed_disks)
        self.write("mpapid.toml", f'[commands]\ntimeout = "300ms"\n[refresh]\nenabled = false\n[disks]\n'
                                  f"allow = [{disks}]\n{more}")
        self.start_san()
        self.ends.callback(lambda: self.san.end())
        self.start_failover()
        self.ends.callback(lambda: self.failover.end())
        self.seal = Activator("/run/mpapi-seal.socket", os.environ["MPAPI_SEAL"])
        self.ends.callback(self.seal.close)
        self.firewall = Activator("/run/mpapi-firewall.socket", os.environ["MPAPI_FIREWALL"])
        self.ends.callback(self.firewall.close)
        self.accounts()
        self.port = socket.create_server(("::", 135), family=socket.AF_INET6, dualstack_ipv6=True)
        self.ends.callback(self.port.close)
        self.configure()
        self.start_clusprepd()
        self.ends.callback(lambda: self.clusprepd.end())

    def lose_bus(self):
        """And mpapid and ipfailoverd, which cannot live without it."""
        self.bus.kill()
        self.bus.wait()
        self.bus.stdout.close()
        for each in (self.san, self.failover):
            each.process.wait(DEADLINE)

    def start_again(self):
        self.played.close()
        self.run_bus()
        self.played = Played(self.address)
        self.start_san()
        self.start_failover()
        self.start_clusprepd()

    def start_bus(self):
        self.bus_config = self.write("bus.conf", BUS_CONFIG.replace("unix:tmpdir=/tmp", f"unix:path={self.work}/bus"))
        self.bus = None
        self.run_bus()
        self.ends.callback(lambda: (self.bus.terminate(), self.bus.wait(), self.bus.stdout.close()))

    def run_bus(self):
        (self.work / "bus").unlink(missing_ok=True)
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.bus_config}", "--nofork", "--nopidfile", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.address = Lines(self.bus, "dbus-daemon").next()  # which tells another bus by its GUID
        self.on_bus = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}

    def start_san(self):
        self.san = Started(self.work / "san", [
            os.environ["MPAPID_SAN"], "--bus", self.address, "--config", str(self.work / "mpapid.toml"),
            "--state", str(self.work / "san"), str(self.work / "san.toml")])

    def start_failover(self):
        self.failover = Started(self.work / "failover", [os.environ["IPFAILOVERD"]], self.on_bus)

    def accounts(self):
        path = str(self.work / "accounts")
        for name in (USER, STRANGER):
            reader, writer = os.pipe()
            os.write(writer, PASSWORD.encode() + b"\n")
            os.close(writer)
            subprocess.run([os.environ["CLUSPREPD"], "account", "--file", path, "add", name, "--password-fd",
                            str(reader)], pass_fds=[reader], check=True, capture_output=True)
            os.close(reader)
        os.chown(path, SOMEBODY, SOMEBODY)  # the service's credential is a copy of its own

    def configure(self):
        for name in ("state", "logs"):
            (self.work / name).mkdir()
            os.chown(self.work / name, SOMEBODY, SOMEBODY)
        self.config = self.write("clusprepd.toml", f"""
names = ["localhost"]
full_name = "{HOST}.example.org"
state_directory = "{self.work}/state"
[allow]
users = ["{HOST.upper()}\\\\{USER}", "{USER}@{kerberos_realm.REALM}"]
[authentication]
accounts = "{self.work}/accounts"
keytab = "{self.realm.keytab}"
[logs]
directory = "{self.work}/logs"
""")

    def start_clusprepd(self):
        self.clusprepd = Started(
            self.work / "clusprepd", [os.environ["CLUSPREPD"], "--config", str(self.config)],
            {**self.on_bus, **self.realm.environment, "KRB5RCACHETYPE": "none"}, self.port, SOMEBODY)
        # The exporter's port: the listening one that is not 135.
        told = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
        ports = {int(port) for port in re.findall(rf":(\d+)\s.*pid={self.clusprepd.process.pid},", told)}
        (self.exporter,) = ports - {135}

    def write(self, name, text):
        path = self.work / name
        path.write_text(text)
        return path

    def client(self):
        return contextlib.closing(Client(self.address))

    def heard(self):
        """What clusprepd said so far; waits_for() looks behind it."""
        return self.clusprepd.heard()

    def waits_for(self, text, heard=0, seconds=DEADLINE):
        self.clusprepd.wait_for(text, heard, seconds)

    @contextlib.contextmanager
    def asking(self, words, user=USER, password=PASSWORD, ticket=False, options=()):
        """What the command is started with. A user without a domain is one of the node."""
        command, passed = [os.environ["CLUSPREP"], *words, *options], []
        if not ticket:
            reader, writer = os.pipe()
            os.write(writer, password.encode() + b"\n")
            os.close(writer)
            passed = [reader]
            whole = user if "\\" in user else f"{HOST.upper()}\\{user}"
            command += ["--user", whole, "--password-fd", str(reader)]
        environment = {"PATH": os.environ["PATH"], "KRB5CCNAME": f"FILE:{self.work}/none"}
        if ticket:
            environment.update(self.realm.environment)
        try:
            yield {"args": command, "pass_fds": passed, "env": environment, "text": True, "start_new_session": True}
        finally:
            for each in passed:
                os.close(each)

    def begin_clusprep(self, *words):
        """The command, started."""
        with self.asking(words) as how:
            return subprocess.Popen(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)

    def clusprep(self, *words, user=USER, password=PASSWORD, ticket=False, stdin="", options=(), status=0):
        """Runs the command; it must end with `status`. Gives what it did."""
        with self.asking(words, user, password, ticket, options) as how:
            ran = subprocess.run(input=stdin, capture_output=True, timeout=DEADLINE, check=False, **how)
        if ran.returncode != status:
            raise AssertionError(f"{' '.join(words)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}\n"
                                 f"clusprepd:\n{self.clusprepd.told()[-3000:]}")
        return ran

    def close(self):
        self.ends.close()
