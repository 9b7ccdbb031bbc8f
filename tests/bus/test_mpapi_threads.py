# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many threads at once while paths flap; the library and its plugin loaded and closed again and again.
MPAPI_THREADS_SECONDS makes the first longer."""
from mpapi import *

SECONDS = os.environ.get("MPAPI_THREADS_SECONDS", "10")


class Threads(MpapiTest):
    def program(self, name, *words):
        program = subprocess.Popen(
            [os.environ[name], *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.client_environment(),
        )
        self.addCleanup(self.end_program, program)
        return program

    def end_program(self, program):
        if program.poll() is None:
            program.kill()
            program.wait()
        program.stdout.close()
        program.stderr.close()

    def said_by(self, program, deadline):
        output, errors = program.communicate(timeout=deadline)
        self.assertEqual((program.returncode, errors.decode()), (0, ""))
        return json.loads(output)

    def test_eight_threads_call_everything_while_paths_flap(self):
        self.start(config=PATIENT)
        model = self.model()
        devices = model.devices("mpatha") + model.devices("mpathb")
        program = self.program("MPAPI_THREADS", SECONDS)
        while program.poll() is None:
            for device in devices:
                self.san.storm(device, 20)
            self.san.map_removed("mpathb")
            self.san.map_made("two", "")
        told = self.said_by(program, 60)
        print(told)
        self.assertGreater(told["calls"], 100)
        self.assertGreater(told["callbacks"], 10)

    def test_a_thousand_times_leave_nothing_behind(self):
        self.start(config=PATIENT)
        told = self.said_by(self.program("MPAPI_RELOAD", "1000"), 200)
        print(told)
        before, after = told["before"], told["after"]
        self.assertEqual(after["descriptors"], before["descriptors"])
        self.assertEqual(after["threads"], before["threads"])
        if "MPAPI_SANITIZED" not in os.environ:  # a sanitizer keeps what was freed for a while
            self.assertLessEqual(after["pages"], before["pages"] + 64)


if __name__ == "__main__":
    main()
