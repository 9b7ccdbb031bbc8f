# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whoever listens and whoever reads again know the same: after a storm of faults, and over
restarts."""
import glob
import random
import struct

from embedded_san import *

SEED = int(os.environ.get("STORM_SEED", "11002"))
STEPS = 250

# Change without a signal, by the interface's text.
TABLES = (
    "Plugins",
    "LoadBalances",
    "DeviceProducts",
    "InitiatorPorts",
    "TargetPorts",
    "LogicalUnits",
    "Disks",
)
TYPES = {
    "Plugin": 1,
    "InitiatorPort": 2,
    "TargetPort": 3,
    "LogicalUnit": 4,
    "Path": 5,
    "DeviceProduct": 6,
    "TargetPortGroup": 7,
    "LoadBalance": 8,
    "Disk": 9,
}


def silent_properties():
    """Per interface, what changes without a signal."""
    files = ("org.mpapi.Multipath1.xml", "org.mpapi.Multipath1.SharedDisk.xml")
    roots = [xml.parse(os.path.join(os.environ["SOURCE_ROOT"], "dbus", name)) for name in files]
    return {
        node.get("name"): {
            each.get("name")
            for each in node.findall("property")
            for note in each.findall("annotation")
            if note.get("value") == "false"
        }
        for root in roots
        for node in root.iter("interface")
    }


SILENT = silent_properties()


def without_silent(objects, shared=False):
    """Shared disks follow the model little by little: a mark in it says nothing of how far they have come."""
    return {
        path: {
            kind: {n: v for n, v in properties.items() if n not in SILENT.get(kind, ())}
            for kind, properties in interfaces.items()
        }
        for path, interfaces in objects.items()
        if path.startswith(f"{ROOT}/shared") == shared
    }


def follow(objects, signals):
    """What a client knows that read once and then only listened."""
    for path, _, member, body in signals:
        if member == "InterfacesAdded":
            assert body[0] not in objects, f"{body[0]} is added twice"
            objects[body[0]] = dict(body[1])
        elif member == "InterfacesRemoved":
            assert body[0] in objects, f"{body[0]} is removed but was never there"
            del objects[body[0]]
        elif member == "PropertiesChanged":
            assert path in objects, f"{path} changes but was never there"
            objects[path][body[0]].update(body[1])


class Storm:
    """Faults by chance, but the same for the same seed. Some are refused: the thing is gone."""

    UNITS = ("one", "two")
    STATES = ("active-optimized", "active-non-optimized", "standby", "unavailable", "transitioning")

    def __init__(self, san, seed):
        self.san, self.chance = san, random.Random(seed)
        self.verbs = [name for name in dir(self) if name.startswith("do_")]
        self.carried_out = 0

    def disk(self):
        return "sd" + self.chance.choice("abcdefghij")

    def unit(self):
        return self.chance.choice(self.UNITS)

    def do_path(self):
        self.chance.choice((self.san.path_lost, self.san.path_restored))(self.disk())

    def do_disk(self):
        self.chance.choice((self.san.disk_offline, self.san.path_restored, self.san.disk_rescanned))(
            self.disk()
        )

    def do_disk_gone(self):
        self.san.disk_removed(self.disk())

    def do_disk_back(self):
        initiator, port = self.chance.choice((("a", "A0"), ("b", "A1"), ("a", "B0"), ("b", "B1")))
        self.san.disk_added(self.unit(), initiator, port)

    def do_failover(self):
        self.san.array_fails_over("north", self.chance.choice((0, 0, 20)))

    def do_group(self):
        self.san.group_state(
            "north", self.unit(), self.chance.choice((1, 2)), self.chance.choice(self.STATES)
        )

    def do_host(self):
        self.chance.choice((self.san.host_removed, self.san.host_added))(self.chance.choice("ab"))

    def do_map(self):
        unit = self.unit()
        if self.chance.random() < 0.4:
            self.san.map_removed({"one": "mpatha", "two": "mpathb"}[unit])
        else:
            self.san.map_made(unit, "")

    def do_suspend(self):
        name = self.chance.choice(("mpatha", "mpathb"))
        self.chance.choice((self.san.map_suspended, self.san.map_resumed))(name)

    def do_io(self):
        self.san.map_io(self.chance.choice(("mpatha", "mpathb")))

    def do_reuse(self):
        last = self.chance.choice("1239")
        self.san.path_reused(self.disk(), f"naa.6001405000000000000000000000000{last}", "X", True)

    def do_unit(self):
        if self.chance.random() < 0.5:
            self.san.unit_removed(self.unit(), self.chance.random() < 0.5)
        else:
            self.san.unit_added(self.unit())

    def do_size(self):
        self.san.size_changed(self.unit(), self.chance.choice((1, 2, 3)) << 30, True)

    def do_lie(self):
        page = self.chance.choice((-1, 0x00, 0x80, 0x83))
        lie = self.chance.randbytes(self.chance.choice((0, 0, 1, 4, 40, 300)))
        self.san.reply(self.disk(), 0x12, page, lie)

    def do_lie_of_groups(self):
        self.san.reply(self.disk(), 0xA3, 0x0A, self.chance.randbytes(self.chance.choice((0, 0, 4, 60))))

    def do_map_text(self):
        status = self.chance.choice(("", "", "nonsense", "2 0 0 0 4294967295 1", "\\xff"))
        self.san.map_text(self.chance.choice(("mpatha", "mpathb")), "", status)

    def rage(self, steps):
        for _ in range(steps):
            verb = self.chance.choice(self.verbs)
            try:
                getattr(self, verb)()
                self.carried_out += 1
            except BusError as refused:
                if not refused.name.startswith(SAN_ERROR):
                    raise


class Consistency(SanTest):
    maxDiff = None

    def changes_since(self, since, instance):
        return self.client.manager("GetChanges", "tt", (instance, since))

    def manager(self, name):
        return self.client.get(ROOT, "Manager", name)

    def test_after_a_storm_listening_and_every_way_of_reading_agree(self):
        self.start()
        known = self.client.managed_objects()
        self.watch, self.heard = self.client.watch(), []
        self.assertEqual(known, self.client.managed_objects(), "nothing happened in between")
        first = self.manager("Generation")
        instance = self.manager("Instance")
        ids_before = {tuple(p["ObjectId"]) for i in Model(known).objects.values() for p in i.values() if "ObjectId" in p}
        storm = Storm(self.san, SEED)
        storm.rage(STEPS)
        self.assertGreater(storm.carried_out, STEPS // 4, "most was refused")
        self.settled(30)
        # Steps that waited are merged, so the mark's first renaming may come amid others.
        signals = self.told_with_marks() + self.told_with_marks()
        follow(known, signals)
        now = self.client.managed_objects()
        seed = f"STORM_SEED={SEED}"
        self.assertEqual(without_silent(known), without_silent(now), seed)
        now = self.shared_disks_follow(known, now, seed)

        # GetChanges names what is different, and its end state.
        _, generation, resync, changes = self.changes_since(first, instance)
        self.assertEqual((generation, resync), (self.manager("Generation"), False), seed)
        exists = set(ids_before)
        for at, kind, object_type, sequence in changes:
            self.assertTrue(first < at <= generation)
            if kind == "added":
                self.assertNotIn((object_type, sequence), exists, seed)
                exists.add((object_type, sequence))
            elif kind == "removed":
                exists.remove((object_type, sequence))
            elif object_type:
                self.assertIn((object_type, sequence), exists, seed)
        model = Model(now)
        there = {
            tuple(properties["ObjectId"])
            for interfaces in model.objects.values()
            for properties in interfaces.values()
            if "ObjectId" in properties
        }
        self.assertEqual(exists, there, seed)

        # Describe says the same, value by value.
        document = self.load(self.client.manager("Describe", "a{sv}", ({},))[0])
        self.assertEqual(document["Generation"], generation)
        self.assertEqual(int(document["Instance"]), instance)
        described = {}
        for table in TABLES:
            for each in document[table]:
                for part in (each, *each.get("Paths", ()), *each.get("TargetPortGroups", ())):
                    described[part["ObjectPath"]] = part
        # Shared disks are no part of it.
        also = {path for path in now if path.startswith(f"{ROOT}/shared")}
        self.assertEqual(set(described) | {ROOT} | also, set(now))
        for path, interfaces in model.objects.items():
            if path == ROOT or path in also:
                continue
            for kind, properties in interfaces.items():
                for name, value in properties.items():
                    with self.subTest(path=path, name=name, seed=seed):
                        self.assertEqual(self.plain(name, described[path][name]), self.plain(name, value))

        # Introspection and reading one by one find the same.
        for path, interfaces in model.objects.items():
            if path in also:
                continue
            for kind, properties in interfaces.items():
                with self.subTest(path=path, seed=seed):
                    one = self.client.get_all(path, kind.rsplit(".", 1)[1])
                    self.assertEqual(one, properties)

        # And the flat snapshot has as many of each.
        _, file = self.client.manager("GetSnapshot")
        self.assert_flat(self.client.read_fd(file), model, instance, generation)

    def shared_disks_follow(self, known, now, seed):
        """Who listens comes to know of them what is read, in some turns of the daemon's loop; returns that."""
        self.assertTrue(without_silent(now, True))
        end = time.monotonic() + 20
        while without_silent(known, True) != without_silent(now, True) and time.monotonic() < end:
            follow(known, self.told_with_marks())
            now = self.client.managed_objects()
        self.assertEqual(without_silent(known, True), without_silent(now, True), seed)
        return now

    def told_with_marks(self):
        """As told(), with the mark's own signals, for whoever follows everything."""
        count = len(self.heard)
        heard = self.told()
        self.assertGreaterEqual(len(heard), count)
        name = self.mark
        where = next(p for p, u in Model(self.client.managed_objects()).all(LU).items() if u["Name"] == name)
        changed = {"Name": ("s", name), "DeviceFile": ("s", f"/dev/mapper/{name}")}
        return [*heard, (where, PROPERTIES, "PropertiesChanged", (LU, changed, []))]

    @staticmethod
    def plain(name, value):
        """A value as JSON and as D-Bus have it, brought to one form."""
        if isinstance(value, dict):
            value = tuple(value.values())
        if name == "Trouble" and value is None:
            return (0, "", "")
        if isinstance(value, (list, tuple)):
            return tuple(Consistency.plain("", each) for each in value)
        return value

    def assert_flat(self, content, model, instance, generation):
        """common/flat/layout.hpp: what each section has, and that the directories tell the same."""
        magic, layout, size, _, has_instance, has_generation, _, total = struct.unpack_from(
            "<8sIIQQQQQ", content
        )
        self.assertEqual((magic, layout), (b"mapflat1", 4))
        self.assertEqual((has_instance, has_generation), (instance, generation))
        self.assertEqual(total, len(content))
        directories = list(struct.iter_unpack("<QII", content[size - 5 * 16 : size]))
        for offset, count, record in directories:
            self.assertLessEqual(offset + count * record, total)
        rows = [
            [content[offset + i * record :][:record] for i in range(count)]
            for offset, count, record in directories
        ]
        units, disks, read_times, paths, groups = rows
        common = struct.unpack_from("<QI", content, size - 5 * 16 - 12)
        places = [common] + [struct.unpack("<QIQI", row)[2:] for row in units + disks]
        sections = [content[offset : offset + length] for offset, length in places]

        # The tables of a section follow each other, so the next one tells how long this one is.
        kinds = (
            "Plugin", "LoadBalance", "DeviceProduct", "InitiatorPort", "TargetPort", "Disk",
            "LogicalUnit", "TargetPortGroup", "Path",
        )  # fmt: skip
        for number, kind in enumerate(kinds, 1):
            ids = []
            for section in sections:
                offset, count, end = struct.unpack_from("<III", section, number * 8)
                self.assertLessEqual(end, len(section))
                for at in range(offset, end, (end - offset) // count if count else 1):
                    ids.append(struct.unpack_from("<Q", section, at)[0])
            with self.subTest(kind=kind):
                published = {e["ObjectId"][1] for e in model.all(interface(kind)).values()}
                self.assertEqual(sorted(ids), sorted(published))
                if kind == "LogicalUnit":
                    self.assertEqual(len(read_times), len(ids))
                for rows, of in ((paths, "Path"), (groups, "TargetPortGroup")):
                    if of == kind:
                        members = [struct.unpack("<QQ", row)[0] for row in rows]
                        self.assertEqual(members, sorted(ids))
        for _, unit in model.all(LU).items():
            self.assertIn(unit["Key"].encode(), content)

    def test_a_foreign_instance_and_what_is_too_old_are_told_to_read_again(self):
        self.start(STORY_SAN, FAST + "[bus]\nchanges_kept = 20\n")
        before = self.watching()
        instance, since = self.manager("Instance"), self.manager("Generation")
        self.assertEqual(self.changes_since(since, instance)[2:], (False, []))
        self.assertTrue(self.changes_since(since, instance ^ 1)[2], "another instance")
        self.assertTrue(self.changes_since(since + 1000, instance)[2], "the future")
        self.assertTrue(self.changes_since(2**64 - 1, instance)[2])
        path, _ = before.disk_path("sda")
        for _ in range(12):
            self.san.path_lost("sda")
            self.becomes(path, State="path-error")
            self.san.path_restored("sda")
            self.becomes(path, State="okay")
        self.assertTrue(self.changes_since(since, instance)[2], "too old")
        generation = self.manager("Generation")
        self.assertFalse(self.changes_since(generation - 1, instance)[2])


class Restart(SanTest):
    def identities(self):
        return {
            (path, kind): tuple(properties["ObjectId"])
            for path, interfaces in self.model().objects.items()
            for kind, properties in interfaces.items()
            if "ObjectId" in properties
        }

    def begin(self, **more):
        self.start(STORY_SAN, FAST, "--state", self.state, **more)

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.scratch.name, "state")
        os.mkdir(self.state)

    def test_the_same_objects_have_the_same_numbers_after_any_end(self):
        self.begin()
        first, instance = self.identities(), self.client.get(ROOT, "Manager", "Instance")
        self.san.disk_removed("sda")
        self.san.disk_added("one", "a", "A0")
        self.settled()
        for how, status in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(how=how.name):
                self.assertEqual(self.stop(how), status)
                self.begin()
                self.assertEqual(self.identities(), first)
                another = self.client.get(ROOT, "Manager", "Instance")
                self.assertNotEqual(another, instance)
                _, _, resync, changes = self.client.manager("GetChanges", "tt", (instance, 1))
                self.assertEqual((resync, changes), (True, []))
                instance = another

    def test_a_number_is_not_given_again(self):
        self.begin()
        highest = max(number for _, number in self.identities().values())
        self.san.unit_removed("one", True)
        self.san.map_removed("mpatha")
        self.settled()
        self.stop(signal.SIGKILL)
        self.start(STORY_SAN.replace("0000000000000001\"\nserial", "0000000000000077\"\nserial"),
                   FAST, "--state", self.state)  # fmt: skip
        _, unit = self.model().unit("mpatha")
        self.assertGreater(unit["ObjectId"][1], highest)

    def test_a_damaged_file_is_set_aside_and_no_number_given_again(self):
        chance = random.Random(SEED)
        damages = {
            "garbage": lambda _: chance.randbytes(5000),
            "one byte": lambda text: text[:60] + bytes([text[60] ^ 1]) + text[61:],
            "zeros after a power cut": lambda text: text[:100] + bytes(len(text) - 100) + b"\n",
            "a line of another": lambda text: text + b"4 1 00000000 key\n",
        }
        name = os.path.join(self.state, "objects")
        for what, damage in damages.items():
            with self.subTest(damage=what):
                for old in glob.glob(os.path.join(self.state, "*")):
                    os.unlink(old)
                self.begin()
                first = self.identities()
                self.stop(signal.SIGTERM)
                with open(name, "rb") as file:
                    broken = damage(file.read())
                with open(name, "wb") as file:
                    file.write(broken)
                self.begin()
                again = self.identities()
                aside = glob.glob(name + ".damaged-*")
                self.assertEqual(len(aside), 1)
                with open(aside[0], "rb") as file:
                    self.assertEqual(file.read(), broken)
                owner = {number: key for key, number in first.items()}
                for key, number in again.items():
                    self.assertEqual(owner.get(number, key), key, f"{number} is given again")
                self.assertEqual(len(set(again.values())), len(first))
                self.stop(signal.SIGTERM)

    def test_a_torn_last_line_costs_nothing(self):
        self.begin()
        first = self.identities()
        self.stop(signal.SIGKILL)
        with open(os.path.join(self.state, "objects"), "ab") as file:
            file.write(b"4 99999 0123")
        self.begin()
        self.assertEqual(self.identities(), first)
        self.assertEqual(glob.glob(os.path.join(self.state, "*.damaged-*")), [])

    def test_a_state_directory_that_is_none_is_said(self):
        for state in (os.path.join(self.scratch.name, "nowhere"), "/dev/null"):
            said = self.refused(self.command(STORY_SAN, FAST, "--state", state))
            self.assertIn(state, said)


if __name__ == "__main__":
    main()
