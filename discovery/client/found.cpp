// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/found.hpp"

#include "common/text/lines.hpp"
#include "common/text/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace mpapi::discovery {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostTargets = 65536; // of one server

// As wide as most are; what is longer moves the rest of its line.
std::string column(const std::string& text, std::size_t width) {
    std::string shown = printable(text);
    if (shown.size() < width) shown.append(width - shown.size(), ' ');
    return shown + "  ";
}

std::string milliseconds(std::uint64_t microseconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(microseconds) / 1000);
    return text.data();
}

std::string line_of(const std::string& name, const std::string& address,
                    const std::string& interface, const std::string& took) {
    return column(name, 40) + column(address, 15) + column(interface, 10) + took + "\n";
}

Json json_of(const Found& found, bool with_targets) {
    Json made{{"name", found.name},
              {"address", found.address},
              {"interface", found.interface},
              {"answered_in_us", found.took},
              {"heard_at_us", found.heard}};
    if (!with_targets) return made;
    Json targets = Json::array();
    for (const auto& target : found.targets)
        targets.push_back({{"name", target.name}, {"portals", target.portals}});
    made["targets"] = std::move(targets);
    if (!found.trouble.empty()) made["error"] = found.trouble;
    return made;
}

// Bytes that are no text were a program's output: they do not make the document malformed.
std::string dump(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_target(std::string_view name) {
    return name.starts_with("iqn.") || name.starts_with("eui.") || name.starts_with("naa.");
}

} // namespace

std::vector<Target> targets_in(std::string_view output) {
    std::vector<Target> targets;
    each_line(output, [&](std::string_view line) {
        const auto portal = next_word(line);
        const auto name = next_word(line);
        if (!is_target(name) || portal.find(',') == std::string_view::npos) return false;
        auto place = std::find_if(targets.begin(), targets.end(),
                                  [&](const Target& each) { return each.name == name; });
        if (place == targets.end())
            place = targets.insert(targets.end(), Target{std::string(name), {}});
        place->portals.emplace_back(portal);
        return targets.size() >= kMostTargets;
    });
    return targets;
}

std::string heading() {
    return line_of("SERVER", "ADDRESS", "INTERFACE", "ANSWERED IN");
}

std::string as_text(const Found& found) {
    std::string text =
        line_of(found.name, found.address, found.interface, milliseconds(found.took));
    for (const auto& target : found.targets) {
        text += "    " + printable(target.name);
        for (const auto& portal : target.portals)
            text += "  " + printable(portal);
        text += '\n';
    }
    if (!found.trouble.empty()) text += "    targets not known: " + printable(found.trouble) + "\n";
    return text;
}

std::string as_json(const std::vector<Found>& found, bool with_targets) {
    Json servers = Json::array();
    for (const auto& one : found)
        servers.push_back(json_of(one, with_targets));
    return dump({{"servers", std::move(servers)}}, 2);
}

std::string answered_as_json(const Found& found, bool with_targets) {
    Json made = Json::object();
    made["event"] = "answered";
    made.update(json_of(found, with_targets));
    return dump(made, -1);
}

std::string gone_as_json(const std::string& name) {
    return dump({{"event", "gone"}, {"name", name}}, -1);
}

} // namespace mpapi::discovery
