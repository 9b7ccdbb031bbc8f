# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of libMPAPI with the Linux plugin, beside mpapid-san on a bus of the test's own."""
import collections

from embedded_san import *

PLUGIN, INITIATOR, TARGET, UNIT, PATH_LU, PRODUCT, TPG, BALANCE = range(1, 9)
(SUCCESS, INVALID_PARAMETER, UNKNOWN_FN, FAILED, INSUFFICIENT_MEMORY, INVALID_OBJECT_TYPE,
 OBJECT_NOT_FOUND, UNSUPPORTED, FN_REPLACED, ACCESS_STATE_INVALID, INVALID_WEIGHT,
 PATH_NONOPERATIONAL, TRY_AGAIN, NOT_PERMITTED) = range(14)  # fmt: skip
NONE = [0, 0, 0]

Event = collections.namedtuple("Event", "kind becoming slot type ids")


class MpapiClient:
    """mpapi_client.c; what it is asked for is answered, what it is told meanwhile is kept."""

    def __init__(self, test):
        self.process = subprocess.Popen(
            [os.environ["MPAPI_CLIENT"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=test.client_environment(),
        )
        test.addCleanup(test.end, self.process)
        self.lines = Lines(self.process, "mpapi-client")
        self.told = []
        assert self.read() == {"ready": True}

    def read(self, deadline=DEADLINE):
        return json.loads(self.lines.next(deadline))

    def send(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.process.stdin.flush()

    def answer(self, deadline=DEADLINE):
        while True:
            line = self.read(deadline)
            if "event" not in line:
                return line
            self.keep(line)

    def keep(self, line):
        types = {oid[0] for oid in line["list"]}
        assert len(types) == 1, f"one type in a list: {line}"
        ids = [oid[2] for oid in line["list"]]
        self.told.append(Event(line["event"], line["becoming"], line["slot"], types.pop(), ids))

    def ask(self, *words, deadline=DEADLINE):
        self.send(*words)
        return self.answer(deadline)

    def status(self, *words):
        return self.ask(*words)["status"]

    def get(self, name, kind, sequence=0):
        answer = self.ask("get", name, kind, sequence)
        assert answer.pop("status") == SUCCESS, (name, kind, sequence, answer)
        return answer

    def list(self, name, kind, sequence=0):
        return [oid[2] for oid in self.get(name, kind, sequence)["list"]]

    def plugin(self):
        return self.get("MP_GetPluginProperties", PLUGIN)

    def next_event(self, deadline=DEADLINE):
        while not self.told:
            self.keep(self.read(deadline))
        return self.told.pop(0)

    def until(self, condition, deadline=DEADLINE):
        """Events up to the one that the condition is about."""
        end = time.monotonic() + deadline
        heard = []
        while True:
            try:
                heard.append(self.next_event(max(0.001, end - time.monotonic())))
            except AssertionError as silence:
                raise AssertionError(f"{silence}; heard: {heard}") from None
            if condition(heard[-1]):
                return heard

    def quit(self):
        self.send("quit")
        self.process.wait(20)
        return self.process.returncode


class MpapiTest(SanTest):
    def setUp(self):
        super().setUp()
        self.configuration = self.file(
            "mpapi.conf", f"org.mpapi.linux\t{os.environ['MPAPI_LINUX']}\n"
        )

    def client_environment(self):
        # mpapid-san, which must not serve the system's bus, does not see this.
        return {
            **os.environ,
            "MPAPI_CONF": self.configuration,
            "DBUS_SYSTEM_BUS_ADDRESS": self.address,
        }

    def mpapi(self):
        return MpapiClient(self)

    def id_of(self, found):
        """The sequence number of what Model found."""
        return found[1]["ObjectId"][1]
