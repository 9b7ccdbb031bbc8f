#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""What mpapid says of multipathd's settings and rules, held against multipathd's own word."""

import re
from pathlib import Path

from bus import Bus
from multipathd import SETTINGS, multipathd_start
from san import SERIALS, naa_of, san_down, two_alua_units
from shell import TooLate, settle, sh, wait_for
from tap import check, check_that, main, note, require_that, test

SERVICE, ROOT = "org.mpapi.Multipath1", "/org/mpapi/Multipath1"
CONF = Path("/etc/multipath.conf")
RULE = "3" + naa_of(SERIALS["lu1"])
WORDS = SETTINGS.format(polling=2, max_polling=4, retry="6").replace("blacklist {\n",
                                                                     f'blacklist {{\n\twwid "{RULE}"\n')
units = {}
bus = None


def line_of(text):
    return next(number for number, line in enumerate(CONF.read_text().splitlines(), 1) if text in line)


def objects(interface):
    """Properties of all objects with an interface, by path."""
    name = f"{SERVICE}.{interface}"
    return {path: found[name] for path, found in bus.managed_objects(SERVICE, ROOT).items() if name in found}


def manager():
    return bus.get_all(SERVICE, ROOT, f"{SERVICE}.Manager")


def settings():
    """{name: (value, section, file, line, written, note)} of the only unit."""
    found = list(objects("LogicalUnit").values())
    return {words[0]: tuple(words[1:]) for words in found[0]["Settings"]} if len(found) == 1 else {}


def setting(name):
    """As settings() has it; empty fields while it has not (the daemon may just be reading them)."""
    return settings().get(name, ("",) * 6)


def loaded():
    """What `show config local` has: {section: {name: value}}, the inner sections merged into their outer one."""
    sections, outer = {}, None
    for line in sh("multipathd show config local").splitlines():
        words = line.strip()
        if line and not line[0].isspace() and words.endswith("{"):
            outer = sections.setdefault(words.split()[0], {})
        elif found := re.match(r'(\w+) "?(.*?)"?$', words):
            if not words.endswith("{"):
                outer[found[1]] = found[2]
    return sections


def before():
    global bus
    units.update(two_alua_units())
    sh("systemctl start multipathd.socket")  # so that a connection would start the service
    multipathd_start(maps=1, settings=WORDS)
    sh("systemctl restart mpapid.service")
    bus = Bus()
    wait_for("mpapid is ready", lambda: manager()["Ready"], deadline=60)


@test
def multipathd_is_the_path_manager():
    wait_for("the path manager", lambda: manager()["PathManager"] == "multipathd", deadline=60)
    check(manager()["PathManagerReason"], "multipathd.service is active", "reason")


@test
def settings_agree_with_what_multipathd_has_loaded():
    wait_for("settings", lambda: setting("no_path_retry")[0] == "6", deadline=60)
    said, own = settings(), loaded()
    note(f"{len(said)} settings")
    require_that(len(said) > 20, "as many as multipathd has", sorted(said))
    for name, (value, section, *_) in said.items():
        expected = next((own[layer][name] for layer in ("overrides", "devices", "defaults")
                         if name in own.get(layer, {})), None)
        check(value, expected, f"{name} of {section}")
    check(said["no_path_retry"][1:4], ("overrides", str(CONF), line_of("no_path_retry")), "where no_path_retry stands")
    check(said["path_grouping_policy"][0], "group_by_prio", "path_grouping_policy")


@test
def a_blacklisted_disk_names_its_rule():
    disks = {found["Device"]: found for found in objects("Disk").values()}
    check(sorted(disks), sorted(units["lu1"]), "disks in no map")
    for name, found in disks.items():
        check(found["Exclusion"], "wwid-blacklisted", f"{name}: word")
        check_that(f'"{RULE}" ({CONF}:{line_of(RULE)})' in found["ExclusionDetail"], f"{name} names rule and place",
                   found["ExclusionDetail"])


@test
def a_file_that_is_not_loaded_yet_is_told():
    CONF.write_text(WORDS.replace("no_path_retry 6", "no_path_retry 9"))
    wait_for("the file's word", lambda: setting("no_path_retry")[4] == "9", deadline=60)
    check(setting("no_path_retry")[0], "6", "value in force")


@test
def a_reconfigure_is_seen_although_no_file_changes():
    sh("multipathd reconfigure")
    wait_for("the new value", lambda: setting("no_path_retry")[0] == "9", deadline=60)
    check(setting("no_path_retry")[4:], ("", ""), "nothing differs any more")


@test
def a_stopped_multipathd_is_told_and_not_started_again():
    # The reconfigure loaded tables, and udev's rules for a map call multipath, which would start it again.
    settle()
    sh("systemctl stop multipathd.service", timeout=120)
    settle()
    wait_for("the path manager", lambda: manager()["PathManager"] == "observe", deadline=60)
    check(manager()["PathManagerReason"], "multipathd.service is inactive", "reason")
    check(sh("systemctl is-active multipathd.socket"), "active", "its socket")
    wait_for("settings of the table", lambda: setting("no_path_retry")[1] == "table", deadline=60)
    check({found["Exclusion"] for found in objects("Disk").values()}, {"no-manager"}, "exclusions")
    # What makes mpapid ask while it runs. No uevent of a disk: udev's own rule for it runs `multipath -u`,
    # which connects to multipathd's socket and so starts it.
    CONF.write_text(WORDS)
    bus.call(SERVICE, ROOT, f"{SERVICE}.Manager", "Refresh")
    bus.call(SERVICE, ROOT, f"{SERVICE}.Manager", "Settled", "t", 120_000_000, deadline=130)
    try:
        wait_for("multipathd is not inactive any more",
                 lambda: sh("systemctl is-active multipathd.service", check=False) != "inactive", deadline=5)
        check_that(False, "multipathd stays stopped", sh("systemctl status multipathd.service", check=False))
    except TooLate:
        pass  # it stayed so, for longer than mpapid waits before it asks


@test
def whoever_connects_starts_it_and_mpapid_follows():
    # It connects; on a busy machine it does not wait for the answer until multipathd has started.
    sh("multipathd show status", check=False, timeout=120)
    wait_for("the path manager", lambda: manager()["PathManager"] == "multipathd", deadline=60)
    wait_for("settings", lambda: setting("no_path_retry")[:2] == ("6", "overrides"), deadline=60)


main(before=before, after=san_down)
