# SPDX-License-Identifier: LGPL-2.1-or-later
"""Device-mapper's multipath target as dmsetup shows it, as values."""

from shell import sh, status


def _take(words, count):
    taken, words[:count] = words[:count], []
    return taken


def parse_table(line):
    """The table of one multipath target: `START LENGTH multipath …` (no name before it).

    {start, sectors, features, handler, next_group, groups: [{selector, selector_args,
    paths: [{device, args}]}]}; `device` is "major:minor".
    """
    words = line.split()
    start, sectors, kind = _take(words, 3)
    if kind != "multipath":
        raise ValueError(f"not a multipath table: {line}")
    features = _take(words, int(_take(words, 1)[0]))
    handler = _take(words, int(_take(words, 1)[0]))
    count, first = map(int, _take(words, 2))
    groups = []
    for _ in range(count):
        selector = _take(words, 1)[0]
        arguments = _take(words, int(_take(words, 1)[0]))
        paths, each = map(int, _take(words, 2))
        groups.append({"selector": selector, "selector_args": arguments,
                       "paths": [{"device": _take(words, 1)[0], "args": _take(words, each)} for _ in range(paths)]})
    return {"start": int(start), "sectors": int(sectors), "features": features, "handler": handler,
            "next_group": first, "groups": groups}


def parse_status(line):
    """The status of one multipath target (INFO form).

    {features, handler, next_group, groups: [{state, selector_status, paths: [{device,
    state, fail_count, selector_status}]}]}; states are the kernel's letters: A, E, D for
    a group, A and F for a path.
    """
    words = line.split()
    _, _, kind = _take(words, 3)
    if kind != "multipath":
        raise ValueError(f"not a multipath status: {line}")
    features = _take(words, int(_take(words, 1)[0]))
    handler = _take(words, int(_take(words, 1)[0]))
    count, first = map(int, _take(words, 2))
    groups = []
    for _ in range(count):
        state = _take(words, 1)[0]
        told = _take(words, int(_take(words, 1)[0]))
        paths, each = map(int, _take(words, 2))
        group = {"state": state, "selector_status": told, "paths": []}
        for _ in range(paths):
            device, path_state, failures = _take(words, 3)
            group["paths"].append({"device": device, "state": path_state, "fail_count": int(failures),
                                   "selector_status": _take(words, each)})
        groups.append(group)
    return {"features": features, "handler": handler, "next_group": first, "groups": groups}


def table(name):
    return parse_table(sh(f"dmsetup table {name}"))


def map_status(name):
    return parse_status(sh(f"dmsetup status {name}"))


def path_states(name):
    """{major:minor: A or F} of a map."""
    return {path["device"]: path["state"] for group in map_status(name)["groups"] for path in group["paths"]}


def info(name):
    """What dmsetup knows of a device: {name, uuid, major, minor, open, event, suspended}; None if there is none."""
    code, told = status("dmsetup info -c --noheadings --separator '|' "
                        f"-o name,uuid,major,minor,open,events,suspended {name}")
    if code != 0:
        return None
    fields = told.splitlines()[-1].split("|")
    return {"name": fields[0], "uuid": fields[1], "major": int(fields[2]), "minor": int(fields[3]),
            "open": int(fields[4]), "event": int(fields[5]), "suspended": fields[6] == "Suspended"}


def message(name, text):
    """Sends the target a message: fail_path, reinstate_path, switch_group, queue_if_no_path…"""
    sh(f"dmsetup message {name} 0 {text}")
