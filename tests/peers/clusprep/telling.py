# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program and what it tells, waited for as it comes."""
import os
import signal
import subprocess
import threading

DEADLINE = 60


class Telling:
    """A program whose output is kept. Whatever is waited for has a deadline, and ends with the program."""

    def __init__(self, command, stream="stdout", **more):
        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **{stream: subprocess.PIPE}, **more)
        self.text, self.ended, self.news = "", False, threading.Condition()
        self.reader = threading.Thread(target=self.read, args=(getattr(self.process, stream),), daemon=True)
        self.reader.start()

    def read(self, pipe):
        with pipe:
            while piece := pipe.read1():
                with self.news:
                    self.text += piece.decode(errors="replace")
                    self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def told(self):
        with self.news:
            return self.text

    def heard(self):
        """How much was told so far; wait_for() looks behind it."""
        return len(self.told())

    def wait_for(self, text, heard=0, seconds=DEADLINE):
        with self.news:
            self.news.wait_for(lambda: text in self.text[heard:] or self.ended, seconds)
            if text not in self.text[heard:]:
                why = "ended" if self.ended else f"ran for {seconds} s more"
                raise AssertionError(f"{self.name} {why} without a word of {text!r}; told:\n{self.text[heard:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE)

    def end(self):
        """It must have lived until now, and end well when told to."""
        assert self.process.poll() is None, f"{self.name} ended by itself: {self.told()}"
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} does not end: {self.told()}") from None
        self.reader.join(DEADLINE)
        assert code == 0, f"{self.name} ended with {code}: {self.told()}"
        for sign in ("Sanitizer", "runtime error"):
            assert sign not in self.told(), self.told()
