// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/inbox.hpp"

#include <unistd.h>

#include <cstdint>
#include <span>
#include <utility>

namespace mpapi::cli {

Inbox::~Inbox() {
    // When these return no callback runs.
    for (const MP_OID& plugin : plugins_) {
        MP_DeregisterForObjectPropertyChanges(changed, MP_OBJECT_TYPE_UNKNOWN, plugin);
        MP_DeregisterForObjectVisibilityChanges(seen, MP_OBJECT_TYPE_UNKNOWN, plugin);
    }
}

MP_STATUS Inbox::register_with(const MP_OID& plugin) {
    const MP_STATUS properties =
        MP_RegisterForObjectPropertyChanges(changed, MP_OBJECT_TYPE_UNKNOWN, this, plugin);
    if (properties != MP_STATUS_SUCCESS) return properties;
    const MP_STATUS visibility =
        MP_RegisterForObjectVisibilityChanges(seen, MP_OBJECT_TYPE_UNKNOWN, this, plugin);
    if (visibility == MP_STATUS_SUCCESS)
        plugins_.push_back(plugin);
    else
        MP_DeregisterForObjectPropertyChanges(changed, MP_OBJECT_TYPE_UNKNOWN, plugin);
    return visibility;
}

void Inbox::put(What what, const MP_OID_LIST& list) {
    const auto now = std::chrono::system_clock::now();
    const std::lock_guard lock(mutex_);
    for (const MP_OID& oid :
         std::span(static_cast<const MP_OID*>(list.oids), std::size_t{list.oidCount}))
        if (what != What::Changed || waiting_.insert(oid).second) told_.push_back({what, oid, now});
    const std::uint64_t one = 1;
    // It fails only when it is readable already.
    [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void Inbox::changed(MP_OID_LIST* list, void* inbox) {
    static_cast<Inbox*>(inbox)->put(What::Changed, *list);
}

void Inbox::seen(MP_BOOL becoming_visible, MP_OID_LIST* list, void* inbox) {
    static_cast<Inbox*>(inbox)->put(
        becoming_visible != MP_FALSE ? What::Appeared : What::Disappeared, *list);
}

std::vector<Inbox::Told> Inbox::take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(descriptor_, &count, sizeof count);
    waiting_.clear();
    return std::exchange(told_, {});
}

} // namespace mpapi::cli
