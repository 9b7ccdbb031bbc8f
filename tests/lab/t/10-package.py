#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=2400
"""The packages: installed, started by whom it may concern, restarted, killed, upgraded, removed, purged."""

import os
import re
import signal
from pathlib import Path

import dm
from bus import Bus
from mpapid import (CONFIG, DISK, LOGICAL_UNIT, MANAGER, PATH, ROOT, SERVICE, UNIT, Objects, call, main_pid,
                    manager_property, memory_kib, owner, restart, service_is_up, settled)
from paths import device_number
from san import SERIALS, map_by_hand, naa_of, san_down, two_alua_units
from shell import sh, status, wait_for
from tap import check, check_that, main, note, require, require_that, test

DEBS = os.environ.get("LAB_DEBS", "")
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
STATE = Path("/var/lib/mpapi")
PLUGINS = Path("/etc/mpapi.conf")
RULE = Path("/usr/lib/udev/rules.d/70-mpapi.rules")
# No exception beyond those that the unit files explain: design.md, "2.0 or lower".
EXPOSURE = {"mpapid.service": 2.0, "ipfailoverd.service": 2.0, "clusprepd.service": 2.0, "istd.service": 2.0,
            "mpapi-holders@1.service": 2.0, "mpapi-disk-files@1.service": 2.0, "mpapi-disk-state@1.service": 2.2,
            "mpapi-disk-changed@sda.service": 2.0, "mpapi-firewall@1.service": 2.0, "mpapi-seal@1.service": 2.0}
CAPABILITIES = {"mpapid.service": 1 << 21 | 1 << 17, "ipfailoverd.service": 1 << 12 | 1 << 13, "clusprepd.service": 0,
                "istd.service": 0}
# Who connects to them is served by a process with rights of its own: (user, group, mode).
SOCKETS = {"mpapi-holders": ("root", "root", 0o600), "mpapi-disk-files": ("root", "root", 0o600),
           "mpapi-disk-state": ("root", "root", 0o600), "mpapi-firewall": ("root", "ipfailover", 0o660),
           "mpapi-seal": ("root", "clusprep", 0o660)}
NETWORK, DISCOVERY, CLUSPREPD = "org.mpapi.Network1", "org.mpapi.Discovery1", "clusprepd.service"
CLUSPREP_CONFIG, CLUSPREP_STATE = Path("/etc/mpapi/clusprepd.toml"), Path("/var/lib/clusprep")
ACCOUNTS = CLUSPREP_STATE / "accounts"
units = {}


def installed(package):
    return status(f"dpkg-query -W -f '${{db:Status-Abbrev}}' {package}")[1].startswith("ii")


def same_ids_after(what, act):
    """Object paths and ids are the same before and after."""
    before, instance = Objects().ids(), manager_property("Instance")
    require_that(len(before) > 20, "there are objects to compare", before)
    act()
    settled()
    check(Objects().ids(), before, f"object paths and ids after {what}")
    check_that(manager_property("Instance") != instance, f"{what} is another instance", instance)


@test
def the_service_runs_and_owns_its_name():
    require_that(installed("mpapid"), "mpapid is installed", status("dpkg -l 'mpapi*'")[1])
    pid = service_is_up()
    check(manager_property("Ready"), True, "Ready")
    check(f"mpapid {manager_property('Version')}", sh("mpapid --version"), "Version")
    check(sh(f"systemctl is-enabled {UNIT}"), "enabled", "is-enabled")
    check_that(RULE.exists(), "the udev rule is there")
    check(oct(STATE.stat().st_mode & 0o777), "0o700", "mode of the state directory")
    for trouble in ("DeviceMapperTrouble", "UdevTrouble"):
        check(manager_property(trouble), "", trouble)
    note(f"resident memory of the idle daemon: {memory_kib(pid)} KiB")


def process_status(unit):
    """Fields of /proc/PID/status of a service's process."""
    pid = sh(f"systemctl show -P MainPID {unit}")
    require_that(pid != "0", f"{unit} runs", sh(f"systemctl status --no-pager {unit}", check=False))
    return {name: value.strip() for name, _, value in
            (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())}


