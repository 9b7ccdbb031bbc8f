# SPDX-License-Identifier: LGPL-2.1-or-later
"""The share definition that we ship, read by Samba's own testparm(1), taken in as its comment says."""
import os
import pathlib
import subprocess
import tempfile
import unittest

import needs

needs.tools("testparm")

SHARE = pathlib.Path(os.environ["SOURCE_ROOT"]) / "clusprep/node/examples/smb-cluster-logs.conf"
GLOBAL = "[global]\n    workgroup = EXAMPLE\n    server role = standalone server\n"

# By testparm, where a share has them as they are by default.
LEFT_OUT = {"read only": "Yes", "guest ok": "No"}
MEANT = {
    **LEFT_OUT,
    "browseable": "No",
    "comment": "Cluster logs gathered by clusprepd",
    "path": "/var/log/clusprep",
    "valid users": "@clusteradmins",
    "force group": "clusprep",
    "veto files": "/*.new/",
}


class Testparm(unittest.TestCase):
    def understood(self, text):
        """What it takes each parameter of the share for, and what it has to say."""
        with tempfile.TemporaryDirectory() as folder:
            share = pathlib.Path(folder) / "share.conf"
            share.write_text(text)
            config = pathlib.Path(folder) / "smb.conf"
            config.write_text(f"{GLOBAL}    include = {share}\n")

            ran = subprocess.run(["testparm", "--suppress-prompt", str(config)], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        _, found, section = ran.stdout.partition("[ClusterLogs]\n")
        self.assertTrue(found, ran.stdout + ran.stderr)
        lines = (line.split(" = ", 1) for line in section.splitlines() if " = " in line)
        return {**LEFT_OUT, **{name.strip(): value.strip() for name, value in lines}}, ran.stderr

    def test_it_is_understood_and_means_what_it_says(self):
        share, said = self.understood(SHARE.read_text())
        self.assertEqual(share, MEANT)
        for word in ("nknown", "Ignoring", "WARNING", "ERROR", "nvalid"):
            self.assertNotIn(word, said)

    def test_a_word_that_samba_does_not_know_is_noticed(self):
        """Else the test above would see nothing."""
        _, said = self.understood(SHARE.read_text().replace("read only", "read ony"))
        self.assertIn("Unknown parameter", said)
        share, _ = self.understood(SHARE.read_text().replace("read only = yes", "read only = no"))
        self.assertNotEqual(share, MEANT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
