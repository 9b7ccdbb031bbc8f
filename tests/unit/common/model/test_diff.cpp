// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/diff.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::model;

namespace {

std::shared_ptr<Unit> unit(Sequence id, std::vector<Sequence> paths, std::vector<Sequence> groups) {
    auto made = std::make_shared<Unit>();
    made->unit.id = id;
    for (Sequence p : paths)
        made->paths.emplace_back().id = p;
    for (Sequence g : groups)
        made->groups.emplace_back().id = g;
    made->read_times = std::make_shared<ReadTimes>();
    return made;
}

template <typename T>
const char* kind();
template <>
const char* kind<Manager>() {
    return "manager";
}
template <>
const char* kind<Plugin>() {
    return "plugin";
}
template <>
const char* kind<InitiatorPort>() {
    return "initiator";
}
template <>
const char* kind<TargetPort>() {
    return "target";
}
template <>
const char* kind<DeviceProduct>() {
    return "product";
}
template <>
const char* kind<LoadBalance>() {
    return "balance";
}
template <>
const char* kind<Disk>() {
    return "disk";
}
template <>
const char* kind<LogicalUnit>() {
    return "unit";
}
template <>
const char* kind<Path>() {
    return "path";
}
template <>
const char* kind<TargetPortGroup>() {
    return "group";
}

// "+path 3 of 1", "-unit 2", "~group 4 of 1"
struct Telling {
    template <typename T>
    std::string operator()(const Difference<T>& d) const {
        const std::string mark = !d.before ? "+" : !d.after ? "-" : "~";
        return mark + kind<T>() + " " + std::to_string(d.either().id);
    }
    template <typename T>
    std::string operator()(const PartDifference<T>& d) const {
        return (*this)(static_cast<const Difference<T>&>(d)) + " of " +
               std::to_string(d.unit().unit.id);
    }
};

std::string told(const Snapshot& before, const Snapshot& after) {
    std::string text;
    for (const Event& event : diff(before, after)) {
        if (!text.empty()) text += "; ";
        text += std::visit(Telling{}, event);
    }
    return text;
}

void equal_snapshots_have_no_events(void**) {
    Snapshot before;
    before.units.put(unit(1, {2, 3}, {4}));
    Snapshot after = before;
    after.generation = 9;
    after.units.put(unit(1, {2, 3}, {4})); // another object, the same values
    assert_text_equal(told(before, after), "");
}

void a_new_unit_appears_before_its_parts_and_vanishes_after_them(void**) {
    Snapshot empty, full;
    full.units.put(unit(1, {2, 3}, {4}));
    assert_text_equal(told(empty, full), "+unit 1 of 1; +group 4 of 1; +path 2 of 1; +path 3 of 1");
    assert_text_equal(told(full, empty), "-group 4 of 1; -path 2 of 1; -path 3 of 1; -unit 1 of 1");
}

void what_is_referred_to_appears_first_and_vanishes_last(void**) {
    Snapshot empty, full;
    full.units.put(unit(1, {2}, {}));
    full.target_ports =
        std::make_shared<const std::vector<TargetPort>>(std::vector<TargetPort>{{7, "t", {}, 0}});
    assert_text_equal(told(empty, full), "+target 7; +unit 1 of 1; +path 2 of 1");
    assert_text_equal(told(full, empty), "-path 2 of 1; -unit 1 of 1; -target 7");
}

void only_what_differs_is_told(void**) {
    Snapshot before;
    before.units.put(unit(1, {2, 3}, {4, 5}));
    before.units.put(unit(9, {10}, {}));
    Snapshot after = before;
    auto changed = unit(1, {2, 6}, {4, 5});
    changed->groups[1].access_state = AccessState::Standby;
    after.units.put(changed);
    after.manager.ready = true;
    assert_text_equal(told(before, after), "~manager 1; ~group 5 of 1; -path 3 of 1; +path 6 of 1");
}

void a_confirmed_value_is_no_event(void**) {
    Snapshot before;
    before.units.put(unit(1, {2}, {}));
    Snapshot after = before;
    auto confirmed = unit(1, {2}, {});
    confirmed->read_times->target_port_groups = 123;
    after.units.put(confirmed);
    assert_text_equal(told(before, after), "");
}

void trouble_is_compared_by_what_it_says(void**) {
    Snapshot before;
    auto troubled = unit(1, {2}, {});
    troubled->paths[0].trouble = Trouble{5, "INQUIRY", "no answer after 5 s"};
    before.units.put(troubled);
    Snapshot after = before;
    auto same = unit(1, {2}, {});
    same->paths[0].trouble = Trouble{5, "INQUIRY", "no answer after 5 s"};
    after.units.put(same);
    assert_text_equal(told(before, after), "");
    auto over = unit(1, {2}, {});
    after.units.put(over);
    assert_text_equal(told(before, after), "~path 2 of 1");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(equal_snapshots_have_no_events),
        cmocka_unit_test(a_new_unit_appears_before_its_parts_and_vanishes_after_them),
        cmocka_unit_test(what_is_referred_to_appears_first_and_vanishes_last),
        cmocka_unit_test(only_what_differs_is_told),
        cmocka_unit_test(a_confirmed_value_is_no_event),
        cmocka_unit_test(trouble_is_compared_by_what_it_says),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