@test
def each_service_runs_as_its_user_with_no_more_than_it_says():
    # The bus starts it when it is asked for the first time.
    check(sh(f"busctl call {NETWORK} /org/mpapi/Network1 org.freedesktop.DBus.Peer Ping"), "", "a call")
    for unit, user, enabled in (("ipfailoverd.service", "ipfailover", "static"), (CLUSPREPD, "clusprep", "enabled"),
                                ("istd.service", "istd", "enabled")):
        check(sh(f"systemctl is-enabled {unit}"), enabled, f"{unit}: is-enabled")
        wait_for(f"{unit} is active", lambda one=unit: status(f"systemctl is-active --quiet {one}")[0] == 0, 60)
        check(sh(f"systemctl show -P NRestarts {unit}"), "0", f"{unit}: starts that failed")
        entry = sh(f"getent passwd {user}").split(":")
        check_that(int(entry[2]) < 1000 and entry[6] == "/usr/sbin/nologin", f"{user} is a user of the system", entry)
        check(process_status(unit)["Uid"].split(), [entry[2]] * 4, f"{unit}: user")
    for unit, allowed in CAPABILITIES.items():
        told = process_status(unit)
        check(int(told["CapBnd"], 16), allowed, f"{unit}: bounding set")
        check_that(int(told["CapEff"], 16) & ~allowed == 0, f"{unit}: effective", told["CapEff"])
        check((told["NoNewPrivs"], told["Seccomp"]), ("1", "2"), f"{unit}: no new privileges, system calls filtered")


@test
def their_sandboxes_are_tight():
    for unit, most in EXPOSURE.items():
        told = sh(f"systemd-analyze security --no-pager {unit}", timeout=120)
        level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
        require_that(level, "systemd-analyze tells a level", told[-500:])
        note(f"{unit}: exposure level {level[1]}")
        check_that(float(level[1]) <= most, f"{unit}: exposure level {most} at most", told)


@test
def sockets_are_there_for_whom_they_are_for():
    for name, expected in SOCKETS.items():
        path = Path(f"/run/{name}.socket")
        check(sh(f"systemctl is-enabled {name}.socket; systemctl is-active {name}.socket"), "enabled\nactive", name)
        check((path.owner(), path.group(), path.stat().st_mode & 0o777), expected, f"{path}: user, group, mode")
    connect = "python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])'"
    for user, may in (("nobody", set()), ("clusprep", {"mpapi-seal"}), ("ipfailover", {"mpapi-firewall"})):
        for name in SOCKETS:
            code, told = status(f"setpriv --reuid={user} --regid={user if may else 'nogroup'} --clear-groups "
                                f"{connect} /run/{name}.socket")
            check(code == 0, name in may, f"{user} reaches {name}: {told[-100:]}")


def listening():
    """TCP ports with a listening socket, {port: what holds it}."""
    rows = [line.split() for line in sh("ss -Hltnp").splitlines()]
    return {int(row[3].rpartition(":")[2]): row[-1] for row in rows}


@test
def clusprepd_has_port_135_and_nobody_may_call_yet():
    check(sh("systemctl is-enabled clusprepd.socket; systemctl is-active clusprepd.socket"), "enabled\nactive",
          "clusprepd.socket")
    held = listening()
    check_that("clusprepd" in held.get(135, "") and "systemd" in held[135], "port 135 is the service's", held)
    check(len([port for port, who in held.items() if "clusprepd" in who]), 2, "ports of it: 135 and one of its own")
    wait_for("it says so", lambda: "nobody is allowed to call" in sh(f"journalctl -b --no-pager -u {CLUSPREPD}"), 20)
    for path, expected in ((ACCOUNTS, ("root", 0o600)), (CLUSPREP_STATE / "node", ("clusprep", 0o700)),
                           (Path("/var/log/clusprep"), ("clusprep", 0o750))):
        check((path.owner(), path.stat().st_mode & 0o777), expected, f"{path}: user and mode")


@test
def clusprepd_without_its_socket_says_who_has_the_port():
    sh(f"systemctl stop {CLUSPREPD} clusprepd.socket")
    check_that(135 not in listening(), "nobody has it", listening())
    sh(f"systemctl start {CLUSPREPD}", timeout=120)
    check_that("clusprepd" in listening().get(135, ""), "the service brings its socket along", listening())
    code, told = status("clusprepd", timeout=30)
    check_that(code != 0 and "135" in told and "systemd" in told, "a second one is refused and names who has it", told)
    good = CLUSPREP_CONFIG.read_text()
    CLUSPREP_CONFIG.write_text("[allow]\nusers = [\"validator\"]\n")
    code, told = status("clusprepd --check")
    check_that(code != 0 and f"{CLUSPREP_CONFIG}:2" in told, "a mistake in the configuration has a place", told)
    CLUSPREP_CONFIG.write_text(good)
    check(status("clusprepd --check"), (0, ""), "--check with the file as installed")


