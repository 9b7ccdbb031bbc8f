// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who holds a map of the embedded SAN: the fault that says so, and nobody else. Loop.
#pragma once

#include "daemon/holders/lookup.hpp"
#include "daemon/san/san.hpp"

namespace mpapi::san {

class MapHolders final : public holders::Lookup {
  public:
    explicit MapHolders(San& san)
      : san_(san) {}

    void look(model::DeviceNumber map, Answer answer) override {
        holders::Findings found;
        const Fabric& fabric = san_.fabric();
        const auto index = map.minor < fabric.minors.size() ? fabric.minors[map.minor] : none;
        if (index != none && fabric.maps[index].held)
            found.holders.push_back({holders::Kind::Device, "the fault map_held", "",
                                     "take it back with org.mpapi.San1.MapReleased"});
        answer(std::move(found));
    }
    std::shared_ptr<void> watch(std::function<void()>) override { return nullptr; }

  private:
    San& san_;
};

} // namespace mpapi::san
