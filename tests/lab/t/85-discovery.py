#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""istd as it is installed: systemd's socket, its sandbox, the kernel's iSCSI targets, an asker on another machine."""

import os
import re
import signal
import time
from pathlib import Path

import discovery
import mail
from discovery import Asker, discovered
from iscsi import iscsi_target
from lio import CONFIG, lio_unit
from san import san_down
from shell import read, sh, status, wait_for, write
from tap import check, check_that, main, require_that, test

TARGET = "iqn.2003-01.org.linux-iscsi.lab:discovery"
PORTAL = "127.0.1.1"
ENABLE = CONFIG / "iscsi" / TARGET / "tpgt_1" / "enable"
STARTED = time.time()
asker = None


def before():
    global asker  # pylint: disable=global-statement
    discovery.start()
    asker = Asker()


def full_name():
    return discovery.get("Name")


@test
def it_runs_as_its_own_user_without_a_capability():
    pid = discovery.main_pid()
    require_that(pid > 0, "it runs", status("systemctl status istd.service")[1])
    told = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":" in line)
    check(int(told["CapEff"].strip(), 16), 0, "capabilities")
    check(sh(f"stat -c %U /proc/{pid}"), "istd", "user")
    check(discovery.get("Transport"), "socket", "transport")
    check(sh("systemctl show -P Triggers istd.socket; systemctl is-active istd.socket"), "istd.service\nactive",
          "its socket belongs to it")


@test
def without_a_target_it_is_silent():
    check(discovery.get("Serving"), False, "serving")
    check_that(asker.met_by_silence(), "no answer came")


@test
def an_enabled_target_makes_it_answer_with_its_full_name():
    lio_unit("lu0", "85d15c0")
    iscsi_target(TARGET, {1: (PORTAL, {0: ("lu0", None)})})
    check(read(ENABLE), "1", "the target is enabled")
    wait_for("istd sees it", lambda: discovery.get("Serving"), deadline=30)
    asker.ask()
    heard = asker.heard()
    require_that(heard is not None, "an answer came", discovery.get("Counters"))
    check((heard.kind, heard.destination, heard.size), (mail.DIRECT_UNIQUE, "ASKER", 260), "answer")
    check(heard.text, full_name(), "name in it")


@test
def the_command_finds_it_and_its_targets():
    found = discovered("--timeout", "3", "--interface", "to-there")
    require_that(len(found) == 1, "one server", found)
    check((found[0]["name"], found[0]["address"], found[0]["interface"]), (full_name(), discovery.HERE, "to-there"),
          "server")
    sh("systemctl start iscsid.service")
    # The target's portal is another address than the one that answered: iscsiadm is refused there, and says so.
    code, told = status("istd discover --targets --timeout 2 --interface to-there", timeout=120)
    check_that(code == 1 and "targets not known" in told, "it says that nobody listens there", told)
    (CONFIG / "iscsi" / TARGET / "tpgt_1" / "np" / f"{discovery.HERE}:3260").mkdir()
    found = discovered("--targets", "--timeout", "3", "--interface", "to-there")
    require_that(len(found) == 1, "one server", found)
    check([target["name"] for target in found[0]["targets"]], [TARGET], "targets")
    check(status("iscsiadm -m node")[0] != 0, True, "iscsiadm's database is left as it was")


@test
def a_disabled_target_makes_it_silent():
    write(ENABLE, 0)
    wait_for("istd sees it", lambda: not discovery.get("Serving"), deadline=30)
    check_that(asker.met_by_silence(), "no answer came")
    write(ENABLE, 1)


@test
def an_interface_that_comes_is_used_and_one_that_goes_is_not():
    sh("ip link add istd0 type dummy; ip addr add 10.19.0.1/24 dev istd0; ip link set istd0 up")
    wait_for("it is used", lambda: "istd0" in discovery.get("Interfaces"), deadline=30)
    sh("ip link del istd0")
    wait_for("it is used no more", lambda: "istd0" not in discovery.get("Interfaces"), deadline=30)


@test
def a_vlan_is_an_interface_as_others():
    sh("modprobe 8021q; ip link add link to-there name to-there.7 type vlan id 7; ip link set to-there.7 up; "
       "ip addr add 10.20.0.1/16 dev to-there.7")
    wait_for("it is used", lambda: "to-there.7" in discovery.get("Interfaces"), deadline=30)
    found = discovered("--timeout", "2", "--interface", "to-there.7")
    check([(server["address"], server["interface"]) for server in found], [("10.20.0.1", "to-there.7")], "servers")
    sh("ip link del to-there.7")
    wait_for("it is used no more", lambda: "to-there.7" not in discovery.get("Interfaces"), deadline=30)


@test
def killed_it_is_started_again_and_answers():
    pid = discovery.main_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for("another one runs", lambda: discovery.main_pid() not in (0, pid), deadline=60)
    wait_for("it has the wire", lambda: "to-there" in discovery.get("Interfaces"), deadline=60)
    asker.ask()
    heard = asker.heard()
    require_that(heard is not None, "an answer came", discovery.get("Counters"))
    check(heard.text, full_name(), "name in it")


@test
def a_question_starts_it():
    sh("systemctl stop istd.service")
    asker.ask()
    heard = asker.heard(60)
    require_that(heard is not None, "an answer came", status("systemctl status istd.service")[1])
    check(heard.text, full_name(), "name in it")


@test
def its_sandbox_refused_nothing():
    sh("journalctl --sync")
    told = sh(f"journalctl --no-pager -o cat --since=@{STARTED:.0f} -u istd.service")
    require_that("Started istd.service" in told, "its journal is read", told)
    # What its filter of system calls refuses fails with EPERM, and istd says what failed.
    check(re.findall(r".*(?:not permitted|denied|no mail is exchanged|SIGSYS).*", told), [], "refused by its sandbox")


def after():
    if asker:
        asker.close()
    discovery.stop()
    for folder in Path(CONFIG / "iscsi").glob(f"{TARGET}/tpgt_*/enable"):
        write(folder, 0)
    status("systemctl stop iscsid.service")
    san_down()


main(before=before, after=after)
