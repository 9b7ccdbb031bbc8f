// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A model that is whatever a test says, and a clock that goes when it says so.
#pragma once

#include "daemon/inventory/source.hpp"
#include "tests/unit/cmocka.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::standalone {

class FakeModel final : public daemon::ModelSource {
  public:
    std::vector<model::Sequence> refreshed;

    model::SnapshotPtr snapshot() const override { return snapshot_; }
    daemon::WorkCounters counters() const override { return {}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)> done) override {
        done(Done{});
    }
    void refresh(model::Sequence unit) override { refreshed.push_back(unit); }
    void look_again(model::Sequence) override {}

    void put(const model::Unit& unit) {
        auto next = std::make_shared<model::Snapshot>(*snapshot_);
        next->units.put(std::make_shared<const model::Unit>(unit));
        ++next->generation;
        snapshot_ = next;
    }
    void put_all(const std::vector<model::Unit>& units) {
        auto next = std::make_shared<model::Snapshot>(*snapshot_);
        std::vector<model::UnitPtr> rows;
        for (const model::Unit& unit : units)
            rows.push_back(std::make_shared<const model::Unit>(unit));
        next->units.put_all(std::move(rows));
        snapshot_ = next;
    }
    const model::Unit& unit(model::Sequence id) const {
        const model::Unit* found = snapshot_->units.find(id);
        assert_non_null(found);
        return *found;
    }

  private:
    model::SnapshotPtr snapshot_ = std::make_shared<const model::Snapshot>();
};

// A unit whose groups have so many paths each, all of them good: target port group 1 is optimized,
// the others are not. Path n (from 1) is number 10 * id + n, device 8:n.
inline model::Unit make_unit(model::Sequence id, const std::vector<unsigned>& groups,
                             std::uint32_t host = 1) {
    model::Unit unit;
    unit.unit.id = id;
    unit.unit.key = "unit-" + std::to_string(id);
    unit.unit.name = unit.unit.key;
    unit.unit.current_group = 1;
    unsigned n = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        model::TargetPortGroup group;
        group.id = 10 * id + g;
        group.number = static_cast<std::uint16_t>(g + 1);
        group.access_state =
            g == 0 ? model::AccessState::ActiveOptimized : model::AccessState::ActiveNonOptimized;
        unit.groups.push_back(group);
        for (unsigned i = 0; i < groups[g]; ++i) {
            model::Path path;
            path.id = 10 * id + ++n;
            path.device = "sd" + std::to_string(path.id);
            path.number = {8, n};
            path.address.host = host;
            path.state = model::PathState::Okay;
            path.identity = model::Identity::Verified;
            path.dm_active = true;
            path.group_known = true;
            path.target_port_group = group.number;
            path.priority_group = static_cast<std::uint32_t>(g + 1);
            unit.paths.push_back(path);
        }
    }
    return unit;
}

inline void fail(model::Path& path) {
    path.dm_active = false;
    path.state = model::PathState::PathError;
}

inline void work(model::Path& path) {
    path.dm_active = true;
    path.state = model::PathState::Okay;
}

} // namespace mpapi::standalone
