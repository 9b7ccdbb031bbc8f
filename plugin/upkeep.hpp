// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Failback, probing and load balancing, from the numbers of the snapshot to those of the standard.
#pragma once

#include "common/flat/reader.hpp"
#include "common/model/values.hpp"
#include "library/include/mpapi.h"

#include <string_view>

namespace mpapi::plugin {

// Both enumerations count alike: none, plugin, logical unit, both.
template <typename Support>
Support support(std::uint8_t number) {
    static_assert(
        static_cast<int>(model::SettingSupport::Both) == MP_AUTOFAILBACK_SUPPORT_PLUGINANDMPLU &&
        static_cast<int>(model::SettingSupport::Both) == MP_AUTOPROBING_SUPPORT_PLUGINANDMPLU);
    return static_cast<Support>(number & 3);
}

inline MP_XBOOL is_on(std::uint8_t number) {
    switch (static_cast<model::Switch>(number)) {
    case model::Switch::On:
        return MP_TRUE;
    case model::Switch::Off:
        return MP_FALSE;
    case model::Switch::Unknown:
        break;
    }
    return MP_UNKNOWN;
}

// Of a selector, with or without its arguments.
inline MP_LOAD_BALANCE_TYPE type_of(const flat::SectionView& common, std::string_view selector) {
    const std::string_view name = selector.substr(0, selector.find(' '));
    for (const flat::LoadBalance& each : common.load_balances())
        if (!name.empty() && common.text(each.selector) == name) return each.type;
    return MP_LOAD_BALANCE_TYPE_UNKNOWN;
}

} // namespace mpapi::plugin
