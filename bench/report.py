#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""report.py [FILE...]: JSON lines of figures, from files or the standard input, as a table.

A line is an object: `figure` (text), `value` (number), `unit` (text); and, where they make sense,
`bar` (the value to stay at or below), `peer` (the same figure of another program in the same run) and
`note` (text). Other lines are passed over: a program may talk beside its figures. Exits with 1 when
there is no figure at all; a missed bar is shown, not an error, for figures belong to a machine."""

import json
import sys


def figures(lines):
    for line in lines:
        if not line.lstrip().startswith("{"):
            continue
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(found, dict) and {"figure", "value", "unit"} <= found.keys():
            yield found


def number(value):
    """Four digits are what a measurement is worth."""
    if value is None:
        return ""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}"


def verdict(found):
    bar = found.get("bar")
    if bar is None:
        return ""
    return "holds" if found["value"] <= bar else "MISSED"


def rows(found):
    yield ["figure", "value", "unit", "bar", "", "peer", "note"]
    for one in found:
        yield [one["figure"], number(one["value"]), one["unit"], number(one.get("bar")), verdict(one),
               number(one.get("peer")), one.get("note", "")]


def table(found):
    cells = list(rows(found))
    shown = [column for column in range(len(cells[0])) if any(row[column] for row in cells[1:])]
    widths = {column: max(len(row[column]) for row in cells) for column in shown}
    right = {1, 3, 5}
    lines = ["| " + " | ".join(row[column].rjust(widths[column]) if column in right
                               else row[column].ljust(widths[column]) for column in shown) + " |"
             for row in cells]
    rule = "|" + "|".join("-" * (widths[column] + 1) + (":" if column in right else "-")
                          for column in shown) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def main():
    lines = []
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8", errors="replace") as file:
            lines += file
    if not sys.argv[1:]:
        lines = sys.stdin
    found = list(figures(lines))
    if not found:
        print("report.py: no figures", file=sys.stderr)
        return 1
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
