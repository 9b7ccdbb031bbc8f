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

class Collector {
  public:
    Collector(const Snapshot& before, const Snapshot& after)
      : before_(before)
      , after_(after) {}

    std::vector<Event> collect() {
        if (!(before_.manager == after_.manager))
            events_.push_back(Difference<Manager>{&before_.manager, &after_.manager});
        table(&Snapshot::plugins);
        table(&Snapshot::load_balances);
        table(&Snapshot::products);
        table(&Snapshot::initiator_ports);
        table(&Snapshot::target_ports);
        UnitTable::for_each_difference(before_.units, after_.units,
                                       [this](const Unit* a, const Unit* b) { unit(a, b); });
        table(&Snapshot::disks);
        // Vanished tables' rows go last: what refers to them is gone by then.
        events_.insert(events_.end(), vanished_.begin(), vanished_.end());
        return std::move(events_);
    }

  private:
    template <typename T>
    void table(Table<T> Snapshot::*member) {
        if (before_.*member == after_.*member) return;
        merge(*(before_.*member), *(after_.*member), [this](const T* a, const T* b) {
            (b ? events_ : vanished_).push_back(Difference<T>{a, b});
        });
    }

    void unit(const Unit* a, const Unit* b) {
        static const std::vector<Path> no_paths;
        static const std::vector<TargetPortGroup> no_groups;
        auto self = [&] {
            if (a && b && a->unit == b->unit) return;
            events_.push_back(PartDifference<LogicalUnit>{
                {a ? &a->unit : nullptr, b ? &b->unit : nullptr}, a, b});
        };
        auto parts = [&] {
            merge(a ? a->groups : no_groups, b ? b->groups : no_groups,
                  [&](const TargetPortGroup* x, const TargetPortGroup* y) {
                      events_.push_back(PartDifference<TargetPortGroup>{{x, y}, a, b});
                  });
            merge(a ? a->paths : no_paths, b ? b->paths : no_paths,
                  [&](const Path* x, const Path* y) {
                      events_.push_back(PartDifference<Path>{{x, y}, a, b});
                  });
        };
        if (b) {
            self();
            parts();
        } else {
            parts();
            self();
        }
    }

    const Snapshot& before_;
    const Snapshot& after_;
    std::vector<Event> events_;
    std::vector<Event> vanished_;
};

} // namespace

std::vector<Event> diff(const Snapshot& before, const Snapshot& after) {
    return Collector(before, after).collect();
}

} // namespace mpapi::model
