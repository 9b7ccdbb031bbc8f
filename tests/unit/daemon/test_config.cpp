// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/config.hpp"

#include "common/settings/configuration.hpp"

#include "tests/unit/cmocka.hpp"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace mpapi;
using namespace mpapi::daemon;
using namespace std::chrono_literals;

namespace {

std::string shipped() {
    std::ifstream file(SHIPPED_CONFIG);
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().empty()) fail_msg("cannot read %s", SHIPPED_CONFIG);
    return text.str();
}

std::string refusal(std::string_view text) {
    const auto config = settings::parse<Config>(text, "mpapid.toml");
    return config ? "accepted" : config.error().message();
}

void no_text_gives_the_defaults(void**) {
    const auto config = settings::parse<Config>("", "mpapid.toml");
    assert_ok(config);
    assert_true(*config == Config{});
}

void every_key_is_read(void**) {
    const auto config = settings::parse<Config>(R"(
manager = "observe"
state_directory = "/run/elsewhere"
[refresh]
enabled = false
shortest = "2s"
longest = "10min"
[commands]
timeout = "750ms"
threads = 3
per_host = 2
replacements = 0
[startup]
verify = "0ms"
[bus]
managed_objects = "1MiB"
calls_per_sender = 5
changes_kept = 99
[disks]
allow = ["36001405f0e1d2c3b4a5968778695a4b3", "1ACME_1234"]
raw_write = "anywhere"
)",
                                                "mpapid.toml");
    assert_ok(config);
    assert_true(config->manager == ManagerMode::Observe);
    assert_text_equal(config->state_directory, "/run/elsewhere");
    assert_false(config->refresh.enabled);
    assert_true(config->refresh.shortest == 2s);
    assert_true(config->refresh.longest == 600s);
    assert_true(config->commands.timeout == 750ms);
    assert_int_equal(config->commands.threads, 3);
    assert_int_equal(config->commands.per_host, 2);
    assert_int_equal(config->commands.replacements, 0);
    assert_true(config->startup.verify == 0ms);
    assert_int_equal(config->bus.managed_objects, 1 << 20);
    assert_int_equal(config->bus.calls_per_sender, 5);
    assert_int_equal(config->bus.changes_kept, 99);
    assert_true(config->disks.allow ==
                std::vector<std::string>({"36001405f0e1d2c3b4a5968778695a4b3", "1ACME_1234"}));
    assert_true(config->disks.write_anywhere);
}

void no_disk_is_allowed_unless_named_whole(void**) {
    const auto config =
        settings::parse<Config>("[disks]\nallow = ['36001405a', '36001405b']", "mpapid.toml");
    assert_ok(config);
    assert_true(config->disks.allows("36001405b"));
    for (const char* other : {"", "3", "36001405", "36001405aa", "36001405A", "*"})
        assert_false(config->disks.allows(other));
    assert_false(Config().disks.allows(""));
    assert_false(Config().disks.allows("36001405a"));
}

void a_list_of_disks_with_what_is_no_wwid_is_refused(void**) {
    assert_text_equal(refusal("[disks]\nallow = ['36001405a', '']\n"),
                      "read mpapid.toml:2: disks.allow: expected WWIDs such as "
                      "\"36001405f0e1d2c3b4a5968778695a4b3\", found \"\"");
    assert_text_equal(refusal("[disks]\nallow = ['/dev/sda 1']\n"),
                      "read mpapid.toml:2: disks.allow: expected WWIDs such as "
                      "\"36001405f0e1d2c3b4a5968778695a4b3\", found \"/dev/sda 1\"");
    assert_text_equal(refusal("[disks]\nallow = ['36a', '36a']\n"),
                      "read mpapid.toml:2: disks.allow: \"36a\" is there twice");
    assert_text_equal(refusal("[disks]\nraw_write = 'everywhere'\n"),
                      "read mpapid.toml:2: disks.raw_write: expected one of \"scratch\", "
                      "\"anywhere\", found \"everywhere\"");
    assert_string_not_equal(refusal("[disks]\nallow = '36a'\n").c_str(), "accepted");
}

