#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=1800 isolate mem=1536
"""64 units of 4 paths each."""

from beside_multipathd import compare, many_units
from san import san_down
from tap import main, test

UNITS, PATHS = 64, 4


def the_units():
    many_units(UNITS, PATHS)


@test
def both_daemons_are_measured():
    compare(UNITS, PATHS)


main(before=the_units, after=san_down)
