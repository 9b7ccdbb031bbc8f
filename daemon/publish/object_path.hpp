// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Object paths are made of stable identity, so that they mean the same after a restart, and are
// made to be read: a name's letters and digits stand as they are, a comma between the parts of a
// name is `__`, any other byte is `_xx` in lower-case hex, and an empty name is `_`. Nothing else
// has an underscore, so a label can be turned back into its name exactly.
#pragma once

#include "daemon/publish/view.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::publish {

inline constexpr std::string_view kRoot = "/org/mpapi/Multipath1";

void append_escaped(std::string& out, std::string_view name);
std::string escape(std::string_view name);
// Nothing for a label that escape() does not make.
std::optional<std::string> unescape(std::string_view label);

// What the last label of a path is made of: "<initiator port>,<target port>,<LUN>". Two paths of
// one unit that agree in all three (a target port that came back while its old devices linger) are
// told apart by ",<sequence>" on the younger one.
std::string path_name(const View<model::Path>& path);
// Names of kernel modules are full of underscores and only the daemon names plugins, so a plugin's
// label keeps them: "dm_multipath". It is not turned back into a name.
std::string plugin_label(std::string_view name);
std::string product_name(const model::DeviceProduct& product);

std::string object_path(const View<model::Manager>&);
std::string object_path(const View<model::Plugin>&);
std::string object_path(const View<model::InitiatorPort>&);
std::string object_path(const View<model::TargetPort>&);
std::string object_path(const View<model::DeviceProduct>&);
std::string object_path(const View<model::LoadBalance>&);
std::string object_path(const View<model::LogicalUnit>&);
std::string object_path(const View<model::TargetPortGroup>&);
std::string object_path(const View<model::Path>&);
std::string object_path(const View<model::Disk>&);

// A reference from one object to another, by number; the object path is made only when it is
// written. For a target port group `id` is the group's number in `unit`, else the sequence number.
struct Ref {
    model::ObjectType type = model::ObjectType::Unknown;
    model::Sequence id = 0;
    bool set = false;
    const model::Snapshot* snapshot = nullptr;
    const model::Unit* unit = nullptr;

    bool operator==(const Ref& other) const {
        return type == other.type && set == other.set && (!set || id == other.id);
    }
};

// "/" where the reference leads to nothing: D-Bus has no null for object paths.
std::string object_path(const Ref& ref);

} // namespace mpapi::publish
