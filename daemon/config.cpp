// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/config.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace mpapi::daemon {
namespace {

using namespace std::chrono_literals;
using settings::Section;

void read_count(Section& section, const char* key, unsigned least, unsigned most, unsigned& into) {
    if (const auto value = section.integer(key, least, most)) into = static_cast<unsigned>(*value);
}

void read_seconds(Section& section, const char* key, std::chrono::seconds least,
                  std::chrono::seconds most, std::chrono::seconds& into) {
    const auto value = section.duration(key, least, most);
    if (!value) return;
    if (*value % 1s != 0ms) return section.complain(key, "expected whole seconds");
    into = std::chrono::duration_cast<std::chrono::seconds>(*value);
}

void read_duration(Section& section, const char* key, std::chrono::milliseconds least,
                   std::chrono::milliseconds most, std::chrono::milliseconds& into) {
    if (const auto value = section.duration(key, least, most)) into = *value;
}

void read_refresh(Section section, Config::Refresh& refresh) {
    if (const auto enabled = section.flag("enabled")) refresh.enabled = *enabled;
    read_seconds(section, "shortest", 1s, 1h, refresh.shortest);
    read_seconds(section, "longest", 1s, 24h, refresh.longest);
    if (refresh.longest < refresh.shortest) {
        section.complain(section.has("longest") ? "longest" : "shortest",
                         "expected shortest <= longest, found shortest = " +
                             std::to_string(refresh.shortest.count()) +
                             "s and longest = " + std::to_string(refresh.longest.count()) + "s");
    }
}

void read_commands(Section section, Config::Commands& commands) {
    read_duration(section, "timeout", 100ms, 10min, commands.timeout);
    read_count(section, "threads", 1, 64, commands.threads);
    read_count(section, "per_host", 1, 64, commands.per_host);
    read_count(section, "replacements", 0, 256, commands.replacements);
}

void read_bus(Section section, Config::BusLimits& bus) {
    // The upper end is the message limit of the system bus (dbus-daemon: 32 MiB).
    if (const auto size = section.size("managed_objects", 64u << 10, 32u << 20))
        bus.managed_objects = static_cast<std::size_t>(*size);
    read_count(section, "calls_per_sender", 1, 1024, bus.calls_per_sender);
    read_count(section, "changes_kept", 16, 1u << 16, bus.changes_kept); // 2 MiB in one reply
}

// More than any cluster shares, and what ten thousand of them need stays far below the file's
// limit.
constexpr std::size_t most_allowed = 4096;
// A T10 vendor identification has at most 251 bytes, and a digit for the type (SPC-4 7.8.5.4).
constexpr std::size_t longest_wwid = 252;

bool is_wwid(std::string_view text) {
    return !text.empty() && text.size() <= longest_wwid &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

void read_disks(Section section, Config::Disks& disks) {
    disks.allow = section.texts("allow");
    if (disks.allow.size() > most_allowed)
        section.complain("allow", "expected at most " + std::to_string(most_allowed) + " WWIDs");
    std::set<std::string_view> seen;
    for (const std::string& wwid : disks.allow) {
        // A pattern would let in disks that nobody thought of.
        if (!is_wwid(wwid))
            section.complain("allow",
                             "expected WWIDs such as \"36001405f0e1d2c3b4a5968778695a4b3\", "
                             "found \"" +
                                 wwid.substr(0, longest_wwid) + "\"");
        else if (!seen.insert(wwid).second)
            section.complain("allow", "\"" + wwid + "\" is there twice");
    }
    const auto write = section.choice<bool>("raw_write", {{"scratch", false}, {"anywhere", true}});
    if (write) disks.write_anywhere = *write;
}

} // namespace

bool Config::Disks::allows(std::string_view wwid) const {
    return !wwid.empty() && std::find(allow.begin(), allow.end(), wwid) != allow.end();
}

void read_keys(Section root, Config& config) {
    const auto manager =
        root.choice<ManagerMode>("manager", {{"auto", ManagerMode::Auto},
                                             {"multipathd", ManagerMode::Multipathd},
                                             {"standalone", ManagerMode::Standalone},
                                             {"observe", ManagerMode::Observe}});
    if (manager) config.manager = *manager;
    if (const auto directory = root.text("state_directory")) {
        config.state_directory = *directory;
        if (!directory->starts_with('/'))
            root.complain("state_directory", "expected an absolute path");
    }
    if (const auto section = root.section("refresh")) read_refresh(*section, config.refresh);
    if (const auto section = root.section("commands")) read_commands(*section, config.commands);
    if (const auto section = root.section("startup")) {
        Section startup = *section;
        // systemd gives up on a start after 90 s unless told otherwise.
        read_duration(startup, "verify", 0ms, 1min, config.startup.verify);
    }
    if (const auto section = root.section("bus")) read_bus(*section, config.bus);
    if (const auto section = root.section("disks")) read_disks(*section, config.disks);
}

} // namespace mpapi::daemon
