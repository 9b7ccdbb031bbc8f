# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test Anything Protocol for stories told in functions.

    from tap import check, main, test

    @test
    def a_standby_group_is_published_as_standby():
        group_state("lu0", "gA", "standby")
        check(published_state(), "standby", "state of gA")

    main(before=build_the_san, after=san_down)

Each @test function is one point; its name reads as a sentence. `check` notes a
difference and goes on, so that a comparison field by field shows all fields that
differ; `require` ends the point. Any exception fails the point, not the script.
"""

import sys
import time
import traceback

from shell import CommandFailed, TooLate

_points = []
_notes = []


class Failed(Exception):
    """What follows in this point has no meaning any more."""


class Skipped(Exception):
    """This point cannot be made here; the text says why."""


def test(function):
    _points.append(function)
    return function


def skip(why):
    raise Skipped(why)


def note(text):
    """A line for the reader of the log."""
    for line in str(text).splitlines() or [""]:
        print(f"# {line}", flush=True)


def check(actual, expected, what):
    """Notes a failure, with both values, if they differ; gives whether they are equal."""
    if actual == expected and isinstance(actual, bool) == isinstance(expected, bool):
        return True
    _notes.append(f"{what}\n  expected: {expected!r}\n  actual:   {actual!r}")
    return False


def check_that(holds, what, seen=None):
    """Notes a failure if a condition does not hold; `seen` is printed to understand it."""
    if not holds:
        _notes.append(what + ("" if seen is None else f"\n  seen: {seen!r}"))
    return bool(holds)


def check_fields(actual, expected, what):
    """`check` for each field of a dictionary of expected values."""
    return all([check(actual.get(key), value, f"{what}: {key}") for key, value in expected.items()])


def require(actual, expected, what):
    if not check(actual, expected, what):
        raise Failed


def require_that(holds, what, seen=None):
    if not check_that(holds, what, seen):
        raise Failed


def _make(number, name, function):
    """Runs one point and prints it. Gives whether it passed."""
    _notes.clear()
    started, why = time.monotonic(), None
    try:
        function()
    except Skipped as skipped:
        why = str(skipped)
    except Failed:
        pass
    except (CommandFailed, TooLate) as error:
        place = traceback.extract_tb(error.__traceback__)
        lines = [f"{frame.name}:{frame.lineno}" for frame in place[1:]]
        _notes.append(f"{error}\n  at {' > '.join(lines)}")
    except Exception:
        _notes.append(traceback.format_exc().rstrip())
    if why is not None and not _notes:
        print(f"ok {number} - {name} # SKIP {why}", flush=True)
        return True
    print(f"{'not ok' if _notes else 'ok'} {number} - {name}", flush=True)
    for text in _notes:
        note(text)
    print(f"# {time.monotonic() - started:.2f} s", flush=True)
    return not _notes


def main(before=None, after=None):
    """Runs all points in the order they stand in the file, and ends the program.

    `before` and `after` are run once each. If `before` fails, that is a failed point and
    nothing else is run; `after` is run in any case.
    """
    points = [(function.__name__.replace("_", " "), function) for function in _points]
    if before:
        points.insert(0, (f"before: {before.__name__.replace('_', ' ')}", before))
    if after:
        points.append((f"after: {after.__name__.replace('_', ' ')}", after))
    print(f"1..{len(points)}", flush=True)
    good = True
    for number, (name, function) in enumerate(points, 1):
        if before and not good and number == 2:
            for rest, (left, _) in enumerate(points[1:len(points) - bool(after)], 2):
                print(f"not ok {rest} - {left}\n# not run: what comes before it failed", flush=True)
            if after:
                _make(len(points), *points[-1])
            break
        good = _make(number, name, function) and good
    # 0 even with failed points: TAP says that. Another status means the script itself broke.
    sys.exit(0)
