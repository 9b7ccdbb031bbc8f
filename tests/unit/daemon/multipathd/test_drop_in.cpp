// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/drop_in.hpp"

#include "common/multipath_conf/effective.hpp"
#include "common/multipath_conf/parser.hpp"
#include "daemon/multipathd/limits.hpp"
#include "daemon/multipathd/proof.hpp"
#include "tests/unit/cmocka.hpp"

#include <sstream>

using namespace mpapi;
using namespace mpapi::multipathd;

namespace {

constexpr const char* wwid = "36001405aabbccdd";

multipath_conf::ConfFile parsed(const std::string& text) {
    auto file = multipath_conf::parse(drop_in_path, text);
    assert_ok(file);
    for (const auto& problem : file->problems)
        fail_msg("line %u: %s", problem.line, problem.text.c_str());
    return *std::move(file);
}

std::string value(const paths::Intents& intents, const std::string& key,
                  const std::string& of = wwid) {
    const auto made = drop_in(intents);
    assert_ok(made);
    const std::vector files{parsed(made->text)};
    for (const auto& setting :
         multipath_conf::effective_settings(files, std::nullopt, {of, "V", "P", "1", ""}))
        if (setting.key == key) return setting.value;
    return "";
}

paths::Intents everything() {
    paths::Intents intents;
    intents.everywhere.selector = "queue-length 0";
    intents.everywhere.auto_failback = true;
    intents.everywhere.failback_rate = 30;
    intents.everywhere.probing_rate = 7;
    paths::UnitIntent& unit = intents.units[wwid];
    unit.settings.selector = "historical-service-time 2 20 5";
    unit.settings.auto_failback = false;
    intents.units["3600beef"].override_path = {"600beef", "i", "t", 0};
    intents.units["3600cafe"].settings.failback_rate = 5;
    return intents;
}

void each_setting_stands_where_it_counts(void**) {
    const auto intents = everything();
    assert_text_equal(value(intents, "path_selector"), "historical-service-time 2 20 5");
    assert_text_equal(value(intents, "failback"), "manual");
    assert_text_equal(value(intents, "path_grouping_policy"), "");
    assert_text_equal(value(intents, "path_selector", "other"), "queue-length 0");
    assert_text_equal(value(intents, "failback", "other"), "30");
    assert_text_equal(value(intents, "polling_interval", "other"), "7");
    assert_text_equal(value(intents, "max_polling_interval", "other"), "7");
    assert_text_equal(value(intents, "path_grouping_policy", "3600beef"), "failover");
    assert_text_equal(value(intents, "failback", "3600beef"), "manual");
    assert_text_equal(value(intents, "failback", "3600cafe"), "5");
}

// Failback of all units against an entry of the device, as LIO has one built in.
void failback_of_all_units_wins_over_a_device(void**) {
    const auto made = drop_in(everything());
    assert_ok(made);
    auto device = multipath_conf::parse(
        "/etc/multipath.conf",
        "devices {\n device {\n vendor V\n product P\n failback immediate\n }\n}\n");
    assert_ok(device);
    const std::vector files{*std::move(device), parsed(made->text)};
    for (const auto& setting :
         multipath_conf::effective_settings(files, std::nullopt, {"other", "V", "P", "1", ""}))
        if (setting.key == "failback") assert_text_equal(setting.value, "30");
}

void the_line_for_disabled_paths_is_always_there(void**) {
    for (const paths::Intents& intents : {paths::Intents(), everything()}) {
        const auto made = drop_in(intents);
        assert_ok(made);
        const auto file = parsed(made->text);
        const auto* property = file.sections.front().find("property");
        assert_text_equal(file.sections.front().name, "blacklist");
        assert_non_null(property);
        assert_text_equal(property->value, "^DM_MPAPI_DISABLED$");
    }
}

void which_paths_are_disabled_is_not_in_the_file(void**) {
    paths::Intents intents = everything();
    const auto before = drop_in(intents);
    intents.disabled.insert({"6001405a", "i", "t", 3});
    const auto after = drop_in(intents);
    assert_ok(before);
    assert_ok(after);
    assert_true(*before == *after);
}

void the_revision_is_told_by_the_file_and_is_another_for_another_file(void**) {
    const auto one = drop_in(paths::Intents());
    const auto other = drop_in(everything());
    assert_ok(one);
    assert_ok(other);
    assert_text_equal(loaded_revision(parsed(one->text)), one->revision);
    assert_text_equal(loaded_revision(parsed(other->text)), other->revision);
    assert_true(one->revision != other->revision);
    assert_text_equal(drop_in(everything())->revision, other->revision);
}

void a_brace_shares_no_line_and_each_setting_has_its_reason(void**) {
    const auto made = drop_in(everything());
    assert_ok(made);
    std::istringstream lines(made->text);
    std::string line, before;
    while (std::getline(lines, line)) {
        if (line.find('#') == std::string::npos) {
            if (line.find('}') != std::string::npos)
                assert_true(line.find_first_not_of("\t}") == std::string::npos);
            if (line.find('{') != std::string::npos) assert_true(line.back() == '{');
            const auto word = line.substr(line.find_first_not_of('\t') == std::string::npos
                                              ? 0
                                              : line.find_first_not_of('\t'));
            // Of several lines with one reason the first has it.
            const bool first = word.starts_with("path_") || word.starts_with("polling") ||
                               word.starts_with("property");
            if (first) assert_true(before.find('#') != std::string::npos);
        }
        assert_true(line.size() < 120);
        before = line;
    }
}

void what_breaks_out_of_the_syntax_is_refused(void**) {
    for (const char* bad : {"a\"b", "a\nb", "a\rb", "", "\xc3\xa9"}) {
        paths::Intents intents;
        intents.units[bad].settings.auto_failback = true;
        const auto made = drop_in(intents);
        if (*bad == '\0') {
            assert_ok(made); // no map has that key
            continue;
        }
        assert_false(made.has_value());
        assert_true(made.error().message().find('\n') == std::string::npos);
        assert_true(beyond_multipathd({}, intents).has_value());
    }
    for (const char* bad :
         {"round-robin 0\"\n}\nblacklist {\nwwid \".*\"", "round-robin", "round-robin 1", "", " ",
          "round-robin 0 ", "round-robin  0", "round-robin 0 1", "a\t0", "x{ 0", "x# 0",
          "round-robin 99999999999999999999"}) {
        paths::Intents intents;
        intents.everywhere.selector = bad;
        assert_false(drop_in(intents).has_value());
        paths::Intents unit;
        unit.units[wwid].settings.selector = bad;
        assert_false(drop_in(unit).has_value());
        const auto refused = beyond_multipathd({}, unit);
        assert_true(refused && refused->why == paths::Refusal::InvalidParameter);
    }
    paths::Intents long_one;
    long_one.units[std::string(128, 'a')].settings.auto_failback = true;
    assert_false(drop_in(long_one).has_value());
    paths::Intents odd; // a WWID of an administrator's own making
    odd.units["w 2#{}!"].settings.auto_failback = true;
    assert_text_equal(value(odd, "failback", "w 2#{}!"), "immediate");
}

void the_wwid_is_told_by_the_key(void**) {
    assert_text_equal(*wwid_of("36001405a"), "36001405a");
    assert_text_equal(*wwid_of("uuid-mpath-uuid-x"), "uuid-x");
    assert_false(wwid_of("uuid-CRYPT-x").has_value());
    assert_false(wwid_of("name-foo").has_value());
    assert_false(wwid_of("").has_value());
}

void check(const paths::Intents& before, const paths::Intents& wanted, paths::Refusal why) {
    const auto refused = beyond_multipathd(before, wanted);
    if (!refused || refused->why != why)
        fail_msg("%s", refused ? refused->text.c_str() : "not refused");
    assert_true(refused->text.ends_with('.'));
    // What is kept of another manager does not stand in the way.
    assert_false(beyond_multipathd(wanted, wanted).has_value());
}

void what_multipathd_has_not_is_refused(void**) {
    const paths::Intents none;
    const paths::PathName path{"6001405a", "i", "t", 0};
    paths::Intents wanted;
    wanted.everywhere.auto_probing = false;
    check(none, wanted, paths::Refusal::Unsupported);
    wanted = {};
    wanted.everywhere.probing_rate = 0;
    check(none, wanted, paths::Refusal::Unsupported);
    wanted = {};
    wanted.units[wwid].settings.probing_rate = 5;
    check(none, wanted, paths::Refusal::Unsupported);
    wanted = {};
    wanted.units[wwid].settings.auto_probing = true;
    check(none, wanted, paths::Refusal::Unsupported);
    wanted = {};
    wanted.units[wwid].weights[path] = 2;
    check(none, wanted, paths::Refusal::InvalidWeight);
    wanted = {};
    wanted.units[wwid].weights[path] = 0;
    check(none, wanted, paths::Refusal::Unsupported);
    wanted = {};
    wanted.units["name-foo"].settings.selector = "round-robin 0";
    check(none, wanted, paths::Refusal::Unsupported);
    wanted = {};
    wanted.everywhere.selector = "io-affinity 0"; // it would need a mask for each path
    check(none, wanted, paths::Refusal::Unsupported);
    // Of all units nothing is proven: one without a table yet would get none.
    for (const char* unfit : {"historical-service-time 1 1024", "historical-service-time 3 1 2 3",
                              "historical-service-time 1 x", "service-time 1 x"}) {
        wanted = {};
        wanted.everywhere.selector = unfit;
        check(none, wanted, paths::Refusal::InvalidParameter);
        wanted = {};
        wanted.units[wwid].settings.selector = unfit;
        check(none, wanted, paths::Refusal::InvalidParameter);
    }
    wanted = {};
    wanted.everywhere.failback_rate = 5;
    check(none, wanted, paths::Refusal::InvalidParameter);
    paths::Intents too_long;
    too_long.everywhere.auto_failback = true;
    too_long.everywhere.failback_rate = multipathd_capabilities().failback_rate_max + 1;
    check(none, too_long, paths::Refusal::InvalidParameter);
    too_long = {};
    too_long.everywhere.probing_rate = multipathd_capabilities().probing_rate_max + 1;
    check(none, too_long, paths::Refusal::InvalidParameter);
}

void what_multipathd_has_is_not_refused(void**) {
    paths::Intents wanted = everything();
    wanted.units[wwid].weights[{"6001405a", "i", "t", 0}] = 1;
    wanted.everywhere.auto_probing = true;
    wanted.everywhere.failback_rate = multipathd_capabilities().failback_rate_max;
    wanted.everywhere.probing_rate = multipathd_capabilities().probing_rate_max;
    assert_false(beyond_multipathd({}, wanted).has_value());
}

void upkeep_is_read_from_the_settings_in_force(void**) {
    const auto setting = [](const char* name, const char* text) {
        model::Setting made;
        made.name = name;
        made.value = text;
        return made;
    };
    auto upkeep = upkeep_by({setting("failback", "manual"), setting("max_polling_interval", "20")});
    assert_true(upkeep.auto_failback == model::Switch::Off);
    assert_true(upkeep.auto_probing == model::Switch::On);
    assert_int_equal(upkeep.probing_rate, 20);
    upkeep = upkeep_by({setting("failback", "15")});
    assert_true(upkeep.auto_failback == model::Switch::On);
    assert_int_equal(upkeep.failback_rate, 15);
    assert_true(upkeep.auto_probing == model::Switch::Unknown);
    upkeep = upkeep_by({setting("failback", "immediate")});
    assert_true(upkeep.auto_failback == model::Switch::On);
    assert_int_equal(upkeep.failback_rate, 0);
    assert_true(upkeep_by({}) == model::Upkeep());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_stands_where_it_counts),
        cmocka_unit_test(failback_of_all_units_wins_over_a_device),
        cmocka_unit_test(the_line_for_disabled_paths_is_always_there),
        cmocka_unit_test(which_paths_are_disabled_is_not_in_the_file),
        cmocka_unit_test(the_revision_is_told_by_the_file_and_is_another_for_another_file),
        cmocka_unit_test(a_brace_shares_no_line_and_each_setting_has_its_reason),
        cmocka_unit_test(what_breaks_out_of_the_syntax_is_refused),
        cmocka_unit_test(the_wwid_is_told_by_the_key),
        cmocka_unit_test(what_multipathd_has_not_is_refused),
        cmocka_unit_test(what_multipathd_has_is_not_refused),
        cmocka_unit_test(upkeep_is_read_from_the_settings_in_force),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
