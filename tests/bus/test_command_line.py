# SPDX-License-Identifier: LGPL-2.1-or-later
"""What mpapid does besides serving: the running daemon's metrics as a file, and the configuration checked."""
from embedded_san import *

MPAPID = os.environ["MPAPID"]


class CommandLine(SanTest):
    def mpapid(self, *words):
        # mpapid-san, which must not serve the system's bus, does not see this.
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        return subprocess.run([MPAPID, *words], env=environment, text=True, timeout=DEADLINE, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def refused_with(self, message, *words, code=1):
        run = self.mpapid(*words)
        self.assertEqual((run.returncode, run.stdout), (code, ""))
        self.assertIn(message, run.stderr)

    def paths_by_state(self, text):
        self.assertTrue(text.endswith("# EOF\n"), text[-200:])
        return {line for line in text.splitlines() if line.startswith("mpapi_paths{")}

    def test_metrics_are_those_of_the_running_daemon_in_one_step(self):
        self.start()
        where = os.path.join(self.scratch.name, "metrics")
        os.mkdir(where)
        file = os.path.join(where, "mpapi.prom")
        with open(file, "w", encoding="utf-8") as old:
            old.write("old\n")
        with open(file, encoding="utf-8") as old:
            self.assertEqual(self.mpapid("--metrics", file).returncode, 0)
            self.assertEqual(old.read(), "old\n", "who reads the old file reads it to its end")
        with open(file, encoding="utf-8") as new:
            text = new.read()
        self.assertTrue(self.paths_by_state(text))
        self.assertEqual(self.paths_by_state(text), self.paths_by_state(self.client.manager("Metrics")[0]))
        self.assertEqual(os.listdir(where), ["mpapi.prom"])
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o644)
        self.assertEqual(self.paths_by_state(self.mpapid("--metrics", "-").stdout), self.paths_by_state(text))

    def test_metrics_that_cannot_be_had_leave_what_was_there(self):
        file = self.file("mpapi.prom", "old\n")
        self.refused_with("it is not running; start it with: systemctl start mpapid", "--metrics", file)
        self.start()
        self.refused_with("No such file or directory", "--metrics", "/nonexistent/mpapi.prom")
        with open(file, encoding="utf-8") as kept:
            self.assertEqual(kept.read(), "old\n")

    def test_a_file_without_a_name_is_no_order_to_serve(self):
        self.refused_with("the file has no name", "--metrics", "")

    def test_a_configuration_is_checked_and_nothing_started(self):
        good = self.mpapid("--check-config", "--config", self.file("good.toml", FAST))
        self.assertEqual((good.returncode, good.stdout, good.stderr), (0, "", ""))
        bad = self.file("bad.toml", "[refresh]\nshortest = 'soon'\n")
        self.refused_with(f"{bad}:2: refresh.shortest: expected a duration", "--check-config", "--config", bad, code=os.EX_CONFIG)
        self.refused_with("/nonexistent.toml", "--check-config", "--config", "/nonexistent.toml", code=os.EX_CONFIG)

    def test_a_state_directory_of_one_s_own_must_be_there(self):
        def check(directory):
            return "--check-config", "--config", self.file("own.toml", f"state_directory = '{directory}'\n")

        self.assertEqual(self.mpapid(*check(self.scratch.name)).returncode, 0)
        self.refused_with("use state_directory /nonexistent/mpapi: No such file", *check("/nonexistent/mpapi"))
        self.refused_with("Not a directory", *check("/dev/null"))
        self.refused_with("Not a directory", *check("/dev/null/below"))

    def test_a_wrong_option_ends_with_1(self):
        self.refused_with("mpapid: ", "--metric")
        self.refused_with("see mpapid --help", "--metric")


main()
