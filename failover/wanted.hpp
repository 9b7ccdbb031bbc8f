// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An address that somebody wants on this host, with all that was asked for it; and the record of
// it, by which this program knows after a restart what is its own. The record is TOML text, one
// file for an address. Pure.
#pragma once

#include "common/result.hpp"
#include "common/settings/document.hpp"
#include "failover/core/managed.hpp"
#include "failover/kernel/placement.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mpapi::failover {

struct Wanted {
    Placement placement;
    std::string interface; // its name
    Wish wish;
    std::string set; // of nftables, "inet filter services"; may be empty

    bool operator==(const Wanted&) const = default;

    // What it is known by: the address, and the interface where it means nothing without.
    std::string key() const;
};

struct Record {
    Wanted wanted;
    // Nothing where it is to be taken up; else what it ended in, until somebody decides.
    std::optional<State> ended;
    std::string reason;
    HardwareAddress rival; // empty where there was none
    std::uint64_t met = 0; // microseconds since the epoch

    bool operator==(const Record&) const = default;
};

// The keys of a section that say how an address is taken; those that are not there leave what is.
void read_wish(settings::Section& section, Wish& wish);

std::string record_text(const Record& record);
Result<Record> parse_record(std::string_view text, const std::string& name);

} // namespace mpapi::failover
