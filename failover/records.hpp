// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The records of all addresses in one directory. It is meant to be one that a reboot empties
// (/run): after that the cluster decides anew where an address is.
#pragma once

#include "common/result.hpp"
#include "failover/wanted.hpp"

#include <string>
#include <vector>

namespace mpapi::failover {

class Records {
  public:
    explicit Records(std::string directory)
      : directory_(std::move(directory)) {}

    struct Found {
        std::vector<Record> records;
        std::vector<Error> errors; // of files that are none; they are left where they are
    };
    // None where there is no such directory.
    Result<Found> read() const;
    Status write(const Record& record) const;
    Status remove(const Wanted& wanted) const;

  private:
    std::string path(const Wanted& wanted) const;

    std::string directory_;
};

} // namespace mpapi::failover
