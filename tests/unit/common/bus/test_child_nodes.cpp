// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/child_nodes.hpp"

#include "../../cmocka.hpp"

#include <cstdlib>

using namespace mpapi;

namespace {

void the_list_has_each_path_and_an_end(void**) {
    char** nodes = nullptr;
    assert_int_equal(bus::give_child_nodes({"/a", "/a/b"}, &nodes), 0);
    assert_text_equal(nodes[0], "/a");
    assert_text_equal(nodes[1], "/a/b");
    assert_null(nodes[2]);
    for (char** each = nodes; *each; ++each)
        std::free(*each);
    std::free(nodes);
}

void a_list_of_none_is_a_list(void**) {
    char** nodes = nullptr;
    assert_int_equal(bus::give_child_nodes({}, &nodes), 0);
    assert_non_null(nodes);
    assert_null(nodes[0]);
    std::free(nodes);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_list_has_each_path_and_an_end),
        cmocka_unit_test(a_list_of_none_is_a_list),
    };
    return cmocka_run_group_tests_name("child nodes", tests, nullptr, nullptr);
}