@test
def a_call_starts_it():
    sh(f"systemctl stop {UNIT}")
    require(owner(), 0, "owner of the name while it is stopped")
    check(call("GetChanges", "tt", 0, 0, deadline=60)[2], True, "resync for a stranger")
    check(service_is_up(), main_pid(), "owner")


@test
def everybody_may_read_and_nobody_may_ask_devices_but_root():
    get = f"{NOBODY} busctl get-property {SERVICE} {ROOT} {MANAGER} Version"
    check(status(get)[0], 0, "exit status of reading as nobody")
    code, told = status(f"{NOBODY} busctl call {SERVICE} {ROOT} {MANAGER} Refresh")
    check_that(code != 0 and "Access denied" in told, "Refresh as nobody is refused", told)
    policy = Path("/usr/share/polkit-1/actions/org.mpapi.multipath1.policy")
    known = [line for line in sh("pkaction").splitlines() if line.startswith("org.mpapi.multipath1.")]
    check(known, sorted(re.findall(r'action id="([^"]+)"', policy.read_text())), "actions that polkit knows")
    check(status(f"busctl call {SERVICE} {ROOT} {MANAGER} Refresh")[0], 0, "Refresh as root")


@test
def a_second_instance_is_refused():
    code, told = status("mpapid", timeout=30)
    check(code, 1, "exit status")
    check_that("another instance" in told and str(main_pid()) in told, "it names the other process", told)
    check(service_is_up(), main_pid(), "the first one goes on")


@test
def nobody_and_nobody_s_bus_are_told_what_to_do():
    code, told = status(f"{NOBODY} mpapid", timeout=30)
    check(code, 1, "exit status without root")
    check_that("root" in told and "systemctl start mpapid" in told, "it says what to do", told)
    code, told = status("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/no-such-bus mpapid", timeout=30)
    check(code, 1, "exit status without a bus")
    check_that("system bus" in told and "dbus" in told, "it says what to do", told)


@test
def a_mistake_in_the_configuration_is_told_and_nothing_is_published():
    good = CONFIG.read_text()
    CONFIG.write_text("[refresh]\nshortest = 5\n")
    code, told = status("mpapid --check-config")
    check(code, os.EX_CONFIG, "exit status of --check-config")
    check_that(f"{CONFIG}:2" in told, "file and line", told)
    check_that(status(f"systemctl restart {UNIT}")[0] != 0, "a restart fails")
    check(owner(), 0, "owner of the name")
    CONFIG.write_text(good)
    check(status("mpapid --check-config"), (0, ""), "--check-config with the file as installed")
    restart()


@test
def ids_outlive_restart_and_kill():
    units.update(two_alua_units())
    map_by_hand("byuuid", units["lu0"], uuid="mpath-3" + naa_of(SERIALS["lu0"]))
    map_by_hand("byname", dict(list(units["lu1"].items())[:3]))
    settled()
    objects = Objects()
    check(len(objects.of(LOGICAL_UNIT)), 2, "logical units")
    check(len(objects.of(PATH)), 7, "paths")
    check(len(objects.of(DISK)), 1, "disks in no map")
    same_ids_after("systemctl restart", restart)

    def kill():
        victim = main_pid()
        os.kill(victim, signal.SIGKILL)
        wait_for("another process serves", lambda: main_pid() not in (0, victim), 30)
        service_is_up()

    same_ids_after("kill -9", kill)


@test
def what_happens_while_it_is_down_is_seen_by_reading_again():
    disk = next(iter(units["lu0"]))
    check(Objects().one(PATH, Device=disk)["State"], "okay", "state before")
    instance, generation = manager_property("Instance"), manager_property("Generation")
    sh(f"systemctl stop {UNIT}")
    dm.message("byuuid", f"fail_path {device_number(disk)}")
    sh("dmsetup rename byname other")
    sh("dmsetup remove other")
    restart()
    settled()
    objects = Objects()
    check(objects.one(PATH, Device=disk)["State"], "path-error", "state of the path that failed meanwhile")
    check([unit["Name"] for unit in objects.of(LOGICAL_UNIT)], ["byuuid"], "logical units")
    check(call("GetChanges", "tt", instance, generation)[2], True, "resync for who knew the last instance")
    dm.message("byuuid", f"reinstate_path {device_number(disk)}")


