#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""clusprepd as it is installed, asked over the wire by clusprep: real units, multipathd, polkit, systemd's sockets."""

import os
import re
import signal
from pathlib import Path

import clusprep
import managers
from clusprep import (BUSY, CRC, DENIED, LOGS, NOT_FOUND, PASSWORD, STATE, STATE_ERROR, USER, Held, Session,
                      account_name, add_account, asked, clusprepd_start, failed, journal, network_beside,
                      network_beside_down, nft, ran)
from mpapid import SERVICE, main_pid
from multipathd import with_keys
from sgtools import reservation_holder, reservation_keys
from shared_disks import (MIB, SHARED_DISK, allow, disk, do, node, one_partition, our_key, partition, path_of, read_only,
                          refused)
from shell import read, sh, status, wait_for
from tap import check, check_that, main, note, require, require_that, test

HERE = Path("/mnt/outside")
SECRET = b"\0of the cluster\xff"
SECRET_FILE = Path("/run/secret-of-the-test")
STRANGER, NEWCOMER = "mallory", "newcomer"
FILE, DATA = "/probe.txt", "written over the wire"
# What CleanUpEvictedNode stops; a polkit rule of the package lets clusprepd do that.
CLUSTER_UNIT = Path("/run/systemd/system/pacemaker.service")
OURS, OTHER = 0, 1  # numbers of lu0, which mpapid allows, and lu1, which it does not
SYSTEMS = 2  # of the disk that the guest runs from, no SCSI disk


def before():
    managers.under_multipathd(settings=with_keys())
    allow("lu0")
    one_partition()
    sh(f"mkntfs -F -Q -p 2048 -s 512 -H 255 -S 63 {partition()}")
    do("Examine")  # what others wrote to a disk is seen when it is looked at
    HERE.mkdir(exist_ok=True)
    SECRET_FILE.write_bytes(SECRET)
    network_beside()
    add_account(USER)
    add_account(STRANGER)
    clusprepd_start(USER)


def members():
    return [f"/dev/{one}" for one in managers.units["lu0"]]


def keys():
    """Of each registered nexus, as the device tells them to whoever asks."""
    return reservation_keys(members()[0])


def holder():
    return reservation_holder(members()[0])


def of_disks(told):
    return {one["number"]: one for one in told["disks"]}


@test
def who_is_not_known_or_not_named_is_refused_and_told_apart_by_nobody():
    for user, password in ((USER, "wrong"), ("nobody", PASSWORD), (STRANGER, PASSWORD)):
        code, told = ran("disk", "list", "localhost", user=user, password=password)
        check(code, 4, f"{user}: exit status: {told}")
    wait_for("the journal names them", lambda: all(name in journal() for name in (USER, "nobody", STRANGER)), 20)
    check_that(PASSWORD not in journal(), "no password is in the journal")


@test
def it_lists_the_units_and_no_path():
    disks = of_disks(asked("disk", "list", "localhost"))
    require(sorted(disks), [OURS, OTHER, SYSTEMS], "numbers")
    check((disks[SYSTEMS]["paths"], disks[SYSTEMS]["clusterable"]), (1, False), "the guest's own: paths, clusterable")
    check_that({"boot", "system"} & set(disks[SYSTEMS]["flags"]), "the guest's own: flags", disks[SYSTEMS]["flags"])
    for number, name in ((OURS, "lu0"), (OTHER, "lu1")):
        one = disks[number]
        check(one["paths"], 4, f"{name}: paths")
        check_that({"mpio", "redundant"} <= set(one["flags"]), f"{name}: flags", one["flags"])
        check(one["clusterable"], name == "lu0", f"{name}: clusterable; of one that is not allowed nothing is asked")
    check_that("mbr" in disks[OURS]["flags"], "it has a partition table", disks[OURS]["flags"])
    identifiers = asked("disk", "ids", "localhost", OURS)["identifiers"]
    naa = [one["identifier"] for one in identifiers if one["type"] == "naa"]
    check(naa, [managers.NAMES["lu0"][1:]], "NAA name")
    check(asked("disk", "unique", "localhost", OURS)["unique"], True, "unique")
    check(asked("disk", "readable", "localhost", OURS)["readable"], True, "readable")
    names = [one["name"] for one in asked("disk", "dsms", "localhost")["dsms"]]
    check_that("dm_multipath" in names, "device-mapper multipath is a DSM", names)


