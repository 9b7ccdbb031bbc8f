// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/attentions.hpp"

#include "daemon/san/maps.hpp"

#include <utility>

namespace mpapi::san {

void attend(Fabric& fabric, const Unit& unit, std::uint32_t index, Condition condition) {
    Path& path = fabric.paths[index];
    const auto attention = fabric.array_of(unit).attention;
    if (attention == Attention::None) return;
    // A host with I/O under way has met it before anybody asks.
    if (attention == Attention::Reported && fabric.has_disk(path) && !path.lost && !path.offline) {
        fabric.news.post({condition == Condition::AccessStateChanged ? Notice::Kind::AccessChanged
                                                                     : Notice::Kind::InquiryChanged,
                          index});
        return;
    }
    path.attentions =
        static_cast<std::uint16_t>(path.attentions | static_cast<unsigned>(condition));
}

void attend(Fabric& fabric, const Unit& unit, Condition condition) {
    for (std::uint32_t i = 0; i < unit.path_count; ++i)
        attend(fabric, unit, unit.first_path + i, condition);
}

namespace {

void arrive(Fabric& fabric, std::uint32_t index) {
    {
        const auto lock = fabric.stripes.all();
        Unit& unit = fabric.units[index];
        unit.access = std::exchange(unit.arriving, none);
        attend(fabric, unit, Condition::AccessStateChanged);
    }
    review_map(fabric, index);
}

} // namespace

void access_changed_by_command(Fabric& fabric, std::uint32_t index) {
    if (fabric.array_of(fabric.units[index]).attention == Attention::Reported) {
        // What was left for the next command, a busy host has met by now.
        const auto lock = fabric.stripes.one(index);
        const Unit& unit = fabric.units[index];
        for (std::uint32_t i = 0; i < unit.path_count; ++i) {
            Path& path = fabric.paths[unit.first_path + i];
            constexpr auto bit = static_cast<unsigned>(Condition::AccessStateChanged);
            if ((path.attentions & bit) == 0 || !fabric.has_disk(path) || path.lost || path.offline)
                continue;
            path.attentions = static_cast<std::uint16_t>(path.attentions & ~bit);
            fabric.news.post({Notice::Kind::AccessChanged, unit.first_path + i});
        }
    }
    if (fabric.units[index].arriving != none)
        fabric.later(fabric.arrays[fabric.units[index].array].transition,
                     [&fabric, index] { arrive(fabric, index); });
    review_map(fabric, index);
}

} // namespace mpapi::san
