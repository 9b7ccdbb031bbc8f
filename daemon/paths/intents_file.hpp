// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where intents are kept: disabled paths in the record that udev reads, early in boot as well, all
// else in the file `intents` of the state directory. Each is replaced whole; a change is about one
// of the two. Writing may take as long as the disk takes.
#pragma once

#include "common/result.hpp"
#include "daemon/paths/intents.hpp"

#include <string>
#include <vector>

namespace mpapi::paths {

class IntentsFile {
  public:
    struct Content {
        Intents intents;
        std::vector<std::string> notices; // what was damaged, and what became of it
    };

    IntentsFile(const std::string& state_directory, std::string record)
      : path_(state_directory + "/intents")
      , record_(std::move(record)) {}

    // No file is no intents. A damaged one is set aside; fails where that cannot be done.
    Result<Content> read() const;
    // Only what differs is written: the other may lie where nothing can be written.
    Status write(const Intents& before, const Intents& wanted) const;

  private:
    std::string path_, record_;
};

} // namespace mpapi::paths
