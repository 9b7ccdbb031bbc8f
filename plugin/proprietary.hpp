// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Name and value pairs beyond the standard's fields, in the eight places that a structure has.
#pragma once

#include "plugin/text.hpp"

#include <cstddef>
#include <string_view>

namespace mpapi::plugin {

template <typename Properties>
class Proprietary {
  public:
    explicit Proprietary(Properties& to)
      : to_(to) {}

    // One without a value is left out: it does not apply.
    template <std::size_t length>
    void add(const char (&name)[length], std::string_view value) {
        static_assert(length <= std::extent_v<decltype(MP_PROPRIETARY_PROPERTY::name)>);
        if (value.empty() || to_.proprietaryPropertyCount == kPlaces) return;
        MP_PROPRIETARY_PROPERTY& place = to_.proprietaryProperties[to_.proprietaryPropertyCount++];
        put(place.name, name);
        put(place.value, value);
    }

  private:
    static constexpr std::size_t kPlaces =
        std::extent_v<decltype(Properties::proprietaryProperties)>;

    Properties& to_;
};

} // namespace mpapi::plugin
