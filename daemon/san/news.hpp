// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the observer has not been told yet: eight bytes for each thing, in order. Posted by any
// thread, taken by the loop, which is woken by a descriptor once for many.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <cstdint>
#include <mutex>
#include <vector>

namespace mpapi::san {

struct Notice {
    enum class Kind : std::uint8_t {
        DiskPresent,    // index of the path
        DiskGone,       // index of the disk
        MapPresent,     // index of the map
        MapGone,        // minor of the map
        AccessChanged,  // index of the path: a unit attention told so
        InquiryChanged, // index of the path: a unit attention told so
        UnitAccess,     // index of the unit: a command changed the states of its groups
    };
    Kind kind = Kind::DiskPresent;
    std::uint32_t index = 0;
    bool operator==(const Notice&) const = default;
};

class News {
  public:
    News();

    void post(Notice notice);
    // All that was posted since the last call.
    std::vector<Notice> take();
    bool idle(); // nothing to take
    // Readable while there is something to take; -1 where the descriptor could not be made.
    int descriptor() const { return wake_.get(); }

  private:
    std::mutex mutex_;
    std::vector<Notice> waiting_;
    Fd wake_;
};

} // namespace mpapi::san
