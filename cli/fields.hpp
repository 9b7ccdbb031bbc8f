// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of each object as names and values, as mpathadm-json(5) describes them: what JSON
// shows, and what `watch` compares.
#pragma once

#include "cli/objects.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mpapi::cli {

// std::monostate is null: not supported, or not known.
using Value = std::variant<std::monostate, bool, std::uint64_t, std::string,
                           std::vector<std::string>, ProprietaryProperties>;

struct Field {
    std::string_view name;
    Value value;
    bool operator==(const Field&) const = default;
};

using Fields = std::vector<Field>;

Fields fields_of(const Plugin& plugin);
Fields fields_of(const DeviceProduct& product);
Fields fields_of(const LoadBalance& algorithm);
Fields fields_of(const InitiatorPort& port);
Fields fields_of(const TargetPort& port);
Fields fields_of(const TargetPortGroup& group);
Fields fields_of(const Path& path);
Fields fields_of(const LogicalUnit& unit);

// For people: a list with commas, null as "-".
std::string text_of(const Value& value);

} // namespace mpapi::cli
