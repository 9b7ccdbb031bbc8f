# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion of clusprep and clusprepd in bash and zsh offers what their own help names."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

CLUSPREP = os.environ["CLUSPREP"]
CLUSPREPD = os.environ["CLUSPREPD"]
COMPLETIONS = os.path.join(os.environ["SOURCE_ROOT"], "completions")
DEADLINE = 20

for program in ("bash", "zsh"):
    if not shutil.which(program):
        print(f"skipped: no {program} here; ./dev test installs it")
        raise SystemExit(77)

BASH = r"""
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
compopt() { :; }
"_$1"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"""

# What the completion function would offer: compadd tells it instead.
ZSH = r"""
compadd() { shift; print -rl -- "$@"; }
file=$1; shift
words=("$@"); CURRENT=$#words
_files() { print -rl -- *; }
source "$file"
"_$words[1]"
"""


def bash(*words, program="clusprep"):
    return lines(["bash", "-c", BASH, "bash", os.path.join(COMPLETIONS, program + ".bash"),
                  program, *words])


def zsh(*words, program="clusprep"):
    offered = lines(["zsh", "-f", "-c", ZSH, "zsh", os.path.join(COMPLETIONS, "_" + program),
                     program, *words])
    return sorted(word for word in offered if word.startswith(words[-1]))


def lines(command):
    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE,
                         stdin=subprocess.DEVNULL)
    if ran.returncode or ran.stderr:
        raise AssertionError(f"{command}: {ran.returncode} {ran.stderr}")
    return sorted(set(filter(None, ran.stdout.splitlines())))


def told(*words, program=CLUSPREP):
    """Subcommands, and long options, that the help of these words names."""
    text = subprocess.run([program, *words, "--help"], capture_output=True, text=True,
                          timeout=DEADLINE, check=True).stdout
    below = text.split("Subcommands:\n")
    commands = re.findall(r"^  ([a-z-]+)", below[1], re.M) if len(below) > 1 else []
    return commands, re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", below[0], re.M)


class Completion(unittest.TestCase):
    def test_what_help_names_is_offered(self):
        _, connection = told()
        connection = set(connection) - {"--version"}
        todo = [()]
        seen = 0
        while todo:
            words = todo.pop()
            commands, options = told(*words)
            for shell in (bash, zsh):
                with self.subTest(words=words, shell=shell.__name__):
                    if commands:
                        self.assertEqual(shell(*words, ""), sorted(commands))
                    else:
                        self.assertEqual(shell(*words, "n1", "--"),
                                         sorted(connection | set(options)))
                        seen += 1
            todo += [(*words, command) for command in commands]
        self.assertEqual(seen, 2 * 46)

    def test_arguments_of_options_are_no_words_of_the_command(self):
        for shell in (bash, zsh):
            with self.subTest(shell=shell.__name__):
                self.assertEqual(shell("--user", "disk", "--json", "pr", "a"), ["arbitrate"])
                self.assertEqual(shell("disk", "list", "n1", "--auth", ""),
                                 ["kerberos", "negotiate", "ntlm"])
                self.assertEqual(shell("disk", "list", "n1", "--port", ""), [])
                self.assertEqual(shell("--version", "di"), ["disk"])

    def test_what_the_daemon_s_help_names_is_offered(self):
        for words in ((), ("account",), ("account", "add"), ("account", "remove"),
                      ("account", "list")):
            commands, options = told(*words, program=CLUSPREPD)
            for shell in (bash, zsh):
                with self.subTest(words=words, shell=shell.__name__):
                    self.assertEqual(shell(*words, "--", program="clusprepd"), sorted(options))
                    self.assertEqual(shell(*words, "", program="clusprepd"),
                                     sorted(commands + options))

    def test_the_daemon_s_files_are_offered(self):
        for shell in (bash, zsh):
            with self.subTest(shell=shell.__name__), tempfile.TemporaryDirectory() as directory:
                before = os.getcwd()
                os.chdir(directory)
                try:
                    open("one.toml", "w").close()
                    self.assertEqual(shell("--config", "o", program="clusprepd"), ["one.toml"])
                finally:
                    os.chdir(before)
                self.assertEqual(shell("--config", "x", "account", "r", program="clusprepd"),
                                 ["remove"])
                self.assertEqual(shell("account", "add", "--password-fd", "", program="clusprepd"),
                                 [])


if __name__ == "__main__":
    unittest.main()
