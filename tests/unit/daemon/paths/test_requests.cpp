// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What each request makes of what was asked for, and the status of each that is refused.
#include "daemon/paths/requests.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::paths;
using model::AccessState;
using model::ObjectType;
using model::PathState;
using model::SettingSupport;

namespace {

constexpr model::Sequence kUnit = 10;
const Target unit_target{{ObjectType::LogicalUnit, kUnit}, kUnit};
const Target plugin_target{{ObjectType::Plugin, 1}, 0};

Target path_target(model::Sequence path) {
    return {{ObjectType::Path, path}, kUnit};
}

struct World {
    model::Unit unit;
    model::Plugin plugin;

    World() {
        plugin.id = 1;
        plugin.capabilities = {true,
                               true,
                               true,
                               100,
                               SettingSupport::Both,
                               SettingSupport::Both,
                               SettingSupport::Both,
                               3600,
                               SettingSupport::Both,
                               SettingSupport::Plugin,
                               300};
        unit.unit.id = kUnit;
        unit.unit.key = "36001405a";
        unit.unit.name = "mpatha";
        unit.unit.unit_name = "6001405a";
        unit.groups.resize(2);
        for (std::uint16_t n = 0; n < 2; ++n) {
            unit.groups[n].id = 20u + n;
            unit.groups[n].number = n;
            unit.groups[n].access_state = AccessState::ActiveOptimized;
        }
        unit.paths.resize(3);
        for (std::uint16_t n = 0; n < 3; ++n) {
            model::Path& path = unit.paths[n];
            path.id = 30u + n;
            path.initiator_port = 1;
            path.target_port = 5;
            path.address.lun = n;
            path.device = std::string("sd") + static_cast<char>('a' + n);
            path.state = PathState::Okay;
            path.priority_group = 1;
            path.group_known = true;
            path.target_port_group = n % 2;
        }
    }

