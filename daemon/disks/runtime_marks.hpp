// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is true until the next boot, also while the daemon is not there: a folder in /run with a
// small file for each thing. Only the daemon writes there; rules of udev look whether a file is
// there. On a file system in memory: nothing here waits for a disk.
#pragma once

#include "common/result.hpp"

#include <map>
#include <string>

namespace mpapi::disks {

class RuntimeMarks {
  public:
    // `folder` is made with the first mark, in one that is there; empty: marks are kept in memory.
    explicit RuntimeMarks(std::string folder)
      : folder_(std::move(folder)) {}

    // `name` is a file name: no '/', not empty, no period at its beginning.
    Status set(const std::string& name, const std::string& text);
    Status clear(const std::string& name);
    // Of this run and of those before; a file that cannot be read is left out.
    std::map<std::string, std::string> all() const;

  private:
    std::string folder_;
    std::map<std::string, std::string> memory_;
};

} // namespace mpapi::disks
