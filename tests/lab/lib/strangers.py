# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user whom nobody gave a permission asks for every change there is: nothing happens, and nothing is told."""

import json
import os
import xml.etree.ElementTree

import managers
from bus import Bus, BusError
from managers import DROP_IN, NAMES, RECORD, STATE, optimized, unit
from mpapid import GROUP, LOAD_BALANCE, LOGICAL_UNIT, PATH, PLUGIN, SERVICE, Objects, Story
from shell import read, sh
from tap import check, check_that, note, test

NOBODY = 65534
SECRET = "a-word-of-the-caller"


def changing_methods(objects):
    """(interface, method, signature) of all that need a permission, as the daemon itself tells its interfaces."""
    found = []
    for interface in (PLUGIN, LOAD_BALANCE, LOGICAL_UNIT, PATH):
        with Bus() as bus:
            told = bus.call(SERVICE, objects.of(interface)[0]["path"], "org.freedesktop.DBus.Introspectable",
                            "Introspect")
        tree = xml.etree.ElementTree.fromstring(told)
        for method in tree.findall(f"./interface[@name='{interface}']/method"):
            signature = "".join(arg.get("type") for arg in method.findall("arg") if arg.get("direction") != "out")
            found.append((interface, method.get("name"), signature))
    return [one for one in found if one[1] != "Refresh"]


def arguments(signature, objects):
    """What would be a valid request with that signature."""
    path = objects.one(PATH, Device=optimized()[1][0])["path"]
    group = objects.of(GROUP, LogicalUnit=unit()["path"])[0]["path"]
    of = {"a{sv}": [{}], "ba{sv}": [False, {}], "ua{sv}": [2, {}], "oa{sv}": [path, {}],
          "a(os)a{sv}": [[(group, "active-optimized")], {}],
          "a{ss}a{sv}": [{"selector": "queue-length 0", SECRET: SECRET}, {}]}
    return of[signature]


def as_nobody(calls):
    """Makes the calls as a plain user; gives (error name, text) of each, or "done"."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answers = []
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with Bus() as bus:
            for call in calls:
                try:
                    bus.call(SERVICE, *call, deadline=60)
                    answers.append(("done", ""))
                except BusError as error:
                    answers.append((error.name, str(error)))
        os.write(writer, json.dumps(answers).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return [tuple(one) for one in json.loads(told)]


def everything():
    """Files, tables and what is published, without the times at which it was read."""
    times = {"ReadAt", "TableReadAt", "StateReadAt", "IdentityReadAt", "Generation"}
    return {"files": {str(file): read(file, "none") for file in (STATE, RECORD, DROP_IN)},
            "tables": {name: sh(f"dmsetup table {name}") for name in NAMES.values()},
            "published": {(one["path"], one["interface"]): {key: value for key, value in one.items()
                                                            if key not in times} for one in Objects().all}}


def refused_everywhere(why):
    objects = Objects()
    calls, about = [], []
    for interface, method, signature in changing_methods(objects):
        one = unit() if interface == LOGICAL_UNIT else objects.of(interface)[0]
        calls.append((one["path"], interface, method, signature, *arguments(signature, objects)))
        about.append(f"{method} of {interface.rpartition('.')[2]}")
    check_that(len(calls) >= 20, "there are methods that change something", about)
    before = everything()
    with Story() as story:
        answers = as_nobody(calls)
        story.settled()
        changes = [one for one in story.signals.matching(lambda s: True, story.began)
                   if not {*(one["body"][1] if one["member"] == "PropertiesChanged" else {"x": 0})} <=
                   {"ReadAt", "TableReadAt", "StateReadAt", "IdentityReadAt", "Trouble"}]
    check(everything(), before, "files, tables and what is published")
    note(f"signals meanwhile: {[(one['path'], one['member']) for one in changes]}")
    words = {text.partition("(")[0] for _, text in answers}
    note(words)
    for what, (name, text) in zip(about, answers):
        check(name, "org.freedesktop.DBus.Error.AccessDenied", f"{what}: {text}")
        for secret in (SECRET, "queue-length", *optimized()[0], NAMES["lu0"]):
            check_that(secret not in text.split(), f"{what}: its answer does not tell {secret}", text)
    check_that(any(why in text for _, text in answers), f"it says why: {why}", words)
    sh("journalctl --sync")
    check_that(SECRET not in sh("journalctl -b --no-pager"), "what was asked for is not in the journal")


@test
def a_plain_user_changes_nothing():
    refused_everywhere("uthenticat")


@test
def a_plain_user_changes_nothing_where_polkit_does_not_run():
    sh("systemctl mask --runtime --now polkit.service")
    try:
        refused_everywhere("polkit")
    finally:
        sh("systemctl unmask --runtime polkit.service")


@test
def root_may_do_what_the_user_may_not():
    disk = optimized()[0][0]
    managers.act(managers.path(disk), "Disable")
    check(managers.path(disk)["Disabled"], True, "Disabled")
    managers.act(managers.path(disk), "Enable")
