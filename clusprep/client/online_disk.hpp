// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A disk that a single command needs online (MS-CSVP 3.3.4.4). Ownership is established first, for
// it is required to bring a shared disk online (4.1, step 6).
//
// A disk that was offline before is taken offline again, and its ownership given up. One that was
// online is left to the node, which knows who else has claimed it: it gives up what our object
// brought about when the object goes.
#pragma once

#include "clusprep/client/command.hpp"

namespace mpapi::client {

class OnlineDisk {
  public:
    // In a session nothing is done beyond attaching: there the user brings about what is needed.
    static Outcome<OnlineDisk> begin(Context& context);
    // Once, whether the work succeeded or not. Its failure counts if the work had none.
    Outcome<Done> end();

    template <typename T>
    Outcome<T> end_with(Outcome<T> work) {
        const auto ended = end();
        if (work && !ended) return ended.failure();
        return work;
    }

  private:
    explicit OnlineDisk(Context& context)
      : context_(context) {}

    Context& context_;
    bool restore_ = false;
};

} // namespace mpapi::client
