// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Everything as one JSON document (RFC 8259): the public bulk form. An object's members are the
// properties of its interface under their names on the bus, before them its object path; see
// Manager.Describe in dbus/org.mpapi.Multipath1.xml for the frame around them. Written unit by
// unit, so the document never stands in the daemon's own memory.
#pragma once

#include "common/model/snapshot.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace mpapi::publish {

struct DescribeOptions {
    // Only these units, by key; a key of no unit is no error. Nothing: all of them.
    std::optional<std::unordered_set<std::string>> units;
};

// Hands the text out in pieces; ends early with the first failure of `write`.
Status describe(const model::Snapshot& snapshot, const DescribeOptions& options,
                const std::function<Status(std::string_view)>& write);

// The same as a sealed file.
Result<Fd> describe(const model::Snapshot& snapshot, const DescribeOptions& options);

} // namespace mpapi::publish
