# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ten thousand questions a second, for ten seconds: from one address, then from made-up ones. istd's memory is flat,
its limit holds, and who asks honestly is answered."""
import pathlib
import threading
import time
import unittest

from lan import Lan, own_namespaces
import mail
import needs

needs.modules("jeepney")
needs.tools("ip", "nsenter", "dbus-daemon")

RATE, SECONDS = 10_000, 10
BURST, PER_SECOND = 10, 5


class Flood(threading.Thread):
    """Sends at that rate, from each of the sockets in turn."""

    def __init__(self, sockets, packet, to):
        super().__init__()
        self.sockets, self.packet, self.to = sockets, packet, to
        self.sent = 0
        self.took = 0.0

    def run(self):
        began = time.monotonic()
        for turn in range(SECONDS * 100):
            for number in range(RATE // 100):
                self.sockets[number % len(self.sockets)].sendto(self.packet, (self.to, mail.PORT))
                self.sent += 1
            ahead = began + (turn + 1) / 100 - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)  # its pace
        self.took = time.monotonic() - began


def memory(process):
    """Of the process, in KiB."""
    for line in pathlib.Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("it has no memory")


class InAFlood(unittest.TestCase):
    def test_memory_is_flat_the_limit_holds_and_an_honest_client_is_answered(self):
        lan = Lan()
        self.addCleanup(lan.close)
        server, honest, hostile = lan.machine("server", 2), lan.machine("honest", 3), lan.machine("hostile", 4)
        server.serve()
        asker = honest.socket()
        self.addCleanup(asker.close)
        asker.settimeout(0.5)
        sockets = [hostile.socket(138, hostile.address)]
        for number in range(100, 200):
            hostile.ip("addr", "add", f"10.77.0.{number}/24", "dev", "eth0")
            sockets.append(hostile.socket(0, f"10.77.0.{number}"))
        for each in sockets:
            self.addCleanup(each.close)
        question = mail.ask("hostile", hostile.address, "EXAMPLE")

        lost = 0

        def ask_honestly():
            """A question is a datagram: where the kernel had no room for it, it is asked again."""
            nonlocal lost
            for _ in range(30):
                asker.sendto(mail.ask("honest", honest.address, "EXAMPLE"), (server.address, mail.PORT))
                try:
                    self.assertEqual(mail.read(asker.recv(2048)).text, server.full)
                    return
                except TimeoutError:
                    lost += 1
            self.fail("no honest answer")

        ask_honestly()
        for used in (sockets[:1], sockets[1:]):
            flood = Flood(used, question, server.address)
            answered = server.property("Counters")["answered"]
            begun = memory(server.istd.process.pid)
            grown = honestly = 0
            flood.start()
            while flood.is_alive():
                ask_honestly()
                honestly += 1
                grown = max(grown, memory(server.istd.process.pid) - begun)
                flood.join(1)
            counters = server.property("Counters")
            answered = counters["answered"] - answered
            print(f"{flood.sent} questions from {len(used)} addresses in {flood.took:.1f} s: {answered} answered, "
                  f"{counters['limited']} limited so far, {honestly} honest ones, {lost} of these asked again, memory +{grown} KiB", flush=True)
            self.assertGreaterEqual(flood.sent, RATE * SECONDS)
            self.assertLessEqual(answered - honestly - lost, len(used) * (BURST + PER_SECOND * (flood.took + 1)))
            self.assertGreaterEqual(answered - honestly, len(used) * BURST)
            self.assertLess(grown, 512)
        self.assertGreater(server.property("Counters")["limited"], 0)
        lines = [line for line in server.istd.told().splitlines() if "sends too many" in line]
        self.assertIn(len(lines), (1, 2), server.istd.told())  # one each minute
        server.stop()


if __name__ == "__main__":
    own_namespaces()
    unittest.main(verbosity=2)