void each_manager_has_its_name(void**) {
    assert_true(settings::parse<Config>("manager = 'auto'", "f")->manager == ManagerMode::Auto);
    assert_true(settings::parse<Config>("manager = 'multipathd'", "f")->manager ==
                ManagerMode::Multipathd);
    assert_true(settings::parse<Config>("manager = 'standalone'", "f")->manager ==
                ManagerMode::Standalone);
    assert_text_equal(refusal("manager = 'standalon'"),
                      "read mpapid.toml:1: manager: expected one of \"auto\", \"multipathd\", "
                      "\"standalone\", \"observe\", found \"standalon\"; did you mean "
                      "\"standalone\"?");
}

void mistakes_name_line_and_remedy(void**) {
    assert_text_equal(refusal("[commands]\ntreads = 4\n"),
                      "read mpapid.toml:2: unknown key \"treads\" in [commands]; did you mean "
                      "\"threads\"?");
    assert_text_equal(
        refusal("[command]\nthreads = 4\n"),
        "read mpapid.toml:1: unknown section \"command\"; did you mean \"commands\"?");
    assert_text_equal(refusal("[commands]\nthreads = 0\n"),
                      "read mpapid.toml:2: commands.threads: expected a whole number from 1 to 64, "
                      "found 0");
    assert_text_equal(refusal("[bus]\nchanges_kept = 65537\n"),
                      "read mpapid.toml:2: bus.changes_kept: expected a whole number from 16 to "
                      "65536, found 65537");
    assert_text_equal(refusal("state_directory = 'lib'\n"),
                      "read mpapid.toml:1: state_directory: expected an absolute path");
    assert_text_equal(refusal("[refresh]\nshortest = '1500ms'\n"),
                      "read mpapid.toml:2: refresh.shortest: expected whole seconds");
}

void an_interval_that_shrinks_is_refused(void**) {
    assert_text_equal(refusal("[refresh]\nshortest = '2min'\n"),
                      "read mpapid.toml:2: refresh.shortest: expected shortest <= longest, found "
                      "shortest = 120s and longest = 60s");
    assert_text_equal(refusal("[refresh]\nlongest = '2s'\n"),
                      "read mpapid.toml:2: refresh.longest: expected shortest <= longest, found "
                      "shortest = 5s and longest = 2s");
}

// The shipped file, as it is and with each default uncommented, is the defaults of the code.
void the_shipped_file_shows_the_defaults(void**) {
    const auto as_is = settings::parse<Config>(shipped(), "mpapid.toml");
    assert_ok(as_is);
    assert_true(*as_is == Config{});

    const std::regex commented("(^|\n)#([a-z_]+ = )");
    const std::string text = std::regex_replace(shipped(), commented, "$1$2");
    assert_true(text.size() < shipped().size());
    const auto uncommented = settings::parse<Config>(text, "mpapid.toml");
    assert_ok(uncommented);
    assert_true(*uncommented == Config{});
}

// The reader lists what it knows when it meets a key like no other; all of it is in the file.
void the_shipped_file_shows_every_key(void**) {
    const std::string strange = "qqqqqqqqqqqqqqqqqqqqqqqq = 1\n";
    const std::regex quoted("\"([a-z_]+)\"");
    const std::string file = shipped();
    std::size_t keys = 0;
    for (const std::string section : {"", "refresh", "commands", "startup", "bus", "disks"}) {
        const std::string opening = section.empty() ? "" : "[" + section + "]\n";
        std::string message = refusal(opening + strange);
        message.erase(0, message.find("expected one of"));
        for (std::sregex_iterator word(message.begin(), message.end(), quoted), end; word != end;
             ++word) {
            const std::string key = (*word)[1];
            const bool is_section = file.find("\n[" + key + "]\n") != std::string::npos;
            const std::string part = file.substr(section.empty() ? 0 : file.find(opening));
            const bool is_key = part.find("\n#" + key + " = ") != std::string::npos;
            if (!is_section && !is_key) fail_msg("no %s in [%s]", key.c_str(), section.c_str());
            ++keys;
        }
    }
    assert_int_equal(keys, 20);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(no_text_gives_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(no_disk_is_allowed_unless_named_whole),
        cmocka_unit_test(a_list_of_disks_with_what_is_no_wwid_is_refused),
        cmocka_unit_test(each_manager_has_its_name),
        cmocka_unit_test(mistakes_name_line_and_remedy),
        cmocka_unit_test(an_interval_that_shrinks_is_refused),
        cmocka_unit_test(the_shipped_file_shows_the_defaults),
        cmocka_unit_test(the_shipped_file_shows_every_key),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
