// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The path of each object on the bus; see common/bus/object_label.hpp for how they are made.
#pragma once

#include "common/bus/object_label.hpp"
#include "daemon/publish/view.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::publish {

using bus::append_escaped;
using bus::escape;
using bus::kRoot;
using bus::plugin_label;
using bus::unescape;

// What the last label of a path is made of: "<initiator port>,<target port>,<LUN>". Two paths of
// one unit that agree in all three (a target port that came back while its old devices linger) are
// told apart by ",<sequence>" on the younger one.
std::string path_name(const View<model::Path>& path);
// "<vendor>__<product>__<revision>", each escaped as a part (INQUIRY data may have commas).
std::string product_label(const model::DeviceProduct& product);

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