@test
def a_disk_that_mpapid_does_not_allow_is_out_of_reach():
    for words in (("pr", "register"), ("pr", "arbitrate"), ("disk", "offline"), ("disk", "read"), ("disk", "scratch")):
        check(failed(*words, "localhost", OTHER), DENIED, f"{' '.join(words)} of the other disk")
        check(failed(*words, "localhost", SYSTEMS), DENIED, f"{' '.join(words)} of the disk that the system runs from")
    check(failed("disk", "props", "localhost", 9), NOT_FOUND, "a number that is none")


@test
def polkit_lets_the_service_s_user_at_disks_and_nobody_else():
    """The bus's answer to a call that has no effect, for the user and for others."""
    ask = f"busctl call {SERVICE} {path_of()} {SHARED_DISK} IsReadable"
    for user, group, may in (("clusprep", "clusprep", True), ("nobody", "nogroup", False),
                             ("ipfailover", "ipfailover", False)):
        code, told = status(f"setpriv --reuid={user} --regid={group} --clear-groups {ask}")
        check_that((code == 0) == may and may != ("Access denied" in told), f"{user}: {may}", told)
    code, told = status("setpriv --reuid=clusprep --regid=clusprep --clear-groups busctl call "
                        "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "
                        "StopUnit ss mpapid.service replace")
    check_that(code != 0, "it may not stop other units", told)


@test
def raw_sectors_are_those_of_the_disk():
    at = asked("disk", "scratch", "localhost", OURS)["sectorX"]
    asked("disk", "write", "localhost", OURS, "x", "--text", "tic")
    told = asked("disk", "read", "localhost", OURS, "x")
    check((told["sector"], told["bytes"], bytes.fromhex(told["data"]).rstrip(b"\0")), (at, 512, b"tic"), "read")
    for one in (node(), members()[-1]):
        seen = sh(f"dd if={one} bs=512 skip={at} count=1 iflag=direct status=none | tr -d '\\0'")
        check(seen, "tic", f"by dd from {one}")
    whole = asked("disk", "read", "localhost", OURS, 0, "--bytes", MIB)
    check(whole["data"][1020:1024], "55aa", "signature of the partition table")
    check(failed("disk", "write", "localhost", OURS, 0, "--text", "no"), DENIED, "a write elsewhere")


@test
def reservations_are_made_on_each_nexus():
    with Session() as session:
        check(session.done(f"pr present {OURS}")["reserved"], False, "reserved before")
        check(session.hresult(f"pr reserve {OURS}"), BUSY, "reserve before register")
        check(session.hresult(f"pr clear {OURS}"), BUSY, "clear before register")
        session.done(f"pr register {OURS}")
        check(keys(), [our_key()] * 4, "keys at the device")
        session.done(f"pr reserve {OURS}")
        check(holder(), our_key(), "holder at the device")
        check(session.done(f"pr present {OURS}")["reserved"], True, "reserved")
        session.done(f"pr preempt {OURS}")
        session.done(f"pr release {OURS}")
        check((keys(), holder()), ([our_key()] * 4, ""), "after release")
        session.done(f"pr unregister {OURS}")
        check(keys(), [], "after unregister")
        session.done(f"pr register {OURS}")
        session.done(f"pr reserve {OURS}")
        session.done(f"pr clear {OURS}")
        check((keys(), holder()), ([], ""), "after clear")


def steps(told):
    return [one["name"] for one in told["steps"]]


