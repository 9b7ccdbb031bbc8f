#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in bash and zsh, over a fake plugin."""
import os
import pty
import re
import select
import shutil
import subprocess
import unittest

from fake import DEADLINE, SAMPLE, Mpathadm, main

COMPLETIONS = os.path.join(os.environ["SOURCE_ROOT"], "completions")

for program in ("bash", "zsh"):
    if not shutil.which(program):
        print(f"skipped: no {program} here; ./dev test installs it")
        raise SystemExit(77)

BASH = r"""
source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_mpathadm
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"""

# What the completion function would offer: compadd and _describe tell it instead.
ZSH = r"""
compadd() { local -a offered; while [[ $1 == -* && $1 != -- ]]; do shift; done; [[ $1 != -- ]] || shift; print -rl -- "$@"; }
_describe() { local -a offered; offered=("${(@P)2}"); print -rl -- "${offered[@]%%:*}"; }
_wanted() { shift 3; compadd "${@:2}"; }
compdef() { :; }
words=("$@"); shift words; words=("${(@)words}"); CURRENT=$#words
file=$1
source "$file"
_mpathadm
"""


class Completion(Mpathadm):
    def setUp(self):
        super().setUp()
        self.plugin(SAMPLE + "unit device=/dev/mapper/data name=d\n")
        os.symlink(os.environ["MPATHADM"], self.file("mpathadm"))

    def offered(self, command):
        path = self.folder + ":" + os.environ["PATH"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=20,
                             env=self.environment(PATH=path))
        self.assertEqual(ran.stderr, "")
        return sorted(set(ran.stdout.splitlines()))

    def bash(self, *words):
        words = ("mpathadm", *words)
        return self.offered(["bash", "-c", BASH, "bash", os.path.join(COMPLETIONS, "mpathadm.bash"),
                             " ".join(words), *words])

    def typed(self, line):
        """What an interactive bash makes of the line by TAB, and what it shows after Enter."""
        path = self.folder + ":" + os.environ["PATH"]
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
                       self.environment(PATH=path, TERM="dumb", PS1="", HISTFILE=""))  # fmt: skip

        def send(text, until):
            os.write(terminal, text.encode())
            seen = b""
            while not re.search(until, seen):
                self.assertTrue(select.select([terminal], [], [], DEADLINE)[0], seen)
                seen += os.read(terminal, 65536)
            return re.search(until, seen).group(1).decode()

        try:
            # Ctrl-X tells the line. What the terminal echoes of this is not yet "ready".
            send("bind 'set enable-bracketed-paste off'\n"
                 "bind -x '\"\\C-x\": printf \"<%s>\" \"$READLINE_LINE\"'\n"
                 f"source {COMPLETIONS}/mpathadm.bash; echo rea''dy\n", rb"(ready)")  # fmt: skip
            return send(line + "\t\x18", rb"<(.*?)>").rstrip(), send("; echo en''ded\n", rb"(?s)(.*)ended")
        finally:
            os.close(terminal)
            os.waitpid(process, 0)

    def zsh(self, *words):
        return self.offered(["zsh", "-fc", ZSH, "zsh", os.path.join(COMPLETIONS, "_mpathadm"),
                             "mpathadm", *words])

    def both(self, *words):
        bash = self.bash(*words)
        # zsh filters what is offered by itself.
        zsh = [word for word in self.zsh(*words) if word.startswith(words[-1])]
        self.assertEqual(bash, zsh)
        return bash

    def test_subcommands_and_objects(self):
        self.assertEqual(self.both("st"), ["status"])
        self.assertEqual(self.both(""), sorted(
            "list show modify enable disable failover override status watch".split()))
        self.assertEqual(self.both("list", ""), ["initiator-port", "logical-unit", "lu", "mpath-support"])
        self.assertEqual(self.both("enable", ""), ["path"])
        self.assertEqual(self.both("failover", "l"), ["logical-unit", "lu"])

    def test_names_of_objects(self):
        self.assertEqual(self.both("show", "lu", ""), ["/dev/mapper/data", "/dev/mapper/mpatha"])
        self.assertEqual(self.both("show", "LU", "/dev/mapper/m"), ["/dev/mapper/mpatha"])
        self.assertEqual(self.both("status", ""), ["/dev/mapper/data", "/dev/mapper/mpatha"])
        self.assertEqual(self.both("show", "mpath-support", ""), ["libmpfake.so"])
        self.assertEqual(self.both("list", "initiator-port", "2"),
                         ["2100000e1e09a4c0", "2100000e1e09a4c1"])

    def test_options_and_their_arguments(self):
        self.assertEqual(self.both("disable", "path", "-l", "/dev/mapper/d"), ["/dev/mapper/data"])
        self.assertEqual(self.both("disable", "path", "--initiator-port", ""),
                         ["2100000e1e09a4c0", "2100000e1e09a4c1"])
        self.assertEqual(self.both("list", "lu", "-t", ""), ["50060e801049c1f0", "50060e801049c1f1"])
        self.assertEqual(self.both("list", "lu", "-n", ""), ["60060e801049c1f00000000000000001", "d"])
        self.assertEqual(self.both("modify", "lu", "-a", "o"), ["off", "on"])
        # Of plugins and products, those that there are.
        self.assertEqual(self.both("modify", "lu", "-b", ""), ["logical-block", "round-robin"])
        self.plugin("plugin loadbalance=0x50008\n", "libother.so")
        self.assertEqual(self.both("modify", "mpath-support", "--loadbalance", ""),
                         ["least-used", "logical-block", "proprietary1", "proprietary3", "round-robin"])
        self.assertEqual(self.both("override", "path", "--c"), ["--cancel"])
        self.assertEqual(self.both("watch", "--"), ["--help", "--json"])

    def test_a_name_is_text_whatever_is_in_it(self):
        harm = ("$(touch${IFS}pwned)", "`touch${IFS}pwned`", ";touch${IFS}pwned", "it's", 'a"b', "a b", "*")
        objects = "".join(f"unit device=/dev/mapper/{n}{name.replace(' ', '%20')} name=name-{n}\n"
                          for n, name in enumerate(harm))  # fmt: skip
        open(self.config, "w").close()
        self.plugin(objects, "libharm.so")
        names = sorted(f"/dev/mapper/{n}{name}" for n, name in enumerate(harm))
        self.assertEqual(self.zsh("show", "lu", ""), names)
        for n, name in enumerate(harm):
            with self.subTest(name=name):
                _, ran = self.typed(f"mpathadm list lu /dev/mapper/{n}")
                self.assertIn(f"\t/dev/mapper/{n}{name}\r\n".expandtabs(), ran.expandtabs())
                # What is escaped for the open is something else within quotes.
                self.assertEqual(self.bash("list", "lu", f'"/dev/mapper/{n}'), [])
        self.assertNotIn("pwned", os.listdir(self.folder))

    def test_names_with_colons_and_options_with_their_argument_are_completed_in_bash(self):
        self.plugin("unit device=/dev/sdx\ngroup unit=1\nport group=1 id=iqn.2026-11.org.example:san:1\n"
                    "path unit=1 port=1\n", "libiscsi.so")
        for typed, completed in {
            "list lu -t iq": "list lu -t iqn.2026-11.org.example:san:1",
            "list lu -t iqn.2026-11.org.example:": "list lu -t iqn.2026-11.org.example:san:1",
            "list lu -t iqn.2026-11.org.example:san:": "list lu -t iqn.2026-11.org.example:san:1",
            'list lu -t "iqn.2026-11.org.example:s': 'list lu -t "iqn.2026-11.org.example:san:1"',
            "list lu --target-port=iqn.2026-11.org.example:s": "list lu --target-port=iqn.2026-11.org.example:san:1",
            "list lu --target-port=50060e801049c1f": "list lu --target-port=50060e801049c1f",
            "disable path --logical-unit=/dev/s": "disable path --logical-unit=/dev/sdx",
            "modify lu --loadbalance=r": "modify lu --loadbalance=round-robin",
            "list   lu /dev/s": "list   lu /dev/sdx",
        }.items():
            with self.subTest(typed=typed):
                self.assertEqual(self.typed(f"mpathadm {typed}")[0], f"mpathadm {completed}")


