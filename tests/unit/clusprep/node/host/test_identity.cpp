// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/host/identity.hpp"

#include "common/system/full_name.hpp"

#include "tests/unit/cmocka.hpp"

#include <unistd.h>

#include <array>

using namespace mpapi;
using namespace mpapi::node;

namespace {

void versions_are_those_of_os_release(void**) {
    using V = csvp::Versions;
    assert_true(version_of_release("NAME=Debian\nVERSION_ID=\"12\"\n") == (V{12, 0}));
    assert_true(version_of_release("VERSION_ID=22.04") == (V{22, 4}));
    assert_true(version_of_release("VERSION_ID='9.3'\nX=1") == (V{9, 3}));
    assert_true(version_of_release("VERSION_ID=1\nVERSION_ID=2") == (V{2, 0}));
    assert_false(version_of_release("NAME=Rolling\nBUILD_ID=1").has_value());
    assert_false(version_of_release("VERSION_ID=\"sid\"").has_value());
    assert_false(version_of_release("VERSION_ID=99999999999").has_value());
    assert_false(version_of_release("").has_value());
}

void versions_are_those_of_the_kernel_where_there_are_no_others(void**) {
    assert_true(version_of_kernel("6.1.0-18-amd64") == (csvp::Versions{6, 1}));
    const HostIdentity host({"/nowhere/os-release", "", ""}, "");
    assert_true(host.versions().major >= 4);
}

void a_name_with_a_dot_is_the_full_name(void**) {
    assert_text_equal(full_name("Node1.Example.ORG.", "10.0.0.1 other.example.net node1", ""),
                      "node1.example.org");
}

void hosts_gives_the_full_name(void**) {
    assert_text_equal(full_name("node1", "# x\n127.0.1.1\tNODE1.example.org node1\n", ""),
                      "node1.example.org");
    assert_text_equal(full_name("node1", "::1 localhost\n10.0.0.1 node1 node1.b.c #node1.d", ""),
                      "node1.b.c");
    assert_text_equal(full_name("node1", "10.0.0.1 node11.b.c node11\n", "search a.b"),
                      "node1.a.b");
}

void resolv_conf_gives_the_domain(void**) {
    assert_text_equal(full_name("node1", "", "nameserver 10.0.0.1\nsearch A.example b.example\n"),
                      "node1.a.example");
    assert_text_equal(full_name("node1", "", "domain x.y\nsearch z.y"), "node1.z.y");
    assert_text_equal(full_name("node1", "", "search .\n"), "node1");
    assert_text_equal(full_name("node1", "", "search a/b\n"), "node1");
}

void the_name_alone_is_told_where_nothing_says_more(void**) {
    assert_text_equal(full_name("node1", "", ""), "node1");
    assert_text_equal(full_name("", "", ""), "");
}

void a_configured_name_goes_first(void**) {
    HostIdentity host({"", "", ""}, "Node7.Example.org");
    std::string told;
    host.full_name([&](csvp::Outcome<std::string> name) { told = *name; });
    assert_text_equal(told, "node7.example.org");
    HostIdentity other({"", "/nowhere", "/nowhere"}, "");
    other.full_name([&](csvp::Outcome<std::string> name) { told = *name; });
    std::array<char, 256> name{};
    assert_int_equal(::gethostname(name.data(), name.size() - 1), 0);
    assert_text_equal(told, full_name(name.data(), "", ""));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_those_of_os_release),
        cmocka_unit_test(versions_are_those_of_the_kernel_where_there_are_no_others),
        cmocka_unit_test(a_name_with_a_dot_is_the_full_name),
        cmocka_unit_test(hosts_gives_the_full_name),
        cmocka_unit_test(resolv_conf_gives_the_domain),
        cmocka_unit_test(the_name_alone_is_told_where_nothing_says_more),
        cmocka_unit_test(a_configured_name_goes_first),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
