// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/diff.hpp"

namespace mpapi::model {

namespace {

// Merges two ranges ordered by id: visit(before, after), either null; equal values are left out.
template <typename T, typename Visitor>
void merge(const std::vector<T>& before, const std::vector<T>& after, Visitor&& visit) {
    auto a = before.begin();
    auto b = after.begin();
    while (a != before.end() || b != after.end()) {
        if (b == after.end() || (a != before.end() && a->id < b->id)) {
            visit(&*a++, static_cast<const T*>(nullptr));
        } else if (a == before.end() || b->id < a->id) {
            visit(static_cast<const T*>(nullptr), &*b++);
        } else {
            if (!(*a == *b)) visit(&*a, &*b);
            ++a, ++b;
        }
    }
}

enum class Rows { ThereNow, Vanished };

template <typename T>
void diff_table(const Table<T>& before, const Table<T>& after, Rows wanted,
                std::vector<Event>& events) {
    if (before == after) return;
    merge(*before, *after, [&](const T* a, const T* b) {
        if ((b ? Rows::ThereNow : Rows::Vanished) == wanted) events.push_back(Difference<T>{a, b});
    });
}

template <typename T>
void diff_table(const ChunkedTable<T>& before, const ChunkedTable<T>& after, Rows wanted,
                std::vector<Event>& events) {
    ChunkedTable<T>::for_each_difference(before, after, [&](const T* a, const T* b) {
        if ((b ? Rows::ThereNow : Rows::Vanished) != wanted || (a && b && *a == *b)) return;
        events.push_back(Difference<T>{a, b});
    });
}

template <typename T>
void diff_parts(const Unit* a, const Unit* b, std::vector<T> Unit::*parts,
                std::vector<Event>& events) {
    static const std::vector<T> none;
    merge(a ? a->*parts : none, b ? b->*parts : none, [&](const T* x, const T* y) {
        events.push_back(PartDifference<T>{{x, y}, a, b});
    });
}

void append_unit(const Unit* a, const Unit* b, std::vector<Event>& events) {
    const bool changed = !a || !b || !(a->unit == b->unit);
    const PartDifference<LogicalUnit> unit{{a ? &a->unit : nullptr, b ? &b->unit : nullptr}, a, b};
    if (b && changed) events.push_back(unit);
    diff_parts(a, b, &Unit::groups, events);
    diff_parts(a, b, &Unit::paths, events);
    if (!b) events.push_back(unit);
}

} // namespace

std::vector<Event> diff_before_units(const Snapshot& before, const Snapshot& after) {
    std::vector<Event> events;
    if (!(before.manager == after.manager))
        events.push_back(Difference<Manager>{&before.manager, &after.manager});
    diff_table(before.plugins, after.plugins, Rows::ThereNow, events);
    diff_table(before.load_balances, after.load_balances, Rows::ThereNow, events);
    diff_table(before.products, after.products, Rows::ThereNow, events);
    diff_table(before.initiator_ports, after.initiator_ports, Rows::ThereNow, events);
    diff_table(before.target_ports, after.target_ports, Rows::ThereNow, events);
    return events;
}

std::vector<Event> diff_unit(const Unit* before, const Unit* after) {
    std::vector<Event> events;
    append_unit(before, after, events);
    return events;
}

std::vector<Event> diff_after_units(const Snapshot& before, const Snapshot& after) {
    std::vector<Event> events;
    diff_table(before.disks, after.disks, Rows::ThereNow, events);
    // What vanished goes last: what refers to it is gone by then.
    diff_table(before.plugins, after.plugins, Rows::Vanished, events);
    diff_table(before.load_balances, after.load_balances, Rows::Vanished, events);
    diff_table(before.products, after.products, Rows::Vanished, events);
    diff_table(before.initiator_ports, after.initiator_ports, Rows::Vanished, events);
    diff_table(before.target_ports, after.target_ports, Rows::Vanished, events);
    diff_table(before.disks, after.disks, Rows::Vanished, events);
    return events;
}

std::vector<Event> diff(const Snapshot& before, const Snapshot& after) {
    std::vector<Event> events = diff_before_units(before, after);
    UnitTable::for_each_difference(before.units, after.units, [&](const Unit* a, const Unit* b) {
        append_unit(a, b, events);
    });
    const std::vector<Event> last = diff_after_units(before, after);
    events.insert(events.end(), last.begin(), last.end());
    return events;
}

} // namespace mpapi::model
