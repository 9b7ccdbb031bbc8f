// SPDX-License-Identifier: LGPL-2.1-or-later
//
// JSON (RFC 8259) as mpathadm-json(5) describes it, in ASCII. Bytes that are not UTF-8 become
// U+FFFD.
#pragma once

#include "cli/fields.hpp"
#include "cli/health.hpp"
#include "cli/objects.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::cli {

// One document: its members are "schema" and what is added, in that order.
class JsonDocument {
  public:
    JsonDocument();
    // A list, one element a line. Elements are JSON.
    void add(std::string_view member, const std::vector<std::string>& elements);
    void add_summary(const Tally* tally); // none: null
    std::string finish() &&;

  private:
    std::string text_;
};

// For list.
std::string json_of_name(const Plugin& plugin);
std::string json_of_name(const Plugin& plugin, const InitiatorPort& port);
std::string json_of_counts(const Plugin& plugin, const LogicalUnit& unit, std::size_t paths,
                           std::size_t operational_paths);
// For show.
std::string json_of(const Plugin& plugin, const std::vector<DeviceProduct>& products,
                    const std::vector<LoadBalance>& algorithms);
std::string json_of(const Plugin& plugin, const InitiatorPort& port);
std::string json_of(const UnitView& view);

// On stderr. `kind` is "error" or "note"; `status` may be empty.
std::string json_of_message(std::string_view kind, std::string_view text, std::string_view status);

// A line of watch.
struct Event {
    struct Change {
        std::string_view property;
        Value from, to;
    };
    std::string time;
    // Of an object: appeared, changed, disappeared. Of a plugin: watched, unreachable, reachable.
    std::string_view what;
    std::string_view type; // of the object
    std::string object;
    std::string plugin;
    std::string logical_unit;    // its device file, of a path and a target port group
    Fields properties;           // of what appeared
    std::vector<Change> changes; // of what changed
    Fields details;              // of what is told of a plugin
};
std::string json_of(const Event& event);

} // namespace mpapi::cli
