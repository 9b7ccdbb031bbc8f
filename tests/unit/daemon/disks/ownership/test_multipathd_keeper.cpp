// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said to multipathd about a map's reservation key, and what its answers mean.
#include "daemon/disks/ownership/multipathd_keeper.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <map>
#include <vector>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

struct Scene {
    std::vector<std::string> said;
    std::map<std::string, Result<std::string>> answers; // by the command's first word; else "ok"
    std::string map = "mpatha";
    MultipathdKeeper keeper{[this](std::string command, auto then) {
                                said.push_back(command);
                                const auto at = answers.find(command.substr(0, command.find(' ')));
                                then(at == answers.end() ? Result<std::string>("ok\n")
                                                         : at->second);
                            },
                            [this] { return map; }};

    Status adopt() {
        Status got = Error{};
        keeper.adopt(0xAB, [&](Status status) { got = std::move(status); });
        return got;
    }
    Status disown() {
        Status got = Error{};
        keeper.disown([&](Status status) { got = std::move(status); });
        return got;
    }
};

void it_is_given_the_key_and_asked_whether_it_has_it(void**) {
    Scene scene;
    scene.answers.emplace("getprkey", "0xab\n");
    assert_ok(scene.adopt());
    assert_true(scene.said ==
                std::vector<std::string>({"setprkey map mpatha key 0xab", "setprstatus map mpatha",
                                          "getprkey map mpatha"}));
}

void the_key_is_told_in_more_ways_than_one(void**) {
    for (const char* answer :
         {"0xab\n", "0xab", "0xAB\n", "0x00000000000000ab\n", "0xab:aptpl\n"}) {
        Scene scene;
        scene.answers.emplace("getprkey", answer);
        assert_ok(scene.adopt());
    }
}

void a_key_that_it_does_not_take_is_told(void**) {
    for (const char* answer :
         {"none\n", "", "fail\n", "0x\n", "0xabc\n", "0x1ab\n", "key 0xab\n", "0xab0x\n", "ab\n"}) {
        Scene scene;
        scene.answers.emplace("getprkey", answer);
        const auto status = scene.adopt();
        if (status) fail_msg("%s was taken for the key", answer);
        assert_contains(status.error().message(), "reservation_key file");
    }
}

void what_is_not_answered_is_told_and_nothing_more_is_said(void**) {
    Scene scene;
    scene.answers.emplace("setprkey", Error{"ask", "multipathd", "", ETIMEDOUT});
    assert_contains(scene.adopt().error().message(), "timed out");
    assert_int_equal(scene.said.size(), 1);
    Scene later;
    later.answers.emplace("unsetprkey", Error{"ask", "multipathd", "", ETIMEDOUT});
    assert_contains(later.disown().error().message(), "timed out");
    assert_int_equal(later.said.size(), 2);
}

void a_name_that_would_be_more_than_a_name_is_not_sent(void**) {
    for (const char* name : {"mpath a", "mpatha\nreconfigure", "\"mpatha\"", "a\tb"}) {
        Scene scene;
        scene.map = name;
        assert_ok(scene.adopt());
        assert_ok(scene.disown());
        assert_true(scene.said.empty());
    }
}

void it_forgets_in_the_words_of_each_version(void**) {
    for (const char* answer : {"unset\n", "0", "unset"}) {
        Scene scene;
        scene.answers.emplace("getprstatus", answer);
        assert_ok(scene.disown());
    }
    for (const char* answer : {"set\n", "1", ""}) {
        Scene scene;
        scene.answers.emplace("getprstatus", answer);
        assert_false(scene.disown().has_value());
    }
}

void what_does_not_run_and_disks_in_no_map_need_nothing(void**) {
    Scene scene;
    for (const char* command : {"setprkey", "unsetprstatus"})
        scene.answers.emplace(command, Error{"ask", "multipathd", "", ESHUTDOWN});
    assert_ok(scene.adopt());
    assert_ok(scene.disown());
    scene.said.clear();
    scene.map = "";
    assert_ok(scene.adopt());
    assert_ok(scene.disown());
    assert_true(scene.said.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_is_given_the_key_and_asked_whether_it_has_it),
        cmocka_unit_test(the_key_is_told_in_more_ways_than_one),
        cmocka_unit_test(a_key_that_it_does_not_take_is_told),
        cmocka_unit_test(what_is_not_answered_is_told_and_nothing_more_is_said),
        cmocka_unit_test(a_name_that_would_be_more_than_a_name_is_not_sent),
        cmocka_unit_test(it_forgets_in_the_words_of_each_version),
        cmocka_unit_test(what_does_not_run_and_disks_in_no_map_need_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
