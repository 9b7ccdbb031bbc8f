#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipath-tools against common/multipath_conf.

Configurations, made at random from a seed and made odd, are given to `multipath -t` in a mount
namespace of their own. What it shows must hold what we read from the same files, setting by setting,
from the same lines.

usage: test_multipath_tools.py COMPARE [unittest arguments]
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

COMPARE = ""

# The files of the test over /etc of the namespace; nothing outside of it changes.
SHOW = """
mount -t tmpfs none /mnt && mkdir /mnt/etc && cp /etc/passwd /mnt/etc/ &&
cp -r "$1"/. /mnt/etc/ && mount --bind /mnt/etc /etc && exec multipath -t
"""

ODD = """defaults
    path_selector "queue-length 0"   # no brace above
}
defaults {
    unknown_section {
        failback 22
    }
    rr_min_io_rq 9
}
overrides junk {
    rr_min_io 33 44
}
  no_path_retry 44
}
multipaths {
    no_path_retry 3
    multipath {
        wwid w"0"
        alias "x ""quoted"" y" junk
    }
    multipath {
        wwid "w 2
        alias b{c
        no_path_retry 7 }
    }
    device {
        rr_weight priorities
    }
    multipath {
        wwid w1#comment
        rr_min_io_rq 5!comment
    } trailing
"""


def attributes(rng, keys):
    values = {
        "no_path_retry": lambda: rng.choice(["fail", "queue", str(rng.randint(1, 99))]),
        "failback": lambda: rng.choice(["immediate", "manual", str(rng.randint(1, 99))]),
        "rr_min_io_rq": lambda: str(rng.randint(1, 999)),
        "path_grouping_policy":
            lambda: rng.choice(["failover", "multibus", "group_by_prio", "group_by_serial"]),
        "path_selector": lambda: rng.choice(['"round-robin 0"', '"queue-length 0"']),
        "user_friendly_names": lambda: rng.choice(["yes", "no", '"yes"']),
        "fast_io_fail_tmo": lambda: str(rng.randint(1, 99)),
        "dev_loss_tmo": lambda: str(rng.randint(600, 900)),
        "polling_interval": lambda: str(rng.randint(1, 20)),
        "alias": lambda: '"a%d"' % rng.randint(0, 99),
    }
    for key in rng.sample(keys, rng.randint(0, len(keys))):
        yield "%s %s" % (key, values[key]())


def random_file(rng):
    of_maps = ["no_path_retry", "failback", "rr_min_io_rq", "path_grouping_policy",
               "path_selector", "user_friendly_names"]
    timeouts = ["fast_io_fail_tmo", "dev_loss_tmo"]
    lines = []
    for _ in range(rng.randint(0, 6)):
        kind = rng.choice(["defaults", "devices", "overrides", "multipaths"])
        lines.append(kind + " {")
        if kind == "defaults":
            lines += attributes(rng, of_maps + ["polling_interval"])
        elif kind == "devices":
            for _ in range(rng.randint(1, 3)):
                lines += ["device {", "vendor " + rng.choice(["ACME", '"^AC"', '"X|ACME"']),
                          "product " + rng.choice(['"P1"', '"P.*"', '"^P[01]$"', '"2"""'])]
                if rng.random() < 0.3:
                    lines.append('revision "%s"' % rng.choice(["1.0", "^2"]))
                lines += list(attributes(rng, of_maps + timeouts)) + ["}"]
        elif kind == "overrides":
            lines += attributes(rng, of_maps + timeouts)
            for _ in range(rng.randint(0, 2)):
                lines += ["protocol {", 'type "%s"' % rng.choice(["scsi:fcp", "scsi:iscsi"])]
                lines += list(attributes(rng, timeouts)) + ["}"]
        else:
            for _ in range(rng.randint(1, 3)):
                lines += ["multipath {", "wwid " + rng.choice(["w0", '"w1"', '"w 2"'])]
                lines += list(attributes(rng, of_maps + ["alias"])) + ["}"]
        lines.append("}")
    return "\n".join(lines) + "\n"


class MultipathTools(unittest.TestCase):
    def compare(self, files):
        """`files`: name under /etc to text, in the order they are read."""
        with tempfile.TemporaryDirectory() as directory:
            etc = os.path.join(directory, "etc")
            names = []
            for name, text in files.items():
                names.append(os.path.join(etc, name))
                os.makedirs(os.path.dirname(names[-1]), exist_ok=True)
                with open(names[-1], "w", encoding="utf-8") as file:
                    file.write(text)
            shown = os.path.join(directory, "shown")
            with open(shown, "wb") as output:
                run = subprocess.run(["unshare", "-m", "sh", "-c", SHOW, "sh", etc], timeout=60,
                                     stdout=output, stderr=subprocess.PIPE, text=True,
                                     check=False)
            with open(shown, encoding="utf-8") as output:
                text = output.read()
            self.assertIn("defaults {", text, run.stderr)
            ours = subprocess.run([COMPARE, shown, *names], timeout=60, stdout=subprocess.PIPE,
                                  text=True, check=False)
            if ours.returncode != 0:
                told = "\n".join("--- %s\n%s" % item for item in files.items())
                self.fail("%s\n%s\n--- they show (without what is built in)\n%s" %
                          (ours.stdout, told, text[text.find("overrides {"):]))

    def test_no_file_is_read_alike(self):
        self.compare({"multipath.conf": "\n"})

    def test_odd_syntax_is_read_alike(self):
        self.compare({"multipath.conf": ODD})

    def test_random_configurations_are_read_alike(self):
        for seed in range(60):
            with self.subTest(seed=seed):
                rng = random.Random(seed)
                files = {"multipath.conf": random_file(rng)}
                for name in ["10-a.conf", "20-b.conf"][:rng.randint(0, 2)]:
                    files["multipath/conf.d/" + name] = random_file(rng)
                self.compare(files)


def can_run():
    if shutil.which("multipath") is None:
        return "multipath-tools are not installed"
    probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                           stderr=subprocess.DEVNULL, check=False)
    return None if probe.returncode == 0 else "no mount namespace can be made here (needs root)"


if __name__ == "__main__":
    COMPARE = sys.argv.pop(1)
    reason = can_run()
    if reason:
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(verbosity=2)
