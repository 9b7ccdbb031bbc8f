// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the golden files of tests/cli do not have.
#include "cli/describe.hpp"
#include "cli/health.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::cli;

namespace {

MP_OID oid(MP_OBJECT_TYPE type, MP_UINT64 sequence) {
    return {type, 1, sequence};
}

std::string shown(const UnitView& view) {
    std::string text;
    show_unit(text, view);
    return text;
}

std::string line_of(const std::string& text, const std::string& label) {
    const auto begin = text.find(label);
    assert_true(begin != std::string::npos);
    return text.substr(begin, text.find('\n', begin) - begin);
}

struct World {
    Plugin plugin;
    UnitView view{&plugin, {}, 0, {}, {}};

    GroupView& group(MP_UINT32 id, std::vector<MP_UINT64> ports) {
        GroupView each;
        each.group.tpg_id = id;
        for (const MP_UINT64 port : ports)
            each.ports.push_back({oid(MP_OBJECT_TYPE_TARGET_PORT, port), "port", 0});
        view.groups.push_back(each);
        return view.groups.back();
    }
    Path& path(MP_UINT64 port) {
        PathView each;
        each.path.oid = oid(MP_OBJECT_TYPE_PATH_LU, view.paths.size() + 1);
        each.path.path_state = MP_PATH_STATE_OKAY;
        each.path.target_port_oid = oid(MP_OBJECT_TYPE_TARGET_PORT, port);
        view.paths.push_back(each);
        return view.paths.back().path;
    }
};

void an_empty_line_stands_between_ports_of_a_group(void**) {
    World world;
    world.view.unit.asymmetric = true;
    world.group(1, {1, 2});
    world.group(2, {});
    const std::string text = shown(world.view);
    assert_text_equal(text.substr(text.find("\t\tTarget Ports:\n")),
                      "\t\tTarget Ports:\n"
                      "\t\t\tName:  port\n\t\t\tRelative ID:  0\n\n"
                      "\t\t\tName:  port\n\t\t\tRelative ID:  0\n\n"
                      "\t\tID:  2\n\t\tExplicit Failover:  no\n\t\tAccess State:  active\n"
                      "\t\tTarget Ports:\n");
}

void settings_are_available_where_the_plugin_supports_them(void**) {
    World world;
    const auto failback = [&] { return line_of(shown(world.view), "Auto Failback:"); };
    const auto probing = [&] { return line_of(shown(world.view), "Auto Probing:"); };
    world.view.unit.auto_failback_enabled = world.view.unit.auto_probing_enabled = MP_TRUE;
    assert_text_equal(failback(), "Auto Failback:  NA");
    assert_text_equal(probing(), "Auto Probing:  NA");
    world.plugin.auto_failback_support = world.plugin.auto_probing_support = 2;
    assert_text_equal(failback(), "Auto Failback:  on");
    assert_text_equal(probing(), "Auto Probing:  on");
    // It follows a setting that the plugin does not have.
    world.view.unit.auto_failback_enabled = MP_UNKNOWN;
    assert_text_equal(failback(), "Auto Failback:  NA");
    world.plugin.auto_failback_support = 3;
    assert_text_equal(failback(), "Auto Failback:  off");
    world.plugin.auto_failback_enabled = true;
    assert_text_equal(failback(), "Auto Failback:  on");
}

void an_override_is_told_by_its_sequence_number(void**) {
    World world;
    world.plugin.can_override_paths = true;
    world.path(1);
    world.path(1);
    // As some plugins fill it in where there is none.
    world.view.unit.override_path = oid(MP_OBJECT_TYPE_PATH_LU, 0);
    assert_true(shown(world.view).find("Override Path:  yes") == std::string::npos);
    world.view.unit.override_path = oid(MP_OBJECT_TYPE_PATH_LU, 2);
    const std::string text = shown(world.view);
    assert_true(text.find("Override Path:  no") < text.find("Override Path:  yes"));
}

void a_tally_counts_units_and_usable_paths(void**) {
    World world;
    Tally tally;
    tally.add(world.view); // without paths: failed
    world.group(1, {1}).group.access_state = MP_ACCESS_STATE_ACTIVE_OPTIMIZED;
    world.path(1);
    world.path(2);
    tally.add(world.view); // ok: a port in no group is as good as any
    world.view.groups[0].group.access_state = MP_ACCESS_STATE_UNAVAILABLE;
    tally.add(world.view); // degraded
    assert_int_equal(tally.units, 3);
    assert_int_equal(tally.ok, 1);
    assert_int_equal(tally.degraded, 1);
    assert_int_equal(tally.failed, 1);
    assert_int_equal(tally.paths, 4);
    assert_int_equal(tally.usable_paths, 3);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_line_stands_between_ports_of_a_group),
        cmocka_unit_test(settings_are_available_where_the_plugin_supports_them),
        cmocka_unit_test(an_override_is_told_by_its_sequence_number),
        cmocka_unit_test(a_tally_counts_units_and_usable_paths),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