@test
def the_flow_online_owns_the_disk_while_it_is_held():
    name = managers.NAMES["lu0"]
    with Held("flow", "online", "localhost", OURS) as held:
        held.waits_for("it is this node's", lambda: disk()["Ownership"] == "this-node")
        check((keys(), holder()), ([our_key()] * 4, our_key()), "keys and holder")
        wait_for("multipathd has the key", lambda: our_key() in sh(f"multipathd getprkey map {name}"), deadline=30,
                 every=0.2)
        check(ran("pr", "arbitrate", "localhost", OURS)[0], 0, "another client of the node that owns it")
        code, told = held.interrupt()
        note(told)
        check(code, 0, "exit status after an interrupt")
    wait_for("it is given back", lambda: disk()["Ownership"] == "none", deadline=60, every=0.2)
    check((keys(), holder()), ([], ""), "keys and holder")
    check(disk()["Online"], False, "it is offline when nobody defends it")
    check_that(all(read_only(node(), *members()).values()), "map and paths are read-only",
               read_only(node(), *members()))
    check_that(our_key() not in sh(f"multipathd getprkey map {name}", check=False), "multipathd has no key any more")


@test
def a_reload_reads_accounts_and_names_anew_and_ends_no_session():
    """Whom the file and the accounts name, and who holds a disk meanwhile."""
    before, installed = clusprep.main_pid(), clusprep.CONFIG.read_text()
    with Held("flow", "online", "localhost", OURS) as held:
        held.waits_for("it is this node's", lambda: disk()["Ownership"] == "this-node")
        add_account(NEWCOMER)
        clusprep.CONFIG.write_text(installed.replace("users = [", f"users = ['{account_name(NEWCOMER)}', "))
        check(ran("disk", "list", "localhost", user=NEWCOMER)[0], 4, "exit status before the reload")
        clusprep.clusprepd_reload()
        check(ran("disk", "list", "localhost", user=NEWCOMER)[0], 0, "exit status after it")
        sh(f"clusprepd account remove {NEWCOMER}")
        clusprep.CONFIG.write_text("[allow]\nusers = 5\n")
        clusprep.clusprepd_reload()
        check_that(f"{clusprep.CONFIG}:2" in journal("-1min"), "the journal says what is wrong", journal("-1min"))
        check(ran("disk", "list", "localhost", user=NEWCOMER)[0], 4, "of an account that was removed")
        clusprep.CONFIG.write_text(installed)
        clusprep.clusprepd_reload()
        check(ran("disk", "list", "localhost")[0], 0, "of one that was there all the while")
        check(clusprep.main_pid(), before, "the same process")
        check((disk()["Ownership"], holder()), ("this-node", our_key()), "who held the disk holds it")
    copy = Path("/run/clusprep/accounts")
    check((copy.owner(), copy.group(), copy.stat().st_mode & 0o777), ("root", "clusprep", 0o640), "the service's copy")
    wait_for("it is given back", lambda: disk()["Ownership"] == "none", deadline=60, every=0.2)


def outside(line):
    """With the partition mounted as anybody would."""
    sh(f"mount -t ntfs3 {partition()} {HERE}")
    try:
        return sh(line)
    finally:
        sh(f"umount {HERE}")


@test
def files_are_written_verified_tampered_with_and_deleted():
    with Session() as session:
        session.done(f"pr arbitrate {OURS}")
        check(session.done(f"disk online {OURS}")["partitions"], 1, "partitions")
        check(session.done(f"disk is-online {OURS}")["online"], True, "online")
        check(session.done(f"partition fs {OURS} 0")["fileSystem"], "NTFS", "file system")
        check(session.done(f"partition is-ntfs {OURS} 0")["ntfs"], True, "is-ntfs")
        session.done(f"file write {OURS} 0 {FILE} --text '{DATA}'")
        check(session.done(f"file verify {OURS} 0 {FILE} --text '{DATA}'")["matches"], True, "verify")
        check(outside(f"cat {HERE}{FILE}"), DATA, "seen from outside")
        outside(f"printf x | dd of={HERE}{FILE} bs=1 seek=3 conv=notrunc status=none")
        told = session.ask(f"file verify {OURS} 0 {FILE} --text '{DATA}'")
        check_that(told.get("matches") is False or told.get("hresult") == CRC, "tampered with: it differs", told)
        session.done(f"file delete {OURS} 0 {FILE}")
        check(session.hresult(f"file delete {OURS} 0 {FILE}"), NOT_FOUND, "delete again")
        check_that(FILE[1:] not in outside(f"ls {HERE}"), "seen from outside: gone")
        check(session.hresult(f"pr stop-defense {OURS}"), STATE_ERROR, "the defence of a disk that is online")
        session.done(f"disk offline {OURS}")
        check(session.done(f"disk is-online {OURS}")["online"], False, "online")
        code, told = status(f"dd if=/dev/zero of={node()} bs=4096 seek=1024 count=1 oflag=direct conv=notrunc")
        check_that(code != 0, "nobody writes", told)
        session.done(f"pr stop-defense {OURS}")
        session.done(f"disk set-online {OURS}")
        wait_for("it is online", lambda: session.done(f"disk is-online {OURS}")["online"], deadline=60, every=0.5)
    check((keys(), disk()["Online"]), ([], True), "in the end: keys, online")


