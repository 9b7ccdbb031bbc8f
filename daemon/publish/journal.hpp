// SPDX-License-Identifier: LGPL-2.1-or-later
//
// State changes as structured journal entries, from the same events as the signals. Fields besides
// MESSAGE, MESSAGE_ID and PRIORITY, where they apply: MPAPI_LU (key), MPAPI_MAP (name), MPAPI_PATH
// (object id), MPAPI_DEVICE (kernel name), MPAPI_TPG (number), MPAPI_OLD, MPAPI_NEW, MPAPI_COUNT,
// MPAPI_GENERATION.
//
// A step of the model gives a few entries of each kind and one summary for the rest of that kind,
// so that the failure of an array is readable and does not drown the journal.
#pragma once

#include "common/model/diff.hpp"

#include <functional>
#include <string>
#include <vector>

namespace mpapi::publish {

class Journal {
  public:
    // Fields "NAME=value" of one entry.
    using Sink = std::function<void(const std::vector<std::string>&)>;

    static constexpr unsigned kEntriesOfAKind = 16; // in one step

    explicit Journal(Sink sink = to_journald)
      : sink_(std::move(sink)) {}

    void record(const model::Snapshot& after, const std::vector<model::Event>& events);

    static void to_journald(const std::vector<std::string>& fields);

  private:
    class Step;
    Sink sink_;
};

} // namespace mpapi::publish
