// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is written of an address, and what an administrator sets.
#include "common/settings/configuration.hpp"
#include "failover/config.hpp"
#include "failover/records.hpp"

#include "tests/unit/cmocka.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace mpapi;
using namespace mpapi::failover;
using namespace std::chrono_literals;

namespace {

Record record(const char* address) {
    Record record;
    record.wanted.placement.address = std::get<Prefixed>(Prefixed::parse(address));
    record.wanted.interface = "eth0";
    return record;
}

// As it is read back.
void expect_kept(const Record& wanted) {
    const auto read = parse_record(record_text(wanted), "a.address");
    assert_ok(read);
    if (!(*read == wanted))
        fail_msg("%s\nwas read as\n%s", record_text(wanted).c_str(), record_text(*read).c_str());
}

void all_of_a_record_is_kept(void**) {
    expect_kept(record("192.0.2.7/24"));
    Record all = record("2001:db8::7/64");
    all.wanted.interface = "odd\"\\\xc3\xa4";
    all.wanted.wish = {Profile::Rfc5227,
                       {7, {Ms(1), Ms(1500), Ms(60000)}, Ms(3600000)},
                       Forms::Reply,
                       Policy::Always};
    all.wanted.placement.label = "eth0:one";
    all.wanted.placement.no_prefix_route = true;
    all.wanted.placement.lifetime = 300s;
    all.wanted.set = "inet filter services";
    all.ended = State::Conflict;
    all.reason = "02:00:00:00:00:01 has the address";
    all.rival = *HardwareAddress::parse("02:00:00:00:00:01");
    all.met = 1'790'000'000'000'000;
    expect_kept(all);
    all.wanted.wish.announce.apart.clear();
    all.ended = State::Failed;
    expect_kept(all);
}

void what_is_no_record_is_an_error_with_its_line(void**) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "a.address"},
        {"address = \"192.0.2.7/24\"", "interface"},
        {"interface = \"eth0\"\naddress = \"host\"", "a.address:2"},
        {"address = \"192.0.2.7/24\"\ninterface = \"eth0\"\nended = \"online\"", "a.address:3"},
        {"address = \"192.0.2.7/24\"\ninterface = \"eth0\"\nother = 1", "a.address:3"},
        {"\x00\xff", "a.address"},
    };
    for (const auto& [text, expected] : cases) {
        const auto read = parse_record(text, "a.address");
        if (read) fail_msg("taken: %s", text);
        assert_contains(read.error().message(), expected);
    }
}

void addresses_of_a_link_are_known_with_it(void**) {
    assert_text_equal(record("192.0.2.7/24").wanted.key(), "192.0.2.7");
    assert_text_equal(record("2001:db8::7/64").wanted.key(), "2001:db8::7");
    assert_text_equal(record("fe80::7/64").wanted.key(), "fe80::7%eth0");
}

void records_come_and_go(void**) {
    char directory[] = "/tmp/failover-records-XXXXXX";
    assert_non_null(::mkdtemp(directory));
    const Records records(directory);
    const Record first = record("192.0.2.7/24"), second = record("fe80::7/64");
    assert_ok(records.write(first));
    assert_ok(records.write(second));
    assert_ok(records.write(second));
    std::ofstream(std::string(directory) + "/broken.address") << "nonsense";
    std::ofstream(std::string(directory) + "/other") << "nonsense";
    auto found = records.read();
    assert_ok(found);
    assert_int_equal(found->records.size(), 2);
    assert_int_equal(found->errors.size(), 1);
    assert_contains(found->errors[0].message(), "broken.address");
    assert_ok(records.remove(first.wanted));
    assert_ok(records.remove(first.wanted));
    assert_int_equal(records.read()->records.size(), 1);
    std::filesystem::remove_all(directory);
    assert_int_equal(records.read()->records.size(), 0);
    assert_false(records.write(first).has_value());
}

void without_settings_there_are_defaults(void**) {
    const auto config = settings::parse<Config>("", "x.toml");
    assert_ok(config);
    assert_true(config->keep_on_stop);
    assert_true(config->defaults == Wish{});
    assert_text_equal(config->state_directory, "/run/ipfailover");
}

void all_settings_are_read(void**) {
    const auto config = settings::parse<Config>(R"(
state_directory = "/var/lib/x"
on_stop = "remove"
addresses = 7
[defaults]
profile = "none"
policy = "never"
forms = "request"
announcements = 2
intervals = ["250ms", "2s"]
refresh = "1min"
[pace]
frames_per_second = 100
burst = 3
)",
                                                "x.toml");
    assert_ok(config);
    const Wish expected{
        Profile::None, {2, {Ms(250), Ms(2000)}, Ms(60000)}, Forms::Request, Policy::Never};
    assert_true(config->defaults == expected);
    assert_false(config->keep_on_stop);
    assert_int_equal(config->addresses, 7);
    assert_int_equal(config->rates.frames_per_second, 100);
    assert_int_equal(config->rates.burst, 3);
}

void mistakes_in_settings_are_told_with_their_line(void**) {
    const std::pair<const char*, const char*> cases[] = {
        {"on_stop = \"leave\"", "x.toml:1"},
        {"state_directory = \"here\"", "absolute"},
        {"[defaults]\nprofile = \"quick\"", "x.toml:2"},
        {"[defaults]\nannouncements = 0", "x.toml:2"},
        {"[defaults]\nintervals = [\"soon\"]", "soon"},
        {"[defaults]\nintervals = [\"0s\"]", "0s"},
        {"[defaults]\nrefresh = \"10ms\"", "refresh"},
        {"[pace]\nburst = 0", "x.toml:2"},
        {"pase = 1", "pace"},
    };
    for (const auto& [text, expected] : cases) {
        const auto config = settings::parse<Config>(text, "x.toml");
        if (config) fail_msg("taken: %s", text);
        assert_contains(config.error().message(), expected);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_record_is_kept),
        cmocka_unit_test(what_is_no_record_is_an_error_with_its_line),
        cmocka_unit_test(addresses_of_a_link_are_known_with_it),
        cmocka_unit_test(records_come_and_go),
        cmocka_unit_test(without_settings_there_are_defaults),
        cmocka_unit_test(all_settings_are_read),
        cmocka_unit_test(mistakes_in_settings_are_told_with_their_line),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
