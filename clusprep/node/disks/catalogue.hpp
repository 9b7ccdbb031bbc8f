// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The list of shared disks as mpapid has it, kept as long as nothing is announced to have changed:
// only what changed is asked for again. Loop's thread only.
#pragma once

#include "clusprep/interfaces/disks.hpp"
#include "clusprep/node/bus_calls.hpp"
#include "clusprep/node/disks/shared_disk.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mpapi::node {

class Catalogue {
  public:
    // `bus` is attached to the loop and outlives this.
    explicit Catalogue(sd_bus* bus);

    // Begins to listen for changes.
    Status follow();

    // Tells of everything that was true when it was called, or later.
    void list(csvp::Completion<csvp::DiskList> done);

    // Bytes of a logical sector as last seen; 512 of one that is not known.
    std::uint32_t sector_size(const std::string& key) const;

  private:
    void begin();
    void listed(sd_bus_message* answer);
    void ask_disks();
    void told(const std::string& path, const csvp::Outcome<sd_bus_message*>& answer);
    void end();
    void end(const csvp::Failure& failure);

    static int disk_changed(sd_bus_message* message, void* self, sd_bus_error*);
    static int disks_came_or_went(sd_bus_message* message, void* self, sd_bus_error*);

    sd_bus* bus_;
    std::vector<std::string> order_;
    std::map<std::string, SharedDisk> disks_;
    bool order_stale_ = true;
    std::set<std::string> stale_;
    csvp::DiskList list_; // of order_ and disks_; null: to be made anew

    bool asking_ = false;
    std::size_t in_flight_ = 0;
    std::vector<std::string> to_ask_;
    std::vector<csvp::Completion<csvp::DiskList>> waiting_; // for what is asked now
    std::vector<csvp::Completion<csvp::DiskList>> late_;    // for the next time
    std::vector<BusSlot> matches_;
    BusCalls calls_;
};

} // namespace mpapi::node
