// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The file `objects` in the state directory, a text of one record a line:
//
//   mpapi-objects 1
//   reserve 8192 <check>             numbers below this may have been given to somebody
//   4 17 <check> 36001405…           type, sequence number, key
//
// New records are appended, so an object costs its own line and not the file. The whole is written
// anew beside it, flushed and renamed, in the order in which things were there last. A record whose
// check does not fit, or that nobody could have written, makes the file damaged: it is set aside
// under another name and reported, what could be read of it goes on in a new one. The last line may
// be torn by a power cut; that is no damage.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::daemon {

struct ObjectIdsRecord {
    std::size_t type = 0; // of model::ObjectType
    model::Sequence sequence = 0;
    std::uint64_t last_seen = 0; // those with higher ones were there later
    std::string key;
};

class ObjectIdsFile {
  public:
    static constexpr std::size_t kTypes = 10;
    static constexpr std::size_t kKeyLimit = 1024; // bytes; what a key of ours can reach

    static std::string record_line(std::size_t type, model::Sequence sequence,
                                   std::string_view key);
    static std::string reserve_line(model::Sequence upto);

    struct Content {
        std::vector<ObjectIdsRecord> records; // in the order of the file
        model::Sequence reserved = 1;
        std::vector<std::string> notices; // what was wrong
        bool whole = false;               // nothing to mend, it can be appended to
    };

    explicit ObjectIdsFile(std::string directory)
      : directory_(std::move(directory)) {}

    // There may be no file; a damaged one is set aside. Fails where there is no such directory, or
    // where the file can neither be read nor set aside.
    Result<Content> read();

    // The rest may take as long as the disk takes.

    Status append(std::string_view lines, bool durable);
    // Durable. After a failure the old file is still there, but not to be appended to.
    Status replace(std::vector<ObjectIdsRecord> records, model::Sequence reserved);

  private:
    std::string path(const char* name) const { return directory_ + "/" + name; }

    std::string directory_;
    Fd file_;
};

} // namespace mpapi::daemon
