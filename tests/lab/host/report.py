# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a script's TAP amounts to, and how a person is told."""

import re
from dataclasses import dataclass, field

POINT = re.compile(r"(not )?ok\b\s*(\d+)?\s*-?\s*(.*?)(?:\s*#\s*(skip|todo)\b\s*(.*))?$", re.I)


@dataclass
class Outcome:
    """One script's result. `troubles` holds all that makes it fail, with the details."""
    script: str
    lines: list = field(default_factory=list)
    passed: int = 0
    failed: int = 0
    skipped: list = field(default_factory=list)
    troubles: list = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self):
        return not self.troubles and not self.failed

    def judge(self):
        """Reads the TAP: every planned point must have come, and none may have failed."""
        planned, seen, details = None, 0, None
        for line in self.lines:
            if re.fullmatch(r"1\.\.\d+.*", line):
                planned = int(re.match(r"1\.\.(\d+)", line)[1])
                if planned == 0:
                    self.skipped.append(line.partition("#")[2].strip() or "the whole script")
                continue
            if line.startswith("Bail out!"):
                self.troubles.append([line])
                continue
            if line.startswith(("#", " ")):
                if details is not None:
                    details.append(line)
                continue
            point = POINT.match(line)
            if not point:
                continue
            seen += 1
            details = None
            bad, _, name, directive, why = point.groups()
            if directive and directive.lower() == "skip":
                self.skipped.append(f"{name}: {why}")
            elif not bad or directive:
                self.passed += 1
            else:
                self.failed += 1
                details = [line]
                self.troubles.append(details)
        if planned is None:
            self.troubles.append(["no plan line (1..N): the script did not come to its end"])
        elif planned != seen:
            self.troubles.append([f"{planned} points were planned, {seen} came"])
        return self


def print_outcome(outcome):
    points = outcome.passed + outcome.failed + len(outcome.skipped)
    word = "ok    " if outcome.good else "NOT OK"
    extra = f", {len(outcome.skipped)} skipped" if outcome.skipped else ""
    print(f"{word} {outcome.script:32} {outcome.passed}/{points} points{extra}, {outcome.seconds:.1f} s", flush=True)
    for why in outcome.skipped:
        print(f"         skipped: {why}")
    for trouble in outcome.troubles:
        for line in trouble:
            print(f"         {line}")


def as_tap(outcomes):
    """All outcomes as one TAP stream: a point for each script."""
    yield f"1..{len(outcomes)}"
    for number, outcome in enumerate(outcomes, 1):
        yield f"{'ok' if outcome.good else 'not ok'} {number} - {outcome.script}"
        for trouble in outcome.troubles:
            yield from (f"# {line}" for line in trouble)
