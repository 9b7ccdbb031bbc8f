// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/winbind_accounts.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

class Counted final : public NtlmAccounts {
  public:
    void verify(const NtlmLogon&, Verified) override { ++asked; }
    int asked = 0;
};

std::string route(const char16_t* domain, const char16_t* user, bool with_domain = true) {
    Counted own, others;
    RoutedAccounts routed(own, with_domain ? &others : nullptr, {u"NODE1", u"NODE1.EXAMPLE.ORG"});
    NtlmLogon logon;
    logon.domain = domain;
    logon.user = user;
    routed.verify(logon, [](const Result<NtlmSession>&) {});
    assert_int_equal(own.asked + others.asked, 1);
    return own.asked != 0 ? "own" : "domain";
}

void this_hosts_names_are_ours(void**) {
    assert_text_equal(route(u"", u"alice"), "own");
    assert_text_equal(route(u".", u"alice"), "own");
    assert_text_equal(route(u"node1", u"alice"), "own");
    assert_text_equal(route(u"Node1.example.org", u"alice"), "own");
}

void all_others_are_the_domains(void**) {
    assert_text_equal(route(u"EXAMPLE", u"alice"), "domain");
    assert_text_equal(route(u"NODE2", u"alice"), "domain");
    assert_text_equal(route(u"", u"alice@example.org"), "domain");
}

void without_winbind_all_are_ours(void**) {
    assert_text_equal(route(u"WORKGROUP", u"alice", false), "own");
    assert_text_equal(route(u"", u"alice@example.org", false), "own");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(this_hosts_names_are_ours),
        cmocka_unit_test(all_others_are_the_domains),
        cmocka_unit_test(without_winbind_all_are_ours),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
