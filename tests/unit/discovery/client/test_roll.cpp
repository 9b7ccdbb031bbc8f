// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/roll.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;

namespace {

Found server(const char* name, const char* address = "10.0.0.1", const char* interface = "eth0") {
    return {name, address, interface, 1, 2, {}, ""};
}

void a_server_is_news_once(void**) {
    Roll roll;
    assert_true(roll.add(server("node1")));
    assert_false(roll.add(server("node1")));
    assert_false(roll.add(server("NODE1")));
    assert_true(roll.add(server("node2")));
    assert_int_equal(roll.all().size(), 2);
    assert_text_equal(roll.all()[0].name, "node1");
}

void a_server_that_moves_is_news_and_stays_one(void**) {
    Roll roll;
    roll.add(server("node1"));
    roll.find("node1")->trouble = "refused";
    for (int i = 0; i < 100; ++i) {
        assert_true(roll.add(server("Node1", "10.0.0.2")));
        assert_true(roll.add(server("node1")));
    }
    assert_true(roll.add(server("node1", "10.0.0.1", "eth1")));
    assert_int_equal(roll.all().size(), 1);
    assert_text_equal(roll.all()[0].trouble, ""); // of the other place
}

void who_is_gone_was_there(void**) {
    Roll roll;
    roll.add(server("node1"));
    assert_false(roll.remove("node2"));
    assert_true(roll.remove("NODE1"));
    assert_false(roll.remove("node1"));
    assert_null(roll.find("node1"));
    assert_true(roll.add(server("node1")));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_news_once),
        cmocka_unit_test(a_server_that_moves_is_news_and_stays_one),
        cmocka_unit_test(who_is_gone_was_there),
    };
    return cmocka_run_group_tests_name("who was found", tests, nullptr, nullptr);
}
