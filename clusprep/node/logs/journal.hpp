// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The journal from its newest entry backwards.
#pragma once

#include "clusprep/node/logs/entry.hpp"
#include "common/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::node {

class JournalReader {
  public:
    virtual ~JournalReader() = default;
    // nullopt: there is none before.
    virtual Result<std::optional<JournalEntry>> previous() = 0;
};

// The system's journal (sd-journal(3)), entries of these units and of the kernel. Reading takes the
// group systemd-journal.
Result<std::unique_ptr<JournalReader>> open_journal(const std::vector<std::string>& units);

} // namespace mpapi::node
