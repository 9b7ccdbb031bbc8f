// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelHardware's changes of maps. They are made by the device-mapper thread; a kernel that does
// not answer holds that thread, so the wait has an end here. It begins anew with each answer: many
// changes may wait for each other.
#include "common/system/turn.hpp"
#include "daemon/kernel/hardware.hpp"

#include <cerrno>
#include <ctime>
#include <utility>

namespace mpapi::kernel {
namespace {

constexpr std::uint64_t change_patience = 10'000'000; // microseconds

} // namespace

void KernelHardware::send_message(const daemon::MapRef& map, const std::string& message,
                                  Ended ended) {
    ask_for_change({MapChange::Kind::Message, map, message}, std::move(ended));
}

void KernelHardware::load_table(const daemon::MapRef& map, const std::string& table, Ended ended) {
    ask_for_change({MapChange::Kind::Table, map, table}, std::move(ended));
}

void KernelHardware::load_table_writable(const daemon::MapRef& map, const std::string& table,
                                         Ended ended) {
    ask_for_change({MapChange::Kind::WritableTable, map, table}, std::move(ended));
}

void KernelHardware::remove_map(const daemon::MapRef& map, Ended ended) {
    ask_for_change({MapChange::Kind::Remove, map}, std::move(ended));
}

void KernelHardware::clear_inactive_table(const daemon::MapRef& map, Ended ended) {
    ask_for_change({MapChange::Kind::ClearInactive, map}, std::move(ended));
}

void KernelHardware::ask_for_change(MapChange change, Ended ended) {
    Changing changing{change.map.name, std::move(ended)};
    if (!dm_) {
        Error error{"change map", changing.map, dm_trouble_.value_or(""), ENODEV};
        refused_.emplace_back(std::move(changing), std::move(error));
        take_turn(refusal_source_.get());
        return;
    }
    changing_.emplace(dm_->change(std::move(change)), std::move(changing));
    if (!change_deadline_) watch_changes();
}

void KernelHardware::tell_refusals() {
    for (const auto& [changing, error] : std::exchange(refused_, {}))
        changing.ended(error);
}

void KernelHardware::watch_changes() {
    change_deadline_.reset();
    if (changing_.empty()) return;
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time_relative(
        loop_, &source, CLOCK_MONOTONIC, change_patience, 0,
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<KernelHardware*>(self)->give_changes_up();
            return 0;
        },
        this);
    if (r >= 0) change_deadline_.reset(source);
}

void KernelHardware::end_changes(std::vector<EndedChange> ended) {
    if (ended.empty()) return;
    std::vector<std::pair<Ended, Status>> to_tell;
    for (auto& one : ended) {
        // Not there: given up before.
        auto found = changing_.extract(one.number);
        if (found) to_tell.emplace_back(std::move(found.mapped().ended), std::move(one.status));
    }
    watch_changes();
    for (const auto& [tell, status] : to_tell)
        tell(status);
}

void KernelHardware::give_changes_up() {
    change_deadline_.reset();
    for (auto& [number, changing] : std::exchange(changing_, {})) {
        const bool begun = !dm_->withdraw(number);
        changing.ended(Error{"change map", changing.map,
                             begun ? "the kernel has not answered; the change may still happen"
                                   : "the kernel has not answered to an earlier change; this one "
                                     "was not begun",
                             ETIMEDOUT});
    }
}

} // namespace mpapi::kernel
