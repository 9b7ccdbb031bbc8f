#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in bash and zsh, over a fake plugin."""
import os
import shutil
import subprocess

from fake import SAMPLE, Mpathadm, main

COMPLETIONS = os.path.join(os.environ["SOURCE_ROOT"], "completions")

for program in ("bash", "zsh"):
    if not shutil.which(program):
        print(f"skipped: no {program} here; ./dev test installs it")
        raise SystemExit(77)

BASH = r"""
source "$1"; shift
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
        return sorted(set(ran.stdout.split()))

    def bash(self, *words):
        return self.offered(["bash", "-c", BASH, "bash", os.path.join(COMPLETIONS, "mpathadm.bash"),
                             "mpathadm", *words])

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
        self.assertEqual(self.both("modify", "lu", "-b", "le"), ["least-blocks", "least-used"])
        self.assertEqual(self.both("override", "path", "--c"), ["--cancel"])
        self.assertEqual(self.both("watch", "--"), ["--help", "--json"])


main()
