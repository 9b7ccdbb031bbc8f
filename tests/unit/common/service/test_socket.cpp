// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/common/service/activated.hpp"

#include <cerrno>

using namespace mpapi;
using namespace std::chrono_literals;

namespace {

void a_program_that_says_nothing_or_nonsense_is_an_error(void**) {
    Folder folder;
    Activated silent(folder, {folder.script("cat >/dev/null; exit 1")});
    assert_contains(silent.ask("x").error().message(), "without an answer");
    Activated odd(folder, {folder.script("cat >/dev/null; printf 'hello, world'")});
    assert_contains(odd.ask("x").error().message(), "cut off");
    Activated much(folder, {folder.script("cat >/dev/null; head -c 100000 /dev/zero")});
    service::Socket::Limits small;
    small.answer = 1000;
    assert_contains(much.ask("x", small).error().message(), "too large");
    Activated slow(folder, {folder.script("cat >/dev/null; sleep 1")});
    service::Socket::Limits hasty;
    hasty.patience = 30ms;
    assert_int_equal(slow.ask("x", hasty).error().errnum, ETIMEDOUT);
}

void more_questions_than_may_be_open_wait(void**) {
    Folder folder;
    Activated silent(folder, {folder.script("cat >/dev/null; exit 1")});
    sd_event* raw = nullptr;
    assert_true(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    service::Socket::Limits limits;
    limits.at_once = 2;
    service::Socket socket(raw, silent.path(), limits);
    unsigned answered = 0;
    for (int n = 0; n < 9; ++n)
        socket.ask("x", [&](const Result<std::string>& result) {
            ++answered;
            assert_contains(result.error().message(), "without an answer");
        });
    while (answered < 9)
        assert_true(sd_event_run(raw, UINT64_MAX) >= 0);
}

void no_service_is_an_error_at_once(void**) {
    Folder folder;
    sd_event* raw = nullptr;
    assert_true(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    service::Socket socket(raw, folder.path() + "/nobody", {});
    int errnum = 0;
    socket.ask("x", [&](const Result<std::string>& result) { errnum = result.error().errnum; });
    assert_int_equal(errnum, ENOENT);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_says_nothing_or_nonsense_is_an_error),
        cmocka_unit_test(more_questions_than_may_be_open_wait),
        cmocka_unit_test(no_service_is_an_error_at_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
