// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Device numbers (MS-CSVP 3.2.1.1): one table for the machine, in which every session and ClearPR,
// which is on another interface and knows no session, mean the same LUN by the same number. Numbers
// run from 0 and are only ever appended while the table lives: a LUN that has gone stays, as
// missing, and gets its number again when it comes back.
#pragma once

#include "clusprep/interfaces/disk_id.hpp"
#include "clusprep/interfaces/disks.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::csvp {

struct Lun {
    Disk disk; // as last seen
    bool missing = false;
};

class DiskNumbers {
  public:
    void update(const DiskList& list);

    std::uint32_t size() const { return static_cast<std::uint32_t>(luns_.size()); }
    const Lun* at(std::uint32_t number) const {
        return number < luns_.size() ? &luns_[number] : nullptr;
    }

    // In the order of their numbers. A LUN that is missing answers to its number only.
    std::vector<std::uint32_t> matching(const DiskId& id) const;

    // GUID of a GPT, signature of an MBR, else the number. `number` is below size().
    DiskId id_of(std::uint32_t number) const;
    DiskProps props_of(std::uint32_t number) const;

  private:
    std::vector<Lun> luns_;
    std::unordered_map<std::string, std::uint32_t> by_key_;
    DiskList seen_;
};

} // namespace mpapi::csvp