class Options(unittest.TestCase):
    """Of the daemons: --help, both completions and the manual page tell of the same."""

    def tree(self, *names):
        with open(os.path.join(os.environ["SOURCE_ROOT"], *names)) as file:
            return file.read()

    def test_all_tell_of_the_same_options(self):
        pages = {os.environ["MPAPID"]: "mpapid.8"}
        if "MPAPID_SAN" in os.environ:  # an option of the build
            pages[os.environ["MPAPID_SAN"]] = "mpapid-san.5"
        for path, page in pages.items():
            program = os.path.basename(path)
            with self.subTest(program=program):
                told = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=DEADLINE).stdout
                options = sorted(re.findall(r"^  (?:-\w,)?(--[\w-]+)", told, re.M))
                self.assertIn("--help", options)
                function = "_" + program.replace("-", "_")
                offered = subprocess.run(
                    ["bash", "-c", f"source $1; COMP_WORDS=({program} --) COMP_CWORD=1; {function};"
                     ' printf "%s\\n" "${COMPREPLY[@]}"', "bash", f"{COMPLETIONS}/{program}.bash"],
                    capture_output=True, text=True, timeout=DEADLINE)  # fmt: skip
                self.assertEqual((offered.stderr, sorted(offered.stdout.split())), ("", options))
                zsh = self.tree("completions", f"_{program}")
                self.assertEqual(sorted(re.findall(r"^    '(?:\(.*?\))?(--[\w-]+)\[", zsh, re.M)), options)
                documented = re.findall(r"^\.It Fl (-[\w-]+)", self.tree("man", page), re.M)
                self.assertEqual(sorted("-" + each for each in documented), options)


main()