@test
def what_is_mounted_here_is_not_torn_away():
    wait_for("the partition is there", lambda: Path(partition()).exists(), deadline=30)
    sh(f"mount -t ntfs3 {partition()} {HERE}")
    try:
        with open(HERE / "kept", "w", encoding="ascii"):
            check(failed("disk", "offline", "localhost", OURS), BUSY, "offline while a file is open")
        check_that(str(HERE) in journal(), "the journal says who", journal()[-1000:])
    finally:
        sh(f"umount {HERE}")


@test
def networks_are_told_and_asked():
    told = asked("network", "adapters", "localhost", "--all")
    check(told["serverName"].upper(), "LAB", "server name")
    one = next((one for one in told["adapters"] if "to-there" in (one["name"], one["friendlyName"])), None)
    require_that(one, "the adapter is told", told["adapters"])
    check((one["status"], one["type"], one["addresses"][0].partition("/")[0]), ("up", "ethernet", "10.9.0.1"),
          "status, type, first address")
    check(bytes.fromhex(re.sub("[^0-9a-fA-F]", "", one["physicalAddress"]))[:6].hex(":"),
          read("/sys/class/net/to-there/address"), "physical address")
    code, told = ran("network", "ping", "localhost", "10.9.0.1", "10.9.0.2")
    check_that(code == 0 and told["elapsedMilliseconds"] < 1000, "an echo of the other end, by ipfailoverd", told)
    check_that(ran("network", "ping", "localhost", "10.9.0.1", "10.9.0.77")[0] in (1, 3), "of nobody")
    code, told = ran("flow", "network", "localhost", "10.9.0.1", "10.9.0.2")
    check(code, 0, f"flow: {told}")
    check(steps(told), ["connect", "InitializeNode", "SendRTMessage", "QueryFirewallConfiguration", "CleanupNode"],
          "steps of the flow")


@test
def the_firewall_is_read_as_it_is():
    def rules():
        told = asked("network", "firewall", "localhost")
        return told["serverRules"], told["managementRules"]
    check(rules(), (True, True), "without a rule: server, management")
    nft("add table inet lab; add chain inet lab in { type filter hook input priority 0; policy accept; }; "
        "add rule inet lab in iifname \"to-there\" udp dport 3343 drop")
    try:
        check(rules()[0], False, "with what drops nodes' messages: server")
        profile = [one for one in asked("firewall", "localhost")["adapters"] if not one["serverRules"]]
        check(len(profile), 1, "adapters that it holds for")
    finally:
        nft("delete table inet lab")
    check(rules(), (True, True), "and after it")


@test
def the_secret_is_sealed_and_outlives_a_restart():
    code, told = ran("flow", "setup", "localhost", "--input", SECRET_FILE)
    check((code, steps(told)), (0, ["connect", "ConfigSvcSecret", "RetrieveSvcSecret", "RetrieveHostLabel"]), "flow")
    clusprep.clusprepd_restart()
    check(bytes.fromhex(asked("setup", "secret", "get", "localhost")["secret"]), SECRET, "after a restart")
    kept = [path for path in STATE.rglob("*") if path.is_file()]
    check_that(any("secret" in path.name for path in kept), "it is in a file", kept)
    check_that(not any(SECRET in path.read_bytes() for path in kept), "not in clear")
    check(asked("setup", "label", "localhost")["label"], "lab", "label")


