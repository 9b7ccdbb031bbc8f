# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may change something: root, the daemon's owner, and whom polkit lets."""
from polkit_authority import *


class Polkit(PolkitTest):
    def test_polkit_is_told_who_wants_to_do_what_with_what(self):
        polkit = self.authority()
        self.ask()
        asked = polkit.question()
        name = ("s", self.stranger.name)
        self.assertEqual(asked.subject, ("system-bus-name", {"name": name}))
        self.assertEqual(asked.action, ACTION)
        self.assertEqual(asked.details, {"object": lu_path(2), "method": "Refresh"})
        self.assertFalse(asked.interactive)
        self.ask(path=ROOT, kind=interface("Manager"), interactive=True)
        another = polkit.question()
        self.assertEqual(another.details, {"object": ROOT, "method": "Refresh"})
        self.assertTrue(another.interactive)
        self.assertNotIn("", (asked.cancellation, another.cancellation))
        self.assertNotEqual(asked.cancellation, another.cancellation)

    def test_whom_polkit_lets_may(self):
        polkit = self.authority()
        call = self.ask()
        question = polkit.question()
        self.assertEqual(self.refreshed(), [], "not before the answer")
        polkit.answer(question, authorized=True)
        self.assertEqual(self.stranger.answer(call), ())
        self.assertEqual(self.refreshed(), [2])

    def test_whom_polkit_does_not_let_may_not_but_may_read(self):
        polkit = self.authority()
        call = self.ask(interactive=True)
        polkit.answer(polkit.question())
        text = self.denied(call)
        self.assertEqual(text, f"polkit does not permit this ({ACTION}).")
        self.assertEqual(self.refreshed(), [])
        self.assertEqual(self.stranger.get(lu_path(2), "LogicalUnit", "Name"), "mpath2")

    def test_who_is_to_authenticate_is_told_how(self):
        polkit = self.authority()
        for interactive, details, wanted in (
            (False, {}, "call again with interactive authorization"),
            (True, {}, "there is no polkit agent"),
            (True, {"dismissed": "true"}, "was dismissed"),
        ):
            with self.subTest(wanted):
                call = self.ask(interactive=interactive)
                polkit.answer(polkit.question(), challenge=True, **details)
                self.assertIn(wanted, self.denied(call))
        self.assertEqual(self.refreshed(), [])

    def test_while_polkit_thinks_others_are_answered(self):
        polkit = self.authority()
        call = self.ask(interactive=True)
        question = polkit.question()
        self.assertEqual(self.client.get(lu_path(1), "LogicalUnit", "Name"), "mpath1")
        self.assertEqual(self.stranger.get(lu_path(1), "LogicalUnit", "Name"), "mpath1")
        another = self.new_client(NOBODY)
        second = self.ask(another, lu_path(1))
        polkit.answer(polkit.question(), authorized=True)
        self.assertEqual(another.answer(second), ())
        self.assertEqual(self.refreshed(), [1])
        polkit.answer(question, authorized=True)
        self.assertEqual(self.stranger.answer(call), ())

    def test_an_object_that_vanished_while_polkit_thought_is_left_alone(self):
        polkit = self.authority()
        call = self.ask()
        question = polkit.question()
        self.do("remove 2")
        polkit.answer(question, authorized=True)
        self.denied(call, name=f"{NAME}.Error.ObjectNotFound")
        self.assertEqual(self.refreshed(), [])

    def test_of_a_caller_that_leaves_the_question_is_taken_back(self):
        polkit = self.authority()
        leaving = self.new_client(NOBODY)
        self.ask(leaving, lu_path(1), interactive=True)
        question = polkit.question()
        call = self.ask(interactive=True)
        other = polkit.question()
        leaving.close()
        self.assertEqual(polkit.cancelled(), question.cancellation)
        # What polkit says to a question that is no more, and to the one that is.
        polkit.answer(question, authorized=True)
        polkit.answer(other, authorized=True)
        self.assertEqual(self.stranger.answer(call), ())
        self.assertEqual(self.refreshed(), [2])

    def test_without_polkit_only_root_may(self):
        text = self.denied(self.ask(interactive=True))
        self.assertIn("polkit is not running; without it only root and user 4000000000 may", text)
        self.assertEqual(self.refreshed(), [])

    def test_a_polkit_that_ends_amid_a_question_is_a_no(self):
        polkit = self.authority()
        call = self.ask(interactive=True)
        polkit.question()
        polkit.close()
        self.assertIn("polkit did not answer", self.denied(call))
        again = self.authority()
        call = self.ask()
        again.answer(again.question(), authorized=True)
        self.assertEqual(self.stranger.answer(call), ())
        self.assertEqual(self.refreshed(), [2])

    def test_a_polkit_that_fails_is_a_no_and_what_it_says_stays_here(self):
        polkit = self.authority()
        call = self.ask()
        polkit.fail(polkit.question(), POLKIT_ERROR + "Failed", "secret")
        text = self.denied(call)
        self.assertIn(f"polkit failed: {POLKIT_ERROR}Failed", text)
        self.assertNotIn("secret", text)
        self.assertEqual(self.refreshed(), [])

    def test_an_answer_that_is_none_is_a_no(self):
        polkit = self.authority()
        for signature, body in (
            (None, ()),
            ("b", (True,)),
            ("(bb)", ((True, True),)),
            ("(bbas)", ((True, False, []),)),
            ("bba{ss}", (True, False, {})),
            ("(uba{ss})", ((1, False, {}),)),
            ("(bba{sv})", ((True, False, {"a": ("u", 1)}),)),
        ):
            with self.subTest(signature):
                call = self.ask()
                polkit.reply(polkit.question(), signature, body)
                self.assertIn("an answer that is none", self.denied(call))
        self.assertEqual(self.refreshed(), [])

    def test_root_may_without_polkit_being_asked(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        polkit = self.authority()
        self.client.call(lu_path(1), LU, "Refresh")
        self.ask()
        self.assertEqual(polkit.question().subject[1]["name"][1], self.stranger.name, "the first")
        self.assertEqual(self.refreshed(), [1])


class Owner(PolkitTest):
    arguments = ["--owner", str(NOBODY if os.geteuid() == 0 else os.geteuid())]

    def test_the_owner_may_without_polkit_being_asked(self):
        self.assertEqual(self.stranger.answer(self.ask()), ())
        self.assertEqual(self.refreshed(), [2])


class Impatient(PolkitTest):
    arguments = [*PolkitTest.arguments, "--patience", "300", "--patience-with-people", "600"]

    def test_a_polkit_that_never_answers_is_a_no(self):
        polkit = self.authority()
        for interactive, least in ((False, 0.3), (True, 0.6)):
            with self.subTest(interactive=interactive):
                began = time.monotonic()
                call = self.ask(interactive=interactive)
                question = polkit.question()
                self.assertIn("polkit did not answer", self.denied(call))
                self.assertGreater(time.monotonic() - began, least)
                self.assertEqual(polkit.cancelled(), question.cancellation)
                polkit.answer(question, authorized=True)
        self.assertEqual(self.stranger.get(lu_path(1), "LogicalUnit", "Name"), "mpath1")
        self.assertEqual(self.refreshed(), [])


class Crowd(PolkitTest):
    arguments = [*PolkitTest.arguments, "--questions", "5", "--questions-per-user", "3"]

    def test_a_user_has_a_limited_number_of_open_questions(self):
        polkit = self.authority()
        clients = [self.new_client(NOBODY) for _ in range(4)]
        calls = [self.ask(client) for client in clients[:3]]
        questions = [polkit.question() for _ in calls]
        self.assertIn("try again", self.denied(self.ask(clients[3]), clients[3], LIMIT))
        polkit.answer(questions[0], authorized=True)
        self.assertEqual(clients[0].answer(calls[0]), ())
        again = self.ask(clients[3])
        polkit.answer(polkit.question(), authorized=True)
        self.assertEqual(clients[3].answer(again), ())
        clients[1].close()
        self.assertEqual(polkit.cancelled(), questions[1].cancellation)
        again = self.ask(clients[0])
        polkit.answer(polkit.question(), authorized=True)
        self.assertEqual(clients[0].answer(again), (), "who left has no part any more")

    def test_all_users_together_have_too_and_root_is_not_kept_out(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        polkit = self.authority()
        for uid in (NOBODY, NOBODY, NOBODY, SOMEBODY, SOMEBODY):
            self.ask(self.new_client(uid))
            polkit.question()
        last = self.new_client(ANYBODY)
        self.denied(self.ask(last), last, LIMIT)
        self.client.call(lu_path(1), LU, "Refresh")
        self.assertEqual(self.refreshed(), [1])


if __name__ == "__main__":
    main()
