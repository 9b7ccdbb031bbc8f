// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot in its flat form (common/flat) as a sealed file in memory, for GetSnapshot. The last
// file is kept open: what did not change is copied from it into the next, within the kernel. Its
// pages are the only copy of the flat form that there is.
#pragma once

#include "common/flat/writer.hpp"
#include "common/model/snapshot.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <optional>

namespace mpapi::publish {

// For one thread at a time.
class SnapshotFiles {
  public:
    Result<Fd> write(const model::Snapshot& snapshot);
    // Gives back the memory of the file before the last, which takes its time: once the last is on
    // its way.
    void tidy() { replaced_.reset(); }
    // As well that of the last; the next is written whole.
    void forget() {
        tidy();
        last_.reset();
    }

  private:
    struct Last {
        Fd fd;
        flat::Contents contents;
    };
    std::optional<Last> last_;
    Fd replaced_;
};

} // namespace mpapi::publish
