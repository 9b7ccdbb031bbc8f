// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/config.hpp"

#include "common/settings/configuration.hpp"
#include "common/system/read_file.hpp"

#include "../cmocka.hpp"

#include <regex>

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

void assert_refused(const std::string& text, const char* why) {
    const auto config = settings::parse<Config>(text, "istd.toml");
    if (config) fail_msg("it was taken: %s", text.c_str());
    assert_contains(config.error().message(), why);
}

void nothing_set_is_the_defaults(void**) {
    const auto config = settings::parse<Config>("", "istd.toml");
    assert_ok(config);
    assert_true(config->answer == Config::Answer::Auto);
    assert_true(config->transport.way == Transport::Way::Auto);
    assert_false(config->beyond_network);
    assert_int_equal(config->limits.per_second, 5);
}

void every_key_is_read(void**) {
    const auto config = settings::parse<Config>(R"(
answer = "always"
name = "node1.example.org"
workgroups = ["ONE", "two"]
interfaces = ["eth*"]
transport = "nmbd"
beyond_network = true
targets = "/t"
smb_conf = "/s"
[limits]
answers_per_second = 1
burst = 2
sources = 3
[nmbd]
socket = "/a"
program = "/b"
)",
                                                "istd.toml");
    assert_ok(config);
    assert_true(config->answer == Config::Answer::Always);
    assert_text_equal(config->name, "node1.example.org");
    assert_int_equal(config->workgroups.size(), 2);
    assert_text_equal(config->interfaces[0], "eth*");
    assert_true(config->transport.way == Transport::Way::Nmbd);
    assert_true(config->beyond_network);
    assert_text_equal(config->targets, "/t");
    assert_text_equal(config->smb_conf, "/s");
    assert_int_equal(config->limits.per_second, 1);
    assert_int_equal(config->limits.burst, 2);
    assert_int_equal(config->limits.sources, 3);
    assert_text_equal(config->transport.nmbd_socket, "/a");
    assert_text_equal(config->transport.nmbd_program, "/b");
}

void mistakes_are_told_with_what_was_expected(void**) {
    assert_refused("answer = \"sometimes\"", "auto");
    assert_refused("anser = \"auto\"", "answer");
    assert_refused("name = \"a b\"", "computer name");
    assert_refused("name = \"" + std::string(128, 'a') + "\"", "127");
    assert_refused("workgroups = [\"EXAMPLE.ORG.IS.LONG\"]", "15 characters");
    assert_refused("workgroups = [\"*\"]", "15 characters");
    assert_refused("targets = \"relative\"", "absolute");
    assert_refused("[limits]\nburst = 0", "istd.toml:2");
    assert_refused("[nmbd]\nport = 1", "port");
}

void the_file_as_installed_shows_the_defaults(void**) {
    const auto text = read_file(ISTD_TOML, 1 << 20);
    assert_ok(text);
    assert_ok(settings::parse<Config>(*text, "istd.toml"));
    const auto all = std::regex_replace(*text, std::regex("(^|\n)#([a-z_]+ = )"), "$1$2");
    const auto config = settings::parse<Config>(all, "istd.toml");
    assert_ok(config);
    const Config defaults;
    assert_text_equal(config->transport.nmbd_socket, defaults.transport.nmbd_socket);
    assert_text_equal(config->transport.nmbd_program, defaults.transport.nmbd_program);
    assert_text_equal(config->targets, defaults.targets);
    assert_text_equal(config->smb_conf, defaults.smb_conf);
    assert_int_equal(config->limits.per_second, defaults.limits.per_second);
    assert_int_equal(config->limits.burst, defaults.limits.burst);
    assert_int_equal(config->limits.sources, defaults.limits.sources);
    assert_true(config->answer == defaults.answer);
    assert_true(config->transport.way == defaults.transport.way);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_is_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(mistakes_are_told_with_what_was_expected),
        cmocka_unit_test(the_file_as_installed_shows_the_defaults),
    };
    return cmocka_run_group_tests_name("configuration of istd", tests, nullptr, nullptr);
}
