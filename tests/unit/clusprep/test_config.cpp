// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/config.hpp"

#include "common/settings/configuration.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::clusprep;

namespace {

void assert_refused(const char* text, const char* reason) {
    const auto config = settings::parse<Config>(text, "test.toml");
    if (config) fail_msg("was read: %s", text);
    assert_contains(config.error().message(), reason);
}

void an_empty_file_lets_nobody_in(void**) {
    const auto config = settings::parse<Config>("", "test.toml");
    assert_ok(config);
    assert_true(config->allow.users.empty() && config->allow.groups.empty() &&
                config->allow.sids.empty());
    assert_int_equal(config->port, 0);
    assert_int_equal(config->partition_base, 0);
    assert_false(config->write_anywhere);
    assert_text_equal(config->listen.at(0), "::");
}

void the_shipped_file_holds_the_defaults(void**) {
    const auto shipped = settings::load<Config>({SHIPPED_CONFIG});
    assert_ok(shipped);
    const Config defaults;
    assert_true(shipped->listen == defaults.listen);
    assert_true(shipped->allow.users == defaults.allow.users);
    assert_int_equal(shipped->limits.objects, defaults.limits.objects);
}

void every_key_is_read(void**) {
    const auto config = settings::parse<Config>(R"(
listen = ["192.0.2.1", "2001:db8::1"]
port = 49152
names = ["node1.example"]
full_name = "node1.example.com"
state_directory = "/tmp/state"
cluster_service = "corosync.service"
partition_base = 1
write_anywhere = true
[allow]
users = ["NODE1\\anna", "anna@EXAMPLE"]
groups = ["S-1-5-21-1-2-3-1107"]
sids = ["S-1-5-32-544"]
[authentication]
ntlm = false
accounts = "/a"
winbind = true
domain = "EXAMPLE"
kerberos = true
keytab = "/k"
[limits]
connections = 10
connections_per_address = 9
objects = 8
objects_per_client = 7
objects_per_address = 6
[logs]
share = "S"
directory = "/l"
units = ["x.service"]
span = "24h"
)",
                                                "test.toml");
    assert_ok(config);
    assert_int_equal(config->listen.size(), 2);
    assert_int_equal(config->port, 49152);
    assert_text_equal(config->names.at(0), "node1.example");
    assert_text_equal(config->full_name, "node1.example.com");
    assert_text_equal(config->state_directory, "/tmp/state");
    assert_text_equal(config->cluster_service, "corosync.service");
    assert_int_equal(config->partition_base, 1);
    assert_true(config->write_anywhere);
    assert_text_equal(config->allow.users.at(0), "NODE1\\anna");
    assert_text_equal(config->allow.groups.at(0), "S-1-5-21-1-2-3-1107");
    assert_text_equal(config->allow.sids.at(0), "S-1-5-32-544");
    assert_false(config->authentication.ntlm);
    assert_text_equal(config->authentication.accounts, "/a");
    assert_true(config->authentication.winbind);
    assert_text_equal(config->authentication.domain, "EXAMPLE");
    assert_text_equal(config->authentication.keytab, "/k");
    assert_int_equal(config->limits.connections, 10);
    assert_int_equal(config->limits.connections_per_address, 9);
    assert_int_equal(config->limits.objects, 8);
    assert_int_equal(config->limits.objects_per_client, 7);
    assert_int_equal(config->limits.objects_per_address, 6);
    assert_text_equal(config->logs.share, "S");
    assert_text_equal(config->logs.directory, "/l");
    assert_text_equal(config->logs.units.at(0), "x.service");
    assert_int_equal(config->logs.span.count(), 24);
}

void what_makes_no_sense_is_refused_with_its_line(void**) {
    assert_refused("liste = []", "test.toml:1");
    assert_refused("listen = [\"node1\"]", "expected IPv4 and IPv6 addresses, found node1");
    assert_refused("listen = []", "expected one address or more");
    assert_refused("port = 135", "another port than 135");
    assert_refused("port = 65536", "65535");
    assert_refused("partition_base = 2", "partition_base");
    assert_refused("state_directory = \"state\"", "expected an absolute path");
    assert_refused("[allow]\nusers = [\"anna\"]", "test.toml:2");
    assert_refused("[allow]\nusers = [\"anna\"]", "expected DOMAIN\\user or user@REALM");
    assert_refused("[allow]\nsids = [\"544\"]", "expected a SID (S-1-");
    for (const char* sid : {"S-1-", "S-1-5", "S-1-5-", "S-1--5", "S-1-5-x", "s-1-5-32-544",
                            "S-1-5-32-544 ", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"})
        assert_refused((std::string("[allow]\nsids = [\"") + sid + "\"]").c_str(),
                       "test.toml:2: allow.sids: expected a SID");
    for (const char* unit : {"foo", ".service", "a b.service", "../x.service", "x.socket"})
        assert_refused(("cluster_service = \"" + std::string(unit) + "\"").c_str(),
                       "a unit that ends in .service");
    assert_refused("[authentication]\nntlm = false\nkerberos = false", "nobody is let in");
    assert_refused("[limits]\nobjects = 0", "objects");
    assert_refused("[logs]\nspan = \"90min\"", "expected whole hours");
}

// Nobody would be let in by it.
void the_name_of_a_group_is_refused_with_what_to_do(void**) {
    const auto config = settings::parse<Config>(
        "[allow]\nusers = []\ngroups = [\"S-1-5-32-544\", \"EXAMPLE\\\\admins\"]",
        "clusprepd.toml");
    assert_false(bool(config));
    assert_contains(config.error().message(), "clusprepd.toml:3");
    assert_contains(config.error().message(), "groups");
    assert_contains(config.error().message(), "wbinfo -n 'EXAMPLE\\admins'");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_lets_nobody_in),
        cmocka_unit_test(the_shipped_file_holds_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_its_line),
        cmocka_unit_test(the_name_of_a_group_is_refused_with_what_to_do),
    };
    return cmocka_run_group_tests_name("clusprepd.toml", tests, nullptr, nullptr);
}
