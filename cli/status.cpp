// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/commands.hpp"
#include "cli/find.hpp"
#include "cli/health.hpp"
#include "cli/json.hpp"
#include "cli/names.hpp"
#include "cli/text.hpp"
#include "cli/view.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>

namespace mpapi::cli {
namespace {

enum class Colour { Plain, Bold, Green, Yellow, Red };

// no-color.org: a NO_COLOR that is not empty.
bool colours_wanted() {
    const auto set = [](const char* name) {
        const char* const value = std::getenv(name);
        return value != nullptr && *value != '\0';
    };
    if (::isatty(STDOUT_FILENO) == 0 || set("NO_COLOR")) return false;
    const char* const terminal = std::getenv("TERM");
    return terminal != nullptr && *terminal != '\0' && std::strcmp(terminal, "dumb") != 0;
}

// As people count: mpath2 comes before mpath10.
bool before(const std::string& one, const std::string& other) {
    return ::strverscmp(one.c_str(), other.c_str()) < 0;
}

std::string name_of_path(const Path& path) {
    return path.device_file_name.empty() ? "path" : printable(path.device_file_name);
}

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

class Screen {
  public:
    explicit Screen(bool colours)
      : colours_(colours) {}

    void add(const UnitView& view);
    void add(const Tally& tally);
    const std::string& text() const { return text_; }

  private:
    std::string painted(std::string_view text, Colour colour) const;
    void add_group(const UnitView& view, const GroupView& each);
    void add_path(const UnitView& view, const PathView& each, std::string_view indent,
                  std::size_t width);

    bool colours_;
    std::string text_;
};

std::string Screen::painted(std::string_view text, Colour colour) const {
    if (!colours_ || colour == Colour::Plain) return std::string(text);
    static constexpr const char* codes[] = {"0", "1", "32", "33", "31"};
    return std::string("\033[") + codes[static_cast<int>(colour)] + 'm' + std::string(text) +
           "\033[0m";
}

Colour colour_of(Health health) {
    switch (health) {
    case Health::Ok:
        return Colour::Green;
    case Health::Degraded:
        return Colour::Yellow;
    case Health::Failed:
        return Colour::Red;
    }
    return Colour::Plain;
}

std::size_t width_of_paths(const UnitView& view) {
    std::size_t width = 0;
    for (const PathView& each : view.paths)
        width = std::max(width, name_of_path(each.path).size());
    return width;
}

void Screen::add(const UnitView& view) {
    const Health health = health_of(view);
    Tally tally;
    tally.add(view);
    text_ += painted(printable(view.unit.device_file_name), Colour::Bold) + "  " +
             painted(name_of(health), colour_of(health)) + "  " +
             std::to_string(tally.usable_paths) + " of " + counted(tally.paths, "path") +
             " usable  " + printable(without_padding(view.unit.vendor)) + ' ' +
             printable(without_padding(view.unit.product)) + '\n';
    for (const GroupView& each : view.groups)
        add_group(view, each);
    const std::size_t width = width_of_paths(view);
    for (const PathView& each : view.paths)
        if (view.group_of(each.path) == nullptr) add_path(view, each, "  ", width);
}

void Screen::add_group(const UnitView& view, const GroupView& each) {
    const TargetPortGroup& group = each.group;
    const bool away = group.access_state == MP_ACCESS_STATE_UNAVAILABLE ||
                      group.access_state == MP_ACCESS_STATE_TRANSITIONING;
    text_ += "  group " + std::to_string(group.tpg_id) + "  " +
             painted(name_of(group.access_state).text, away ? Colour::Yellow : Colour::Plain) +
             (group.preferred_lu_path ? "  preferred" : "") + '\n';
    const std::size_t width = width_of_paths(view);
    for (const PathView& path : view.paths)
        if (view.group_of(path.path) == &each) add_path(view, path, "    ", width);
}

void Screen::add_path(const UnitView& view, const PathView& each, std::string_view indent,
                      std::size_t width) {
    const Path& path = each.path;
    std::string name = name_of_path(path);
    name.resize(std::max(width, name.size()), ' ');
    const bool okay = path.path_state == MP_PATH_STATE_OKAY;
    ((text_ += indent) += name) += "  ";
    text_ += (each.initiator ? printable(each.initiator->port_id) : "unknown") + " - " +
             (each.target ? printable(each.target->port_id) : "unknown") + "  " +
             painted(name_of(path.path_state).text, okay ? Colour::Plain : Colour::Red);
    if (path.disabled) text_ += "  " + painted("disabled", Colour::Yellow);
    if (view.unit.overridden_by(path.oid)) text_ += "  " + painted("override", Colour::Yellow);
    text_ += '\n';
}

void Screen::add(const Tally& tally) {
    if (tally.units > 0) text_ += '\n';
    text_ +=
        counted(tally.units, "logical unit") + ": " +
        painted(std::to_string(tally.ok) + " ok", tally.ok > 0 ? Colour::Green : Colour::Plain) +
        ", " +
        painted(std::to_string(tally.degraded) + " degraded",
                tally.degraded > 0 ? Colour::Yellow : Colour::Plain) +
        ", " +
        painted(std::to_string(tally.failed) + " failed",
                tally.failed > 0 ? Colour::Red : Colour::Plain) +
        "; " + std::to_string(tally.usable_paths) + " of " + counted(tally.paths, "path") +
        " usable\n";
}

void sort(UnitView& view) {
    std::ranges::sort(view.groups, {}, [](const GroupView& each) { return each.group.tpg_id; });
    std::ranges::stable_sort(view.paths, before, [](const PathView& each) -> const std::string& {
        return each.path.device_file_name;
    });
}

} // namespace

void status(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    auto found = plugins.empty() ? std::vector<FoundUnit>()
                                 : find_units(plugins, command.operands, {}, report);
    std::ranges::stable_sort(found, before, [](const FoundUnit& each) -> const std::string& {
        return each.unit.device_file_name;
    });
    Ports ports;
    Tally tally;
    Screen screen(!command.json && colours_wanted());
    std::vector<std::string> elements;
    for (FoundUnit& each : found) {
        UnitView view = view_of(std::move(each), ports, report);
        sort(view);
        tally.add(view);
        if (command.json)
            elements.push_back(json_of(view));
        else
            screen.add(view);
    }
    // What is not known must not look like what is not there.
    const bool summary = report.complete();
    if (command.json) {
        JsonDocument document;
        document.add("logicalUnits", elements);
        document.add_summary(summary ? &tally : nullptr);
        return write_out(std::move(document).finish());
    }
    if (summary) screen.add(tally);
    write_out(screen.text());
}

} // namespace mpapi::cli