    model::Snapshot snapshot() const {
        model::Snapshot now;
        now.plugins = std::make_shared<const std::vector<model::Plugin>>(1, plugin);
        now.initiator_ports = std::make_shared<const std::vector<model::InitiatorPort>>(
            1, model::InitiatorPort{1, "host1", {}, "", ""});
        now.target_ports = std::make_shared<const std::vector<model::TargetPort>>(
            1, model::TargetPort{5, "5000", {}, 1});
        now.load_balances =
            std::make_shared<const std::vector<model::LoadBalance>>(std::vector<model::LoadBalance>{
                {1, "round-robin", "Linux", 1u << 1}, {2, "service-time", "Linux", 1u << 16}});
        std::vector<model::UnitPtr> units{std::make_shared<const model::Unit>(unit)};
        now.units.put_all(std::move(units));
        return now;
    }
};

PathName name_of_path(std::uint64_t lun) {
    return {"6001405a", "host1", "5000", lun};
}

Intents made(const World& world, const Target& target, const Request& request,
             const Intents& asked = {}) {
    Edited edited = edit(world.snapshot(), target, request, asked);
    if (const auto* refused = std::get_if<Refused>(&edited))
        fail_msg("refused: %s", refused->text.c_str());
    return std::get<Intents>(edited);
}

void assert_refused(const World& world, const Target& target, const Request& request, Refusal why,
                    std::string_view part, const Intents& asked = {}) {
    const Edited edited = edit(world.snapshot(), target, request, asked);
    const auto* refused = std::get_if<Refused>(&edited);
    if (!refused) fail_msg("it was not refused");
    assert_contains(refused->text, part);
    assert_int_equal(static_cast<int>(refused->why), static_cast<int>(why));
}

void a_path_is_disabled_and_enabled_again(void**) {
    const World world;
    const Intents off = made(world, path_target(31), DisablePath{});
    assert_true(off.disabled == std::set<PathName>{name_of_path(1)});
    assert_true(made(world, path_target(31), DisablePath{}, off) == off);
    assert_true(made(world, path_target(31), EnablePath{}, off) == Intents());
}

void the_last_usable_path_stays(void**) {
    World world;
    world.unit.paths[0].state = PathState::PathError;
    world.unit.paths[2].disabled = true;
    assert_refused(world, path_target(31), DisablePath{}, Refusal::NotPermitted, "sdb is the last");
    // One whose group cannot carry I/O is no reserve.
    world = World();
    world.unit.groups[0].access_state = AccessState::Unavailable;
    assert_refused(world, path_target(31), DisablePath{}, Refusal::NotPermitted, "last usable");
    // One in standby is.
    world.unit.groups[0].access_state = AccessState::Standby;
    assert_int_equal(made(world, path_target(31), DisablePath{}).disabled.size(), 1);
    // One that works and leads to another logical unit is none.
    world = World();
    for (const std::size_t other : {0u, 2u})
        world.unit.paths[other].identity = model::Identity::Changed;
    assert_refused(world, path_target(31), DisablePath{}, Refusal::NotPermitted, "last usable");
}

// What was asked for in the same turn counts, although the model does not show it yet.
void changes_of_one_turn_know_of_each_other(void**) {
    World world;
    world.unit.paths[0].state = PathState::PathError;
    const Intents one_off = made(world, path_target(31), DisablePath{});
    assert_refused(world, path_target(32), DisablePath{}, Refusal::NotPermitted, "sdc is the last",
                   one_off);
    assert_refused(world, unit_target, SetOverridePath{31}, Refusal::PathNonoperational, "enable",
                   one_off);
    const Intents forced = made(world, unit_target, SetOverridePath{31});
    assert_refused(world, path_target(31), DisablePath{}, Refusal::NotPermitted, "override",
                   forced);
}

void nothing_is_disabled_amid_a_transition(void**) {
    World world;
    world.unit.groups[1].access_state = AccessState::Transitioning;
    assert_refused(world, path_target(30), DisablePath{}, Refusal::TryAgain, "mpatha");
}

void a_path_that_leads_elsewhere_is_not_named(void**) {
    World world;
    world.unit.paths[1].identity = model::Identity::Changed;
    assert_refused(world, path_target(31), DisablePath{}, Refusal::Failed, "sdb");
}

void the_override_path_must_work_and_belong_to_the_unit(void**) {
    World world;
    const Intents forced = made(world, unit_target, SetOverridePath{31});
    assert_true(forced.units.at("36001405a").override_path == name_of_path(1));
    assert_true(made(world, unit_target, CancelOverridePath{}, forced) == Intents());
    assert_true(made(world, unit_target, CancelOverridePath{}) == Intents());
    assert_refused(world, unit_target, SetOverridePath{99}, Refusal::InvalidParameter, "mpatha");
    world.unit.paths[1].state = PathState::Unknown;
    assert_refused(world, unit_target, SetOverridePath{31}, Refusal::PathNonoperational, "sdb");
    world.unit.paths[1].state = PathState::Okay;
    world.unit.paths[1].disabled = true;
    assert_refused(world, unit_target, SetOverridePath{31}, Refusal::PathNonoperational, "enable");
    world.unit.paths[1].disabled = false;
    world.unit.unit.override_path = 31;
    assert_refused(world, path_target(31), DisablePath{}, Refusal::NotPermitted, "override");
}

void a_weight_has_a_maximum(void**) {
    World world;
    const Intents heavy = made(world, path_target(31), SetWeight{100});
    assert_int_equal(heavy.units.at("36001405a").weights.at(name_of_path(1)), 100);
    assert_true(made(world, path_target(31), SetWeight{1}, heavy) == Intents());
    assert_refused(world, path_target(31), SetWeight{101}, Refusal::InvalidWeight, "100");
    world.plugin.capabilities.maximum_weight = 1;
    assert_refused(world, path_target(31), SetWeight{2}, Refusal::InvalidWeight, "1");
}

void a_load_balance_type_is_one_bit_that_some_selector_has(void**) {
    const World world;
    const Intents unit = made(world, unit_target, SetLoadBalanceType{1u << 16});
    assert_text_equal(*unit.units.at("36001405a").settings.selector, "service-time 0");
    const Intents all = made(world, plugin_target, SetLoadBalanceType{1u << 1});
    assert_text_equal(*all.everywhere.selector, "round-robin 0");
    assert_refused(world, unit_target, SetLoadBalanceType{3}, Refusal::InvalidParameter, "3");
    assert_refused(world, unit_target, SetLoadBalanceType{0}, Refusal::InvalidParameter, "0");
    assert_refused(world, unit_target, SetLoadBalanceType{1}, Refusal::InvalidParameter, "1");
    assert_refused(world, unit_target, SetLoadBalanceType{1u << 8}, Refusal::InvalidParameter, "");
    assert_refused(world, unit_target, SetLoadBalanceType{1u << 2}, Refusal::Failed, "selector");
    assert_refused(world, unit_target, SetLoadBalanceType{1u << 20}, Refusal::Failed, "selector");
}

void a_rate_has_a_maximum_and_a_place(void**) {
    const World world;
    assert_int_equal(*made(world, plugin_target, SetFailbackRate{3600}).everywhere.failback_rate,
                     3600);
    assert_refused(world, plugin_target, SetFailbackRate{3601}, Refusal::InvalidParameter, "3600");
    assert_int_equal(*made(world, plugin_target, SetProbingRate{0}).everywhere.probing_rate, 0);
    assert_refused(world, unit_target, SetProbingRate{5}, Refusal::Unsupported, "single");
    assert_true(*made(world, unit_target, SetAutoFailback{true})
                     .units.at("36001405a")
                     .settings.auto_failback);
    assert_false(*made(world, plugin_target, SetAutoProbing{false}).everywhere.auto_probing);
}

void properties_are_those_that_are_listed(void**) {
    const World world;
    const Intents set = made(world, unit_target, SetProperties{{{"selector", "service-time 0"}}});
    assert_text_equal(*set.units.at("36001405a").settings.selector, "service-time 0");
    const Intents bare = made(world, unit_target, SetProperties{{{"selector", "round-robin"}}});
    assert_text_equal(*bare.units.at("36001405a").settings.selector, "round-robin 0");
    assert_refused(world, unit_target, SetProperties{{{"queueing", "no"}}},
                   Refusal::InvalidParameter, "queueing");
    assert_refused(world, unit_target, SetProperties{{{"selector", "round-robin 0\"\n}"}}},
                   Refusal::InvalidParameter, "selector");
    assert_refused(world, unit_target, SetProperties{{{"selector", "sunrise 0"}}}, Refusal::Failed,
                   "sunrise");
    const Target algorithm{{ObjectType::LoadBalance, 2}, 0};
    const Intents more = made(world, algorithm, SetProperties{{{"selector args", "1 7"}}}, set);
    assert_text_equal(*more.units.at("36001405a").settings.selector, "service-time 1 7");
    assert_refused(world, algorithm, SetProperties{{{"selector args", "1 7"}}}, Refusal::Failed,
                   "Nothing was told to use");
    assert_refused(world, {{ObjectType::LoadBalance, 9}, 0}, SetProperties{},
                   Refusal::ObjectNotFound, "gone");
}

void what_is_gone_is_not_found(void**) {
    const World world;
    const Target gone{{ObjectType::LogicalUnit, 11}, 11};
    const Target lost = path_target(77);
    for (const Request& request : {Request(SetOverridePath{31}), Request(CancelOverridePath{}),
                                   Request(SetLoadBalanceType{2}), Request(SetAutoFailback{true})})
        assert_refused(world, gone, request, Refusal::ObjectNotFound, "gone");
    for (const Request& request :
         {Request(EnablePath{}), Request(DisablePath{}), Request(SetWeight{1})})
        assert_refused(world, lost, request, Refusal::ObjectNotFound, "gone");
}

void what_the_manager_cannot_do_is_unsupported(void**) {
    World world;
    world.plugin.capabilities = {};
    for (const Request& request :
         {Request(SetOverridePath{31}), Request(CancelOverridePath{}),
          Request(SetLoadBalanceType{2}), Request(SetAutoFailback{true}),
          Request(SetFailbackRate{1}), Request(SetAutoProbing{true}), Request(SetProbingRate{1}),
          Request(SetProperties{{{"selector", "round-robin 0"}}})})
        assert_refused(world, unit_target, request, Refusal::Unsupported, "path manager");
    for (const Request& request :
         {Request(EnablePath{}), Request(DisablePath{}), Request(SetWeight{2})})
        assert_refused(world, path_target(31), request, Refusal::Unsupported, "path manager");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_disabled_and_enabled_again),
        cmocka_unit_test(the_last_usable_path_stays),
        cmocka_unit_test(changes_of_one_turn_know_of_each_other),
        cmocka_unit_test(nothing_is_disabled_amid_a_transition),
        cmocka_unit_test(a_path_that_leads_elsewhere_is_not_named),
        cmocka_unit_test(the_override_path_must_work_and_belong_to_the_unit),
        cmocka_unit_test(a_weight_has_a_maximum),
        cmocka_unit_test(a_load_balance_type_is_one_bit_that_some_selector_has),
        cmocka_unit_test(a_rate_has_a_maximum_and_a_place),
        cmocka_unit_test(properties_are_those_that_are_listed),
        cmocka_unit_test(what_is_gone_is_not_found),
        cmocka_unit_test(what_the_manager_cannot_do_is_unsupported),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
