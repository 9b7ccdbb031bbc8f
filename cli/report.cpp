// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/report.hpp"

#include "cli/json.hpp"
#include "cli/names.hpp"
#include "cli/text.hpp"

#include <cstdio>

namespace mpapi::cli {

void Report::tell(std::string_view kind, std::string_view prefix, std::string_view text,
                  std::optional<MP_STATUS> status) {
    std::string line;
    if (how_.json)
        line = json_of_message(kind, text, status ? name_of(*status).token : std::string_view());
    else
        line = printable(std::string(prefix).append(text));
    line += '\n';
    std::fflush(stdout); // what came before stands before
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void Report::failed(std::string_view text, std::optional<MP_STATUS> status) {
    failed_ = true;
    tell("error", text.starts_with("ERROR: ") ? "mpathadm: " : "mpathadm: Error: ", text, status);
}

void Report::failed_named(std::string_view text, std::optional<MP_STATUS> status) {
    failed_ = true;
    tell("error", "Error: ", text, status);
}

void Report::not_found(std::string_view text) {
    if (lists_failed_) return;
    missing_ = true;
    if (how_.strict) failed_ = true;
    tell("error", "Error: ", text, MP_STATUS_OBJECT_NOT_FOUND);
}

void Report::note(std::string_view text) {
    tell("note", "mpathadm: ", text, {});
}

void Report::list_failed(std::string_view text, MP_STATUS status) {
    lists_failed_ = true;
    failed(text, status);
}

void Report::plugin_failed(const Plugin& plugin, std::string_view text, MP_STATUS status) {
    list_failed(text, status);
    const std::string step = next_step(plugin);
    if (step.empty() || hinted_) return;
    hinted_ = true;
    note(step);
}

std::string next_step(const Plugin& plugin) {
    struct Step {
        std::string_view reason;
        std::string_view step;
    };
    static constexpr Step steps[] = {
        {"mpapid is not running", "; start it: systemctl start mpapid.service"},
        {"mpapid is of another version", "; restart it: systemctl restart mpapid.service"},
        {"mpapid does not answer", "; look at it: systemctl status mpapid.service"},
        {"running", ""},
        {"looking at what exists", ""},
    };
    for (const auto& [name, reason] : plugin.proprietary_properties) {
        if (name != "mpapid") continue;
        for (const Step& each : steps)
            if (each.reason == reason)
                return each.step.empty() ? std::string() : reason + std::string(each.step);
        return reason;
    }
    return {};
}

} // namespace mpapi::cli
