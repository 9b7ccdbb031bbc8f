# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each method that changes something: nobody without the permission gets anything done by it, nor
does what was asked for get any further than the daemon. The methods are those of the interface's own
text: whoever adds one has it tested here."""
import xml.etree.ElementTree as xml

from polkit_authority import *

SOURCE = os.environ["SOURCE_ROOT"]
# What only reads. A job is canceled by who started it: test_jobs.py.
READING = {"GetSnapshot", "Metrics", "GetGenerationPage", "GetChanges", "Describe", "Settled"}
OWN_RULE = {("Job", "Cancel")}
SECRET = "what-was-asked-for"


def changing():
    """(interface, method, in-signature) of each."""
    root = xml.parse(os.path.join(SOURCE, "dbus/org.mpapi.Multipath1.xml")).getroot()
    for kind in root.iter("interface"):
        name = kind.get("name").rsplit(".", 1)[-1]
        for method in kind.findall("method"):
            if method.get("name") in READING or (name, method.get("name")) in OWN_RULE:
                continue
            signature = "".join(arg.get("type") for arg in method.findall("arg") if arg.get("direction") == "in")
            yield name, method.get("name"), signature


def action_of(kind, method):
    if method == "Refresh":
        return "refresh"
    if method == "Remove":
        return "remove"
    if method == "SetAccessStates":
        return "manage-groups"
    return "manage-paths" if kind == "Path" or "OverridePath" in method else "manage-settings"


class Permissions(PolkitTest):
    def setUp(self):
        super().setUp()
        self.objects = {}
        for path, kinds in self.client.managed_objects().items():
            for kind in kinds:
                self.objects.setdefault(kind.rsplit(".", 1)[-1], path)
        self.objects["LogicalUnit"] = lu_path(1)
        for kind in ("Path", "TargetPortGroup"):
            self.objects[kind] = next(
                path for path, kinds in sorted(self.client.managed_objects().items())
                if interface(kind) in kinds and path.startswith(lu_path(1) + "/")
            )  # fmt: skip

    def arguments_of(self, method, signature):
        values = {
            "": (),
            "a{sv}": ({},),
            "ua{sv}": (4321, {}),
            "ba{sv}": (True, {}),
            "oa{sv}": (self.objects["Path"], {}),
            "a(os)a{sv}": ([(self.objects["TargetPortGroup"], "standby")], {}),
            "a{ss}a{sv}": ({"selector": SECRET}, {}),
        }
        return values[signature]

    def send(self, kind, method, signature):
        body = self.arguments_of(method, signature)
        return self.stranger.send(self.objects[kind], interface(kind), method, signature or None, body)

    def count(self, verb):
        self.tell(verb)
        line = self.lines.next()
        self.assertTrue(self.lines.next().startswith("ok "))
        return len(line.split()) - 1 if verb == "refreshed" else int(line.split()[1])

    def done(self):
        return self.count("changed") + self.count("refreshed")

    def test_there_are_methods(self):
        found = list(changing())
        self.assertGreaterEqual(len(found), 22, found)

    def test_each_asks_for_its_own_permission_and_is_denied_without(self):
        polkit = self.authority()
        with open(os.path.join(SOURCE, "polkit/org.mpapi.multipath1.policy"), encoding="utf-8") as file:
            policy = file.read()
        for kind, method, signature in changing():
            with self.subTest(kind=kind, method=method):
                call = self.send(kind, method, signature)
                question = polkit.question()
                action = f"org.mpapi.multipath1.{action_of(kind, method)}"
                self.assertEqual(question.action, action)
                self.assertIn(f'<action id="{action}">', policy)
                self.assertEqual(question.details, {"object": self.objects[kind], "method": method})
                self.assertEqual(self.done(), 0, "not before the answer")
                polkit.answer(question)
                text = self.denied(call)
                for leak in (SECRET, "4321", "standby"):
                    self.assertNotIn(leak, text)
        self.assertEqual(self.done(), 0)

    def test_each_is_denied_where_there_is_no_polkit(self):
        for kind, method, signature in changing():
            with self.subTest(kind=kind, method=method):
                text = self.denied(self.send(kind, method, signature))
                self.assertIn("polkit is not running", text)
                self.assertNotIn(SECRET, text)
        self.assertEqual(self.done(), 0)

    def test_each_is_done_once_with_the_permission(self):
        polkit = self.authority()
        done = 0
        for kind, method, signature in changing():
            with self.subTest(kind=kind, method=method):
                call = self.send(kind, method, signature)
                polkit.answer(polkit.question(), authorized=True)
                self.stranger.answer(call)
                # Manager.Refresh asks both units.
                done += 2 if (kind, method) == ("Manager", "Refresh") else 1
                self.assertEqual(self.done(), done)

    def test_whose_object_is_gone_by_then_is_left_alone(self):
        polkit = self.authority()
        for kind, method, signature in changing():
            if kind not in ("LogicalUnit", "Path") or method == "Refresh":
                continue
            with self.subTest(kind=kind, method=method):
                self.do("populate 1 2")
                call = self.send(kind, method, signature)
                question = polkit.question()
                self.do("remove 1")
                polkit.answer(question, authorized=True)
                # The requests are handed on with the id of what they are about, and refused there:
                # requests.cpp. What is looked up here is refused here.
                try:
                    self.stranger.answer(call)
                except BusError as error:
                    self.assertIn(error.name, {f"{NAME}.Error.ObjectNotFound", f"{NAME}.Error.InvalidParameter"})
                else:
                    self.assertNotIn(method, {"SetOverridePath", "SetAccessStates"})


if __name__ == "__main__":
    main()
