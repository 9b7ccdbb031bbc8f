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

void a_key_that_it_does_not_take_is_told(void**) {
    Scene scene;
    scene.answers.emplace("getprkey", "none\n");
    const auto status = scene.adopt();
    assert_false(status.has_value());
    assert_contains(status.error().message(), "reservation_key file");
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
        cmocka_unit_test(a_key_that_it_does_not_take_is_told),
        cmocka_unit_test(it_forgets_in_the_words_of_each_version),
        cmocka_unit_test(what_does_not_run_and_disks_in_no_map_need_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