@test
def upgrading_onto_itself_keeps_ids_and_settings():
    CONFIG.write_text(CONFIG.read_text() + "# of the administrator\n")
    sh("/usr/libexec/mpapi-plugin-linux deregister")
    CLUSPREP_CONFIG.write_text(CLUSPREP_CONFIG.read_text() + "# of the administrator\n")
    sh("clusprepd account add anna --password-fd 3 3<<< secret")
    accounts = ACCOUNTS.read_text()
    before, clusprepd = main_pid(), sh(f"systemctl show -P MainPID {CLUSPREPD}")
    same_ids_after("an upgrade", lambda: sh(f"DEBIAN_FRONTEND=noninteractive dpkg --install {DEBS}", timeout=800))
    check_that(service_is_up() != before, "the new program runs", before)
    check_that("# of the administrator" in CONFIG.read_text(), "the administrator's settings are kept")
    check_that("mpapi.linux" not in PLUGINS.read_text(), "a plugin that the administrator took out stays out")
    check_that("# of the administrator" in CLUSPREP_CONFIG.read_text(), "clusprepd's settings are kept")
    check(ACCOUNTS.read_text(), accounts, "accounts")
    check_that(sh(f"systemctl show -P MainPID {CLUSPREPD}") not in ("0", clusprepd), "the new clusprepd runs", clusprepd)
    check_that("clusprepd" in listening().get(135, ""), "and has its port", listening())
    san_down()


def ours():
    """The packages that were installed, by name."""
    return " ".join(sh(f"for deb in {DEBS}; do dpkg-deb --field $deb Package; done").split())


@test
def removal_keeps_what_the_administrator_wrote():
    sh(f"dpkg --remove {ours()}", timeout=800)
    check(owner(), 0, "owner of the name")
    check(status("pidof mpapid clusprepd ipfailoverd istd")[0], 1, "no process is left")
    check_that(135 not in listening(), "port 135 is free", listening())
    for path in (RULE, Path("/usr/sbin/mpapid"), Path("/usr/lib/systemd/system/mpapid.service"),
                 Path("/usr/share/dbus-1/system-services/org.mpapi.Multipath1.service"),
                 *(Path(f"/run/{name}.socket") for name in SOCKETS),
                 Path("/usr/sbin/clusprepd"), Path("/run/clusprep"), Path("/usr/sbin/istd"),
                 Path("/usr/share/dbus-1/system-services/org.mpapi.Discovery1.service"),
                 Path("/usr/share/polkit-1/rules.d/50-clusprep-disks.rules")):
        check_that(not path.exists(), f"{path} is gone")
    for path in (CONFIG, CLUSPREP_CONFIG, ACCOUNTS):
        check_that(path.exists(), f"{path} is kept")
    check_that(any(STATE.iterdir()), "object numbers are kept")


@test
def purging_leaves_nothing():
    Path("/etc/mpapi/disabled-paths").write_text("# of a path that was disabled\n")
    drop_in = Path("/etc/multipath/conf.d/zz-mpapi.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text("# of settings that were made\n")
    sh(f"dpkg --purge {ours()}", timeout=800)
    left = sh("find / -xdev \\( -path /proc -o -path /sys -o -path /lab -o -path /out -o -path /debs -o -path /var/log "
              "-o -path /tmp \\) -prune -o \\( -iname '*mpapi*' -o -iname '*clusprep*' -o -iname '*ipfailover*' "
              "-o -name 'istd*' -o -name _istd \\) -print; "
              "ls -d /run/systemd/system/*{mpapi,clusprep,ipfailover,istd}* /run/{mpapi,clusprep}* /var/log/clusprep "
              "2>/dev/null", check=False)
    check(left, "", "files that bear its name")
    for unit in (UNIT, CLUSPREPD, "clusprepd.socket", "ipfailoverd.service", "istd.service", "istd.socket",
                 "mpapi-seal.socket"):
        check(status(f"systemctl cat {unit}")[0], 1, f"systemd knows no {unit}")
    with Bus() as bus:
        names = bus.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                         "ListActivatableNames")
    check_that(not {SERVICE, NETWORK, DISCOVERY} & set(names), "the bus starts nobody", names)


@test
def it_installs_again():
    sh(f"DEBIAN_FRONTEND=noninteractive dpkg --install {DEBS}", timeout=800)
    service_is_up()
    with Bus() as bus:
        check(bus.get(SERVICE, ROOT, MANAGER, "Ready"), True, "Ready")
    check_that("mpapi.linux" in PLUGINS.read_text(), "the plugin is registered")
    wait_for("clusprepd is active", lambda: status(f"systemctl is-active --quiet {CLUSPREPD}")[0] == 0, 60)
    check((ACCOUNTS.read_text(), CLUSPREP_STATE.stat().st_mode & 0o777), ("", 0o755), "accounts: none")


main(after=san_down)
