// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/intents_text.hpp"

#include "common/settings/document.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>

namespace mpapi::paths {

namespace {

constexpr char kHeader[] =
    "# What administrators asked mpapid for. Written by mpapid at each change: change it through\n"
    "# mpathadm or org.mpapi.Multipath1, and by hand only while mpapid does not run.\n"
    "version = 1\n";

constexpr std::int64_t kMostSeconds = std::numeric_limits<std::uint32_t>::max();

// TOML 1.0, "Basic strings". Names come from devices and administrators: what the reader of
// settings takes for no text (control characters), or may take for none (what is not ASCII need not
// be UTF-8), is written as '%' and two digits, and so is '%'.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f || c == '%') {
            char escape[4];
            std::snprintf(escape, sizeof escape, "%%%02x", byte);
            result += escape;
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result += '"';
}

std::optional<std::string> decoded(settings::Section& from, std::string_view key) {
    const auto told = from.text(key);
    if (!told) return std::nullopt;
    std::string text;
    for (std::size_t i = 0; i < told->size(); ++i) {
        if ((*told)[i] != '%') {
            text += (*told)[i];
            continue;
        }
        unsigned byte = 0;
        const char* const digits = told->data() + i + 1;
        const char* const end = told->data() + std::min(told->size(), i + 3);
        const auto [rest, error] = std::from_chars(digits, end, byte, 16);
        if (error != std::errc() || rest != digits + 2) {
            from.complain(key, "expected two hexadecimal digits behind %");
            return std::nullopt;
        }
        text += static_cast<char>(byte);
        i += 2;
    }
    return text;
}

void line(std::string& to, std::string_view key, const std::string& value) {
    to.append(key).append(" = ").append(value).append("\n");
}

void append(std::string& to, const Settings& settings) {
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    if (settings.selector) line(to, "selector", quoted(*settings.selector));
    if (settings.auto_failback) line(to, "auto_failback", flag(*settings.auto_failback));
    if (settings.failback_rate) line(to, "failback_rate", std::to_string(*settings.failback_rate));
    if (settings.auto_probing) line(to, "auto_probing", flag(*settings.auto_probing));
    if (settings.probing_rate) line(to, "probing_rate", std::to_string(*settings.probing_rate));
}

void append(std::string& to, const PathName& path) {
    line(to, "logical_unit", quoted(path.unit_name));
    line(to, "initiator_port", quoted(path.initiator_port));
    line(to, "target_port", quoted(path.target_port));
    line(to, "lun", quoted(std::to_string(path.lun)));
}

void append(std::string& to, const std::string& key, const UnitIntent& unit) {
    to += "\n[[unit]]\n";
    line(to, "key", quoted(key));
    append(to, unit.settings);
    if (unit.override_path) {
        to += "[unit.override_path]\n";
        append(to, *unit.override_path);
    }
    for (const auto& [path, weight] : unit.weights) {
        to += "[[unit.weight]]\n";
        line(to, "value", std::to_string(weight));
        append(to, path);
    }
    for (const auto& group : unit.groups) {
        to += "[[unit.group]]\n";
        for (const PathName& path : group) {
            to += "[[unit.group.path]]\n";
            append(to, path);
        }
    }
}

std::optional<std::uint32_t> number(settings::Section& from, std::string_view key) {
    const auto told = from.integer(key, 0, kMostSeconds);
    return told ? std::optional(static_cast<std::uint32_t>(*told)) : std::nullopt;
}

Settings settings_of(settings::Section& from) {
    Settings result;
    result.selector = from.text("selector");
    result.auto_failback = from.flag("auto_failback");
    result.failback_rate = number(from, "failback_rate");
    result.auto_probing = from.flag("auto_probing");
    result.probing_rate = number(from, "probing_rate");
    return result;
}

// All four must be there.
std::optional<PathName> path_of(settings::Section& from) {
    auto unit = decoded(from, "logical_unit");
    auto initiator = decoded(from, "initiator_port");
    auto target = decoded(from, "target_port");
    const auto lun = from.text("lun");
    if (!unit || !initiator || !target || !lun) {
        from.complain("lun", "expected logical_unit, initiator_port, target_port and lun");
        return std::nullopt;
    }
    std::uint64_t number = 0;
    const char* const end = lun->data() + lun->size();
    const auto [rest, error] = std::from_chars(lun->data(), end, number);
    if (error != std::errc() || rest != end) {
        from.complain("lun", "expected a number in quotes");
        return std::nullopt;
    }
    return PathName{std::move(*unit), std::move(*initiator), std::move(*target), number};
}

UnitIntent unit_of(settings::Section& from) {
    UnitIntent unit;
    unit.settings = settings_of(from);
    if (auto section = from.section("override_path")) unit.override_path = path_of(*section);
    for (settings::Section& section : from.sections("weight")) {
        const auto value = number(section, "value");
        const auto path = path_of(section);
        if (!value) section.complain("value", "expected a weight");
        if (value && path) unit.weights[*path] = *value;
    }
    for (settings::Section& section : from.sections("group")) {
        auto& group = unit.groups.emplace_back();
        for (settings::Section& member : section.sections("path"))
            if (const auto path = path_of(member)) group.push_back(*path);
    }
    return unit;
}

} // namespace

std::string intents_text(const Intents& intents) {
    std::string text = kHeader;
    if (intents.everywhere != Settings()) {
        text += "\n[everywhere]\n";
        append(text, intents.everywhere);
    }
    for (const auto& [key, unit] : intents.units)
        append(text, key, unit);
    return text;
}

Result<Intents> parse_intents(std::string_view text, const std::string& name) {
    auto document = settings::Document::parse(text, name);
    if (!document) return document.error();
    auto root = document->root();
    Intents intents;
    if (!root.integer("version", 1, 1)) root.complain("version", "expected version = 1");
    if (auto section = root.section("everywhere")) intents.everywhere = settings_of(*section);
    for (settings::Section& section : root.sections("unit")) {
        const auto key = decoded(section, "key");
        if (!key) section.complain("key", "expected the key of a logical unit");
        UnitIntent unit = unit_of(section);
        if (key && !unit.empty()) intents.units[*key] = std::move(unit);
    }
    if (auto status = document->finish(); !status) return status.error();
    return intents;
}

} // namespace mpapi::paths
