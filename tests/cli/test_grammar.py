#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: what is refused, what is said, and the exit codes."""
import json
import os
import subprocess

from fake import DEADLINE, MPATHADM, Mpathadm, main

MORE = "For more information, please see mpathadm(1M)\n"
GENERAL = "".join(f"Usage:\tmpathadm {verb} [-?] <OBJECT> [-?] [<OPERAND>]\n" for verb in (
    "list", "show", "modify", "enable", "disable", "failover", "override"))


class Grammar(Mpathadm):
    def setUp(self):
        super().setUp()
        self.plugin()

    def refused(self, message, *arguments):
        ran = self.run_mpathadm(*arguments)
        self.assertEqual((ran.err, ran.status), (f"mpathadm: {message}\n", 99), arguments)
        self.assertTrue(ran.out.startswith("Usage:\tmpathadm "), ran.out)
        self.assertTrue(ran.out.endswith(MORE), ran.out)

    def test_nothing_at_all_is_the_general_usage(self):
        ran = self.run_mpathadm()
        self.assertEqual((ran.err, ran.status), ("", 99))
        self.assertTrue(ran.out.startswith(GENERAL), ran.out)
        self.assertTrue(ran.out.endswith(MORE), ran.out)

    def test_the_version(self):
        for option in ("-V", "--version"):
            ran = self.run_mpathadm(option)
            self.assertEqual((ran.out, ran.err, ran.status),
                             ("mpathadm: Version  1. 0\n" + MORE, "", 99))

    def test_help_is_there_in_three_places(self):
        for option in ("-?", "--help"):
            for arguments, expected in {
                (): "Usage by OBJECT:\n",
                ("modify",): "\tmpathadm modify [-?] mpath-support [-?] <OPTIONS> "
                             "<mpath-support name ...>\n",
                ("modify", "lu"): "\t\t-a, --autofailback  <on/off>\n",
                ("list", "lu"): "\tmpathadm list [-?] LU [-?] [OPTIONS] [<LU name ...>]\n",
                ("watch",): "\t\t--json\n",
            }.items():
                ran = self.run_mpathadm(*arguments, option)
                self.assertEqual((ran.err, ran.status), ("", 99))
                self.assertIn(expected, ran.out)
                self.assertTrue(ran.out.startswith("Usage:\tmpathadm "), ran.out)
                self.assertTrue(ran.out.endswith(MORE), ran.out)
        self.assertIn("Usage:\tmpathadm list [-?] lu".replace("lu", "LU"),
                      self.run_mpathadm("list", "lu", "/dev/a", "-?").out)

    def test_words_are_whole_and_of_the_grammar(self):
        self.refused("invalid subcommand", "frob")
        self.refused("invalid subcommand", "lis", "lu")
        self.refused("invalid subcommand", "add", "mpath-support")
        self.refused("missing object", "list")
        self.refused("invalid object", "list", "disk")
        self.refused("invalid object", "list", "logical")
        self.refused("invalid subcommand for path", "list", "path")
        self.refused("invalid subcommand for LU", "enable", "lu")
        self.refused("invalid subcommand for logical-unit", "override", "LOGICAL-UNIT")

    def test_options_are_those_of_the_table(self):
        self.refused("'-x': invalid option", "-x")
        self.refused("'-x': invalid option", "list", "-x", "lu")
        self.refused("'-x': invalid option", "list", "lu", "-x")
        self.refused("'-a': invalid option", "list", "lu", "-a", "on")
        self.refused("'--wrong': invalid option", "list", "lu", "--wrong")
        self.refused("'--help=me': invalid option", "list", "lu", "--help=me")
        self.refused("'-n': option requires an argument", "list", "lu", "-n")
        self.refused("'--target-port': option requires an argument", "list", "lu", "--target-port")
        self.refused("no options permitted", "show", "lu", "-n", "x")
        self.refused("no options permitted", "failover", "lu", "-a", "on")
        self.refused("'--json': invalid option", "modify", "lu", "--json", "-a", "on", "/dev/a")
        self.refused("'--strict': invalid option", "watch", "--strict")
        for arguments in (("modify", "lu", "/dev/a"), ("modify", "mpath-support", "x"),
                          ("enable", "path"), ("disable", "path"), ("override", "path")):
            self.refused("at least one option required", *arguments)

    def test_operands_are_as_many_as_the_table_says(self):
        self.refused("modify LU requires an operand", "modify", "lu", "-a", "on")
        self.refused("modify mpath-support requires an operand", "modify", "mpath-support", "-a", "on")
        self.refused("failover logical-unit requires an operand", "failover", "logical-unit")
        self.refused("failover LU accepts only a single operand", "failover", "Lu", "/dev/a", "/dev/b")
        self.refused("enable path takes no operands", "enable", "path", "-l", "x", "more")
        self.refused("watch takes no operands", "watch", "more")

    def test_options_may_follow_operands(self):
        after = self.succeeds("list", "lu", "/dev/mapper/mpatha", "-t", "50060e801049c1f0")
        self.assertEqual(after, self.succeeds("list", "lu", "-t", "50060e801049c1f0",
                                              "/dev/mapper/mpatha"))
        self.says("Error: Logical-unit -t is not found.\n", "list", "lu", "--", "-t")

    def test_options_may_follow_operands_also_where_posix_has_them_first(self):
        ran = subprocess.run([MPATHADM, "list", "lu", "/dev/none", "--json", "/dev/mapper/mpatha", "--", "--strict"],
                             env=self.environment(POSIXLY_CORRECT="1"), capture_output=True, text=True,
                             timeout=DEADLINE)  # fmt: skip
        units = json.loads(ran.stdout)["logicalUnits"]
        self.assertEqual([unit["deviceFile"] for unit in units], ["/dev/mapper/mpatha"])
        self.assertEqual([json.loads(line)["error"] for line in ran.stderr.splitlines()],
                         ["Logical-unit /dev/none is not found.", "Logical-unit --strict is not found."])

    def test_what_is_refused_is_printable(self):
        self.refused("'--\\x1b[2J': invalid option", "list", "lu", "--\033[2J")
        self.refused("'-\\x1b': invalid option", "list", "lu", "-t", "x", "-\033")

    def test_an_argument_may_be_255_long(self):
        self.says(f"Error: Logical-unit {'n' * 255} is not found.\n", "list", "lu", "-n", "n" * 255)
        ran = self.run_mpathadm("list", "lu", "-n", "n" * 256)
        self.assertEqual((ran.out, ran.err, ran.status),
                         ("", "mpathadm: option too long\nmpathadm: Invalid argument\n", 1))

    def test_a_failure_is_told_under_the_name_it_was_called_by(self):
        link = self.file("other-name")
        os.symlink(os.environ["MPATHADM"], link)
        ran = subprocess.run([link, "list", "lu", "/dev/none", "--strict"], capture_output=True,
                             text=True, env=self.environment(), timeout=20)
        self.assertEqual(ran.stderr, "Error: Logical-unit /dev/none is not found.\n"
                                     f"{link}: Unable to complete operation\n")


main()
