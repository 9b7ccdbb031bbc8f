// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A script in the place of iscsiadm: its sixth word is the portal.
#include "discovery/client/send_targets.hpp"

#include "../../cmocka.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

using namespace mpapi;
using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

class Iscsiadm {
  public:
    explicit Iscsiadm(const std::string& script) {
        char pattern[] = "/tmp/mpapi-send-targets.XXXXXX";
        assert_non_null(::mkdtemp(pattern));
        folder = pattern;
        std::ofstream(program()) << "#!/bin/sh\n" << script;
        assert_int_equal(::chmod(program().c_str(), 0755), 0);
    }
    ~Iscsiadm() { std::filesystem::remove_all(folder); }

    std::string program() const { return folder + "/iscsiadm"; }
    void ask(const std::vector<std::string>& addresses, std::chrono::milliseconds patience = 20s) {
        send_targets(
            addresses, patience,
            [&](std::size_t place, Result<std::vector<Target>> targets) {
                order.push_back(place);
                const bool first = told.emplace(place, std::move(targets)).second;
                assert_true(first);
            },
            program());
    }
    std::string why(std::size_t place) const {
        const auto& targets = told.at(place);
        return targets ? "" : targets.error().message();
    }

    std::string folder;
    std::map<std::size_t, Result<std::vector<Target>>> told;
    std::vector<std::size_t> order;
};

void targets_of_each_server_are_told(void**) {
    Iscsiadm iscsiadm("echo $6,1 iqn.of.$6\n");
    std::vector<std::string> addresses;
    for (int i = 0; i < 40; ++i) // more than are asked at a time
        addresses.push_back("10.0.0." + std::to_string(i));
    iscsiadm.ask(addresses);
    assert_int_equal(iscsiadm.told.size(), 40);
    for (std::size_t place = 0; place < 40; ++place) {
        const auto& targets = iscsiadm.told.at(place);
        assert_ok(targets);
        assert_int_equal(targets->size(), 1);
        assert_text_equal((*targets)[0].portals[0], addresses[place] + ":3260,1");
    }
    iscsiadm.ask({});
}

void one_that_waits_holds_up_no_other(void**) {
    // The first waits for the second.
    Iscsiadm iscsiadm("fifo=${0%/*}/fifo\n"
                      "case $6 in\n"
                      "10.0.0.1:*) read -r line <\"$fifo\" && echo \"$6,1 iqn.$line\" ;;\n"
                      "*) echo second >\"$fifo\" && echo $6,1 iqn.b ;;\n"
                      "esac\n");
    assert_int_equal(::mkfifo((iscsiadm.folder + "/fifo").c_str(), 0600), 0);
    iscsiadm.ask({"10.0.0.1", "10.0.0.2"});
    assert_ok(iscsiadm.told.at(0));
    assert_text_equal(iscsiadm.told.at(0)->at(0).name, "iqn.second");
    assert_ok(iscsiadm.told.at(1));
}

void one_that_does_not_end_is_killed_and_the_others_are_told_before(void**) {
    Iscsiadm iscsiadm("case $6 in\n"
                      "10.0.0.1:*) exec sleep 600 ;;\n"
                      "esac\n"
                      "echo $6,1 iqn.b\n");
    iscsiadm.ask({"10.0.0.1", "10.0.0.2", "10.0.0.3"}, 3s);
    assert_int_equal(iscsiadm.order.size(), 3);
    assert_int_equal(iscsiadm.order[2], 0);
    assert_contains(iscsiadm.why(0), "timed out");
    assert_ok(iscsiadm.told.at(1));
}

void what_failed_is_told_with_its_last_line(void**) {
    Iscsiadm iscsiadm("echo first; echo 'connection refused' >&2; exit 4\n");
    iscsiadm.ask({"10.0.0.1"});
    assert_contains(iscsiadm.why(0), "10.0.0.1");
    assert_contains(iscsiadm.why(0), "iscsiadm: connection refused");
}

void without_the_program_its_package_is_named(void**) {
    Iscsiadm iscsiadm("");
    assert_int_equal(::unlink(iscsiadm.program().c_str()), 0);
    iscsiadm.ask({"10.0.0.1", "10.0.0.2"});
    assert_contains(iscsiadm.why(0), "open-iscsi");
    assert_contains(iscsiadm.why(1), "open-iscsi");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(targets_of_each_server_are_told),
        cmocka_unit_test(one_that_waits_holds_up_no_other),
        cmocka_unit_test(one_that_does_not_end_is_killed_and_the_others_are_told_before),
        cmocka_unit_test(what_failed_is_told_with_its_last_line),
        cmocka_unit_test(without_the_program_its_package_is_named),
    };
    return cmocka_run_group_tests_name("SendTargets", tests, nullptr, nullptr);
}
