// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/udev_facts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace mpapi::kernel {
namespace {

// What an event carries and the database does not: with these, facts would change with each event.
bool of_event_only(std::string_view name) noexcept {
    constexpr std::array names{
        std::string_view("ACTION"),      std::string_view("SEQNUM"),
        std::string_view("DEVPATH_OLD"), std::string_view("SYNTH_UUID"),
        std::string_view("RESIZE"),      std::string_view("DISK_MEDIA_CHANGE"),
        std::string_view("DISK_RO"),     std::string_view("UDEV_DATABASE_VERSION")};
    return std::find(names.begin(), names.end(), name) != names.end() ||
           name.substr(0, 10) == "SYNTH_ARG_";
}

} // namespace

template <typename T>
std::shared_ptr<const T> UdevFactsPool::Pool<T>::get(std::string key, T value) {
    if (known_.size() >= prune_at_) {
        for (auto entry = known_.begin(); entry != known_.end();)
            entry = entry->second.expired() ? known_.erase(entry) : std::next(entry);
        prune_at_ = std::max<std::size_t>(64, known_.size() * 2);
    }
    auto& known = known_[std::move(key)];
    auto shared = known.lock();
    if (!shared) known = shared = std::make_shared<const T>(std::move(value));
    return shared;
}

std::shared_ptr<const daemon::UdevFacts> UdevFactsPool::get(const UdevProperties& properties) {
    daemon::UdevFacts facts;
    Names names;
    std::string names_key;
    bool held = false, member = false;
    for (const auto& [name, value] : properties) {
        if (of_event_only(name)) continue;
        names.emplace_back(name);
        names_key += name;
        names_key += '\n';
        if (name == "ID_SERIAL") facts.serial = value;
        if (name == "ID_BUS") facts.bus = value;
        if (name == "FIND_MULTIPATHS_WAIT_UNTIL") held = value != "0";
        if (name == "DM_MULTIPATH_DEVICE_PATH") member = value == "1";
    }
    facts.waiting = held && member;
    facts.property_names = names_.get(std::move(names_key), std::move(names));
    // No property name or value holds a line feed.
    std::string key = facts.serial + '\n' + facts.bus + (facts.waiting ? "\nw" : "\n-");
    key += std::to_string(reinterpret_cast<std::uintptr_t>(facts.property_names.get()));
    return facts_.get(std::move(key), std::move(facts));
}

} // namespace mpapi::kernel
