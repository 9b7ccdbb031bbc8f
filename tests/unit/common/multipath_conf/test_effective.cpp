// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/effective.hpp"
#include "common/multipath_conf/pattern.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>

using namespace mpapi;
using namespace mpapi::multipath_conf;

namespace {

ConfFile read(std::string name, std::string_view text) {
    auto file = parse(std::move(name), text);
    assert_ok(file);
    return std::move(*file);
}

constexpr std::string_view main_conf = "defaults {\n"                        // 1
                                       "  user_friendly_names 1\n"           // 2
                                       "  polling_interval 7\n"              // 3
                                       "  verbosity 3\n"                     // 4
                                       "}\n"                                 // 5
                                       "devices {\n"                         // 6
                                       "  device {\n"                        // 7
                                       "    vendor \"LIO-ORG\"\n"            // 8
                                       "    product \"TCMU\"\n"              // 9
                                       "    no_path_retry 5\n"               // 10
                                       "    path_grouping_policy multibus\n" // 11
                                       "  }\n"                               // 12
                                       "  device {\n"                        // 13
                                       "    vendor \"LIO-ORG\"\n"            // 14
                                       "    product \"TCMU.*\"\n"            // 15
                                       "    no_path_retry 6\n"               // 16
                                       "  }\n"                               // 17
                                       "}\n"                                 // 18
                                       "overrides {\n"                       // 19
                                       "  fast_io_fail_tmo 9\n"              // 20
                                       "  protocol {\n"                      // 21
                                       "    type \"scsi:iscsi\"\n"           // 22
                                       "    fast_io_fail_tmo 77\n"           // 23
                                       "  }\n"                               // 24
                                       "}\n"                                 // 25
                                       "multipaths {\n"                      // 26
                                       "  multipath {\n"                     // 27
                                       "    wwid 36001\n"                    // 28
                                       "    alias one\n"                     // 29
                                       "    rr_min_io_rq 3\n"                // 30
                                       "  }\n"                               // 31
                                       "  multipath {\n"                     // 32
                                       "    wwid 36001\n"                    // 33
                                       "    alias two\n"                     // 34
                                       "  }\n"                               // 35
                                       "}\n";

constexpr std::string_view drop_in = "defaults {\n"             // 1
                                     "  polling_interval 9\n"   // 2
                                     "}\n"                      // 3
                                     "devices {\n"              // 4
                                     "  device {\n"             // 5
                                     "    vendor \"LIO\"\n"     // 6
                                     "    product \"TCMU\"\n"   // 7
                                     "    failback immediate\n" // 8
                                     "  }\n"                    // 9
                                     "}\n";

// What multipathd shows after it has read the two: excerpt, with some of what is built in.
constexpr std::string_view shown_conf = "defaults {\n"
                                        "\tverbosity 3\n"
                                        "\tpolling_interval 9\n"
                                        "\tmax_polling_interval 36\n"
                                        "\tpath_selector \"service-time 0\"\n"
                                        "\tpath_grouping_policy \"failover\"\n"
                                        "\tprio \"const\"\n"
                                        "\tprio_args \"\"\n"
                                        "\tfeatures \"0\"\n"
                                        "\tfailback \"manual\"\n"
                                        "\trr_min_io_rq 1\n"
                                        "\tuser_friendly_names \"yes\"\n"
                                        "\tfast_io_fail_tmo 5\n"
                                        "\tdetect_prio \"yes\"\n"
                                        "}\n"
                                        "blacklist {\n"
                                        "}\n"
                                        "devices {\n"
                                        "\tdevice {\n"
                                        "\t\tvendor \"(LIO-ORG|SUSE)\"\n"
                                        "\t\tproduct \".*\"\n"
                                        "\t\thardware_handler \"1 alua\"\n"
                                        "\t\tprio \"alua\"\n"
                                        "\t\tno_path_retry 12\n"
                                        "\t}\n"
                                        "\tdevice {\n"
                                        "\t\tvendor \"LIO-ORG\"\n"
                                        "\t\tproduct \"TCMU\"\n"
                                        "\t\tpath_grouping_policy \"multibus\"\n"
                                        "\t\tno_path_retry 5\n"
                                        "\t}\n"
                                        "\tdevice {\n"
                                        "\t\tvendor \"LIO-ORG\"\n"
                                        "\t\tproduct \"TCMU.*\"\n"
                                        "\t\tno_path_retry 6\n"
                                        "\t}\n"
                                        "\tdevice {\n"
                                        "\t\tvendor \"LIO\"\n"
                                        "\t\tproduct \"TCMU\"\n"
                                        "\t\tfailback \"immediate\"\n"
                                        "\t}\n"
                                        "}\n"
                                        "overrides {\n"
                                        "\tfast_io_fail_tmo 9\n"
                                        "\tprotocol {\n"
                                        "\t\ttype \"scsi:iscsi\"\n"
                                        "\t\tfast_io_fail_tmo 77\n"
                                        "\t}\n"
                                        "}\n"
                                        "multipaths {\n"
                                        "\tmultipath {\n"
                                        "\t\twwid \"36001\"\n"
                                        "\t\talias \"two\"\n"
                                        "\t\trr_min_io_rq 3\n"
                                        "\t}\n"
                                        "}\n";

std::vector<ConfFile> files() {
    return {read("/etc/multipath.conf", main_conf),
            read("/etc/multipath/conf.d/10-a.conf", drop_in)};
}

std::optional<ConfFile> shown() {
    return read("show config", shown_conf);
}

const MapIdentity lio = {"36001", "LIO-ORG", "TCMU device", "0002", "scsi:iscsi"};

Setting get(const std::vector<Setting>& settings, std::string_view key) {
    for (const Setting& setting : settings)
        if (setting.key == key) return setting;
    Setting none;
    none.value = "<none>";
    return none;
}

// "value source file:line"
std::string told(const std::vector<Setting>& settings, std::string_view key) {
    const Setting setting = get(settings, key);
    std::string text = setting.value + " " + std::string(to_string(setting.source));
    if (!setting.file.empty()) text += " " + setting.file + ":" + std::to_string(setting.line);
    return text;
}

void each_setting_says_where_it_comes_from(void**) {
    const auto settings = effective_settings(files(), shown(), lio);
    assert_text_equal(told(settings, "alias"), "two multipaths /etc/multipath.conf:34");
    assert_text_equal(told(settings, "rr_min_io_rq"), "3 multipaths /etc/multipath.conf:30");
    assert_text_equal(told(settings, "no_path_retry"), "6 devices /etc/multipath.conf:16");
    assert_text_equal(told(settings, "path_grouping_policy"),
                      "multibus devices /etc/multipath.conf:11");
    assert_text_equal(told(settings, "failback"),
                      "immediate devices /etc/multipath/conf.d/10-a.conf:8");
    assert_text_equal(told(settings, "polling_interval"),
                      "9 defaults /etc/multipath/conf.d/10-a.conf:2");
    assert_text_equal(told(settings, "hardware_handler"), "1 alua built-in");
    assert_text_equal(told(settings, "path_selector"), "service-time 0 built-in");
    assert_text_equal(get(settings, "no_path_retry").section,
                      "devices/device \"LIO-ORG\" \"TCMU.*\"");
    assert_text_equal(get(settings, "hardware_handler").section,
                      "devices/device \"(LIO-ORG|SUSE)\" \".*\"");
}

void a_protocol_section_is_stronger_than_the_overrides_around_it(void**) {
    MapIdentity map = lio;
    assert_text_equal(told(effective_settings(files(), shown(), map), "fast_io_fail_tmo"),
                      "77 overrides /etc/multipath.conf:23");
    map.protocol = "scsi:fcp";
    assert_text_equal(told(effective_settings(files(), shown(), map), "fast_io_fail_tmo"),
                      "9 overrides /etc/multipath.conf:20");
}

void a_map_of_another_device_or_wwid_gets_none_of_that(void**) {
    const auto settings =
        effective_settings(files(), shown(), {"36002", "IBM", "2145", "0000", ""});
    assert_text_equal(get(settings, "alias").value, "<none>");
    assert_text_equal(get(settings, "no_path_retry").value, "<none>");
    assert_text_equal(told(settings, "path_grouping_policy"), "failover built-in");
    assert_text_equal(told(settings, "rr_min_io_rq"), "1 built-in");
}

void a_value_that_multipathd_words_differently_is_no_difference(void**) {
    const Setting names = get(effective_settings(files(), shown(), lio), "user_friendly_names");
    assert_text_equal(names.value, "yes");
    assert_int_equal(names.line, 2);
    assert_text_equal(names.written, "");
    assert_text_equal(names.note, "");
}

void what_concerns_multipathd_alone_is_not_listed(void**) {
    const auto settings = effective_settings(files(), shown(), lio);
    for (const char* key : {"verbosity", "vendor", "product", "wwid"})
        assert_text_equal(get(settings, key).value, "<none>");
    assert_true(std::is_sorted(settings.begin(), settings.end(),
                               [](const Setting& a, const Setting& b) { return a.key < b.key; }));
}

void a_file_changed_since_multipathd_read_it_is_told(void**) {
    auto changed = files();
    changed.push_back(read("/etc/multipath/conf.d/20-b.conf",
                           "defaults {\npolling_interval 99\n}\noverrides {\nfailback 3\n}\n"));
    const auto settings = effective_settings(changed, shown(), lio);
    const Setting interval = get(settings, "polling_interval");
    assert_text_equal(interval.value, "9");
    assert_text_equal(interval.written, "99");
    assert_text_equal(interval.file, "/etc/multipath/conf.d/20-b.conf");
    const Setting failback = get(settings, "failback");
    assert_text_equal(failback.value, "immediate");
    assert_true(failback.note.find("20-b.conf:5") != std::string::npos);
}

void what_no_file_says_any_more_is_told(void**) {
    const auto settings = effective_settings({}, shown(), lio);
    const Setting alias = get(settings, "alias");
    assert_text_equal(alias.value, "two");
    assert_true(alias.source == Source::Multipaths);
    assert_text_equal(alias.file, "");
    assert_true(alias.note.find("No file") != std::string::npos);
}

void without_multipathd_the_files_alone_speak(void**) {
    auto some = files();
    some.push_back(
        read("x.conf", "defaults {\nno_such_key 1\nalias mine\nhardware_handler x\n}\n"));
    const auto settings = effective_settings(some, std::nullopt, lio);
    assert_text_equal(told(settings, "no_path_retry"), "6 devices /etc/multipath.conf:16");
    assert_text_equal(told(settings, "alias"), "two multipaths /etc/multipath.conf:34");
    assert_text_equal(get(settings, "path_selector").value, "<none>");
    assert_text_equal(get(settings, "no_such_key").value, "<none>");
    assert_text_equal(get(settings, "hardware_handler").value, "<none>");
}

// As `multipath -t` of 0.9.4 shows it: the entry repeated last takes the place of the first.
void entries_with_the_same_text_are_one_at_the_later_place(void**) {
    const ConfFile file = read("m", "devices {\n"
                                    "device {\nvendor \"V\"\nproduct \"P\"\nno_path_retry 5\n}\n"
                                    "device {\nvendor \"V\"\nproduct \"P.*\"\nno_path_retry 6\n}\n"
                                    "device {\nvendor \"V\"\nproduct \"P\"\nfailback 10\n}\n"
                                    "}\n");
    const auto settings =
        effective_settings(std::span(&file, 1), std::nullopt, {"w", "V", "P", "", ""});
    assert_text_equal(told(settings, "no_path_retry"), "5 devices m:5");
    assert_text_equal(told(settings, "failback"), "10 devices m:15");
}

void an_entry_without_vendor_or_with_a_broken_expression_matches_nothing(void**) {
    const ConfFile file =
        read("m", "devices {\n"
                  "device {\nproduct \".*\"\nfailback 1\n}\n"
                  "device {\nvendor \"(\"\nproduct \".*\"\nfailback 2\n}\n"
                  "device {\nvendor \".*\"\nproduct \".*\"\nrevision \"(\"\nfailback 3\n}\n"
                  "device {\nvendor \".*\"\nproduct \".*\"\nrevision \"^9\"\nfailback 4\n}\n"
                  "}\n");
    const auto of = [&](const char* revision) {
        return get(effective_settings(std::span(&file, 1), std::nullopt,
                                      {"w", "V", "P", revision, ""}),
                   "failback")
            .value;
    };
    assert_text_equal(of("1"), "<none>");
    assert_text_equal(of("91"), "4");
}

void queue_if_no_path_among_the_features_means_no_path_retry(void**) {
    const ConfFile file = read("m", "defaults {\nfeatures \"1 queue_if_no_path\"\n}\n");
    const auto settings = effective_settings(std::span(&file, 1), std::nullopt, lio);
    assert_text_equal(told(settings, "no_path_retry"), "queue defaults m:2");
    assert_text_equal(get(settings, "features").value, "1 queue_if_no_path");
}

void prio_args_count_only_beside_their_prio(void**) {
    const ConfFile file = read("m", "defaults {\nprio weightedpath\nprio_args \"hbtl 1 2\"\n}\n"
                                    "overrides {\nprio alua\n}\n");
    const auto settings = effective_settings(std::span(&file, 1), std::nullopt, lio);
    assert_text_equal(get(settings, "prio").value, "alua");
    assert_text_equal(get(settings, "prio_args").value, "<none>");
}

void detection_is_told_in_a_note(void**) {
    const auto settings = effective_settings(files(), shown(), lio);
    assert_text_equal(get(settings, "prio").value, "alua");
    assert_true(get(settings, "prio").note.find("detect_prio") != std::string::npos);
}

void many_maps_share_one_preparation(void**) {
    EffectiveSettings settings(files(), shown());
    for (int i = 0; i < 2000; ++i) {
        MapIdentity map = lio;
        map.wwid = "w" + std::to_string(i);
        map.product = "TCMU " + std::to_string(i % 500);
        assert_text_equal(told(settings.of(map), "no_path_retry"),
                          "6 devices /etc/multipath.conf:16");
    }
    EffectiveSettings moved = std::move(settings);
    assert_text_equal(told(moved.of(lio), "alias"), "two multipaths /etc/multipath.conf:34");
}

void expressions_are_unanchored_extended_and_may_be_inverted(void**) {
    assert_true(Pattern::compile("bar")->matches("rhabarber"));
    assert_false(Pattern::compile("bar")->matches("Barbie"));
    assert_true(Pattern::compile("^(a|b)+$")->matches("abab"));
    assert_false(Pattern::compile_rule("!^sd[a-z]")->matches("sda"));
    assert_true(Pattern::compile_rule("!^sd[a-z]")->matches("vda"));
    // Each one on top of another doubles what the C library makes of it.
    assert_false(Pattern::compile("^vda" + std::string(64, '+')).has_value());
    assert_true(Pattern::compile("^(sd[a-z]+|dm-[0-9]+)+$").has_value());
    assert_true(Pattern::compile_rule("\\!x")->matches("a!x"));
    assert_true(Pattern::compile("!x")->matches("a!x"));
    assert_true(Pattern::compile("^x{2,3}$")->matches("xxx"));
}

void expressions_that_cost_too_much_are_refused(void**) {
    for (const char* text : {"(", "[", "(a)\\1", "(((a{1,900}){1,900}){1,900})", "a{32767}",
                             "((((a{9}){9}){9}){9})", "a{99999999999999999999}", "a{,99999}"})
        if (Pattern::compile(text)) fail_msg("accepted %s", text);
    assert_false(Pattern::compile(std::string(2000, 'a')).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_says_where_it_comes_from),
        cmocka_unit_test(a_protocol_section_is_stronger_than_the_overrides_around_it),
        cmocka_unit_test(a_map_of_another_device_or_wwid_gets_none_of_that),
        cmocka_unit_test(a_value_that_multipathd_words_differently_is_no_difference),
        cmocka_unit_test(what_concerns_multipathd_alone_is_not_listed),
        cmocka_unit_test(a_file_changed_since_multipathd_read_it_is_told),
        cmocka_unit_test(what_no_file_says_any_more_is_told),
        cmocka_unit_test(without_multipathd_the_files_alone_speak),
        cmocka_unit_test(entries_with_the_same_text_are_one_at_the_later_place),
        cmocka_unit_test(an_entry_without_vendor_or_with_a_broken_expression_matches_nothing),
        cmocka_unit_test(queue_if_no_path_among_the_features_means_no_path_retry),
        cmocka_unit_test(prio_args_count_only_beside_their_prio),
        cmocka_unit_test(detection_is_told_in_a_note),
        cmocka_unit_test(many_maps_share_one_preparation),
        cmocka_unit_test(expressions_are_unanchored_extended_and_may_be_inverted),
        cmocka_unit_test(expressions_that_cost_too_much_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
