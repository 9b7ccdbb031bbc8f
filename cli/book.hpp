// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What `watch` knows of each object: the state it told last, or found at the start. From that and
// from what the object is now comes what there is to tell. Told twice, a change is nothing new; so
// it does no harm to look again.
#pragma once

#include "cli/json.hpp"
#include "cli/objects.hpp"
#include "cli/survey.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::cli {

class Book {
  public:
    // How many objects of a plugin there are.
    struct Size {
        std::size_t units = 0;
        std::size_t paths = 0;
    };

    // Takes in all objects of a plugin. Returns what differs from what was known of them: all
    // there is, the first time. Nothing if the plugin does not answer.
    Answer<std::vector<Event>> take_in(const Plugin& plugin);

    // An object was said to have appeared or changed; to have disappeared.
    std::optional<Event> look_at(const MP_OID& oid);
    std::optional<Event> remove(const MP_OID& oid);

    Size size(const Plugin& plugin) const;

  private:
    // Of a logical unit, which may be renamed: what belongs to it shares its name, and keeps it
    // when the unit has gone.
    using UnitName = std::shared_ptr<std::string>;

    struct Known {
        std::string plugin;
        std::string name;
        UnitName logical_unit; // none of what belongs to no unit
        Fields fields;
    };

    Answer<Known> read(const MP_OID& oid);
    std::string name_of_plugin(const MP_OID& oid) const;
    UnitName name_of_unit(const MP_OID& oid);
    std::optional<Event> compare(const MP_OID& oid, Known now);

    std::unordered_map<MP_OID, Known, OidHash, SameOid> known_;
    std::unordered_map<MP_OID, UnitName, OidHash, SameOid> unit_names_;
    std::unordered_map<MP_UINT32, std::string> plugins_; // by owner id
    Ports ports_;
};

} // namespace mpapi::cli
