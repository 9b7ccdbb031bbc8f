// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/fault_kinds.hpp"

#include "daemon/san/attentions.hpp"
#include "daemon/san/kernel_names.hpp"
#include "daemon/san/maps.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mpapi::san {

namespace {

class DiskFault {
  public:
    DiskFault(Fabric& fabric, const Fault& fault)
      : fabric_(fabric)
      , fault_(fault) {}

    Status apply() {
        const auto disk = disk_index(fault_.disk);
        if (!disk || *disk >= fabric_.disks.size() || fabric_.disks[*disk] == none)
            return wrong(fault_.disk, "there is no such disk", ENOENT);
        const auto index = fabric_.disks[*disk];
        Path& path = fabric_.paths[index];
        switch (fault_.verb) {
        case Verb::PathLost:
            set_lost(path, true);
            break;
        case Verb::PathRestored: {
            const auto lock = fabric_.stripes.one(path.unit);
            path.lost = path.offline = false;
            break;
        }
        case Verb::DiskOffline: {
            const auto lock = fabric_.stripes.one(path.unit);
            path.offline = true;
            break;
        }
        case Verb::DiskRemoved:
            take_disk_away(fabric_, index);
            break;
        case Verb::DiskRescanned:
            rescan(index);
            break;
        case Verb::CommandHangs:
        case Verb::CommandReleased:
            set_hanging(index);
            return Done{};
        case Verb::PathReused:
            reuse_path(index);
            return Done{};
        case Verb::Reply:
            set_reply(index);
            return Done{};
        default:
            break;
        }
        review_map(fabric_, path.unit);
        return Done{};
    }

  private:
    Error wrong(const std::string& object, std::string reason, int errnum) const {
        return fault_error(fabric_, fault_, object, std::move(reason), errnum);
    }

    void set_lost(Path& path, bool lost) {
        const auto lock = fabric_.stripes.one(path.unit);
        path.lost = lost;
    }

    void rescan(std::uint32_t index) {
        Path& path = fabric_.paths[index];
        Unit& unit = fabric_.units[path.unit];
        path.stale = false;
        tell_disk(fabric_, index);
        const auto first = fabric_.paths.begin() + unit.first_path;
        const bool looked_everywhere = std::none_of(first, first + unit.path_count,
                                                    [](const Path& other) { return other.stale; });
        if (!looked_everywhere || !unit.before) return;
        const bool resized = unit.before->size != unit.identity.size;
        unit.before.reset();
        if (resized && unit.map != none) tell_map(fabric_, unit.map, false);
    }

    // Calls `change` with the path's oddity and forgets it when nothing is odd any more.
    template <typename Change>
    void change_oddity(std::uint32_t index, Change change) {
        const auto lock = fabric_.stripes.all();
        Oddity& oddity = fabric_.oddities[index];
        change(oddity);
        fabric_.paths[index].odd = !oddity.empty();
        if (oddity.empty()) fabric_.oddities.erase(index);
    }

    void set_hanging(std::uint32_t index) {
        change_oddity(index, [this](Oddity& oddity) {
            if (fault_.verb == Verb::CommandReleased)
                oddity.hanging.reset();
            else if (fault_.operations.empty())
                oddity.hanging.set();
            for (const auto operation : fault_.operations)
                oddity.hanging.set(operation);
        });
        fabric_.hangs_changed();
    }

    void set_reply(std::uint32_t index) {
        const auto page = fault_.page.value_or(fault_.operation == 0x12 ? 0xff : 0);
        change_oddity(index, [&](Oddity& oddity) {
            const std::pair key{fault_.operation, page};
            if (fault_.bytes.empty())
                oddity.replies.erase(key);
            else
                oddity.replies[key] = fault_.bytes;
        });
    }

    void reuse_path(std::uint32_t index) {
        change_oddity(index, [this](Oddity& oddity) {
            oddity.designator = fault_.designator;
            oddity.serial = fault_.serial;
        });
        Path& path = fabric_.paths[index];
        path.stale = true;
        const Unit& unit = fabric_.units[path.unit];
        const auto lock = fabric_.stripes.one(path.unit);
        if (fault_.announced) attend(fabric_, unit, index, Condition::InquiryChanged);
    }

    Fabric& fabric_;
    const Fault& fault_;
};

} // namespace

Status apply_disk_fault(Fabric& fabric, const Fault& fault) {
    return DiskFault(fabric, fault).apply();
}

} // namespace mpapi::san