@test
def a_log_of_the_node_is_gathered_for_its_share():
    for words in (("log", "all", "localhost"), ("log", "span", "localhost", 15)):
        told = asked(*words)
        share, _, name = told["path"].partition("\\")
        require((share, "\\" in name, "/" in name), ("ClusterLogs", False, False), f"path {told['path']}")
        file = LOGS / name
        require_that(file.exists(), f"{file} is there", list(LOGS.iterdir()))
        text = file.read_text(errors="replace")
        for said in ("mpapid", "clusprepd", account_name()):
            check_that(said in text, f"{words[1]}: it has the journal's '{said}'", text[:600])
        check_that(re.search(r"scsi|sd[a-z]|device-mapper|TCM", text), f"{words[1]}: it has the kernel's", text[:600])
        check(file.owner(), "clusprep", "owner")
        note(f"{words[1]}: {len(text)} bytes")


@test
def a_service_that_is_stopped_gives_back_what_its_clients_held():
    with Held("flow", "online", "localhost", OURS) as held:
        held.waits_for("it is this node's", lambda: disk()["Ownership"] == "this-node")
        sh(f"systemctl stop {clusprep.UNIT}", timeout=120)
        check((disk()["Ownership"], disk()["Online"], keys()), ("none", False, []), "ownership, online, keys")
        check(sh(f"systemctl show -P Result {clusprep.UNIT}"), "success", "how the unit ended")
        os.kill(held.process.pid, signal.SIGKILL)
    clusprep.clusprepd_restart()
    check(asked("disk", "online", "localhost", OURS)["partitions"], 1, "partitions, of the next one")
    wait_for("it is online", lambda: disk()["Online"], deadline=60)


@test
def an_evicted_node_is_clean():
    CLUSTER_UNIT.write_text("[Service]\nExecStart=sleep infinity\n")
    sh("systemctl daemon-reload; systemctl start pacemaker.service")
    with Session() as session:
        session.done(f"pr arbitrate {OURS}")
        check(holder(), our_key(), "it holds a disk")
        check(bytes.fromhex(session.done("setup secret get")["secret"]), SECRET, "and a secret")
        session.done("cleanup node --delay 2 --wait 60")
        check(sh("systemctl is-active pacemaker.service", check=False), "inactive", "the cluster's service")
        check((keys(), holder(), disk()["Ownership"]), ([], "", "none"), "keys, holder, ownership")
        check(session.hresult("setup secret get"), NOT_FOUND, "its secret")
        session.done("cleanup node --wait 60")  # once more does no harm
    check(disk()["Online"], True, "Online")


@test
def a_foreign_reservation_is_cleared_by_number():
    """What a node that is no more has left, on a disk that an object of this node attached."""
    rival = members()[0]
    sh(f"sg_persist --out --register-ignore --param-sark=0xbad {rival}")
    sh(f"sg_persist --out --reserve --param-rk=0xbad --prout-type=5 {rival}")
    with Session() as session:
        session.done("disk prepare")
        check(session.done(f"pr present {OURS}")["reserved"], True, "reserved")
        session.done(f"cleanup pr {OURS}")
        check((keys(), holder()), ([], ""), "keys and holder")
        check_that(session.hresult(f"cleanup pr {OTHER}") != "", "not of a disk that is not allowed")


@test
def nobody_was_restarted():
    for unit in ("mpapid.service", clusprep.UNIT, "ipfailoverd.service"):
        check(sh(f"systemctl show -P NRestarts {unit}"), "0", f"{unit}: restarts by itself")
    check_that(main_pid() != 0, "mpapid runs")


def after():
    CLUSTER_UNIT.unlink(missing_ok=True)
    status("systemctl stop pacemaker.service; systemctl daemon-reload")
    SECRET_FILE.unlink(missing_ok=True)
    status(f"umount {HERE}")
    network_beside_down()
    clusprep.clusprepd_as_installed()
    refused("TakeOffline")
    refused("StopDefense")
    refused("BringOnline")
    managers.all_down()


main(before=before, after=after)
