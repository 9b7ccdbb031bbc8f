// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/config.hpp"

#include "discovery/wire/messages.hpp"

namespace mpapi::discovery {

namespace {

using settings::Section;

constexpr std::size_t kMostWorkgroups = 16; // each is asked with a packet of its own

void read_path(Section& section, const char* key, std::string& into) {
    if (auto value = section.text(key)) into = *std::move(value);
    if (section.has(key) && !into.starts_with('/'))
        section.complain(key, "expected an absolute path");
}

template <typename Number>
void read_number(Section& section, const char* key, std::int64_t most, Number& into) {
    if (const auto value = section.integer(key, 1, most)) into = static_cast<Number>(*value);
}

void read_top(Section& root, Config& config) {
    using Answer = Config::Answer;
    using Way = Transport::Way;
    if (const auto answer = root.choice<Answer>(
            "answer",
            {{"auto", Answer::Auto}, {"always", Answer::Always}, {"never", Answer::Never}}))
        config.answer = *answer;
    if (const auto way = root.choice<Way>(
            "transport",
            {{"auto", Way::Auto}, {"socket", Way::Socket}, {"nmbd", Way::Nmbd}, {"off", Way::Off}}))
        config.transport.way = *way;
    if (auto name = root.text("name")) config.name = *std::move(name);
    if (!config.name.empty() &&
        (!is_computer_name(config.name) || config.name.size() > kLongestServer))
        root.complain("name", "expected a computer name of 127 characters at most");
    config.workgroups = root.texts("workgroups");
    if (config.workgroups.size() > kMostWorkgroups)
        root.complain("workgroups", "expected 16 at most");
    for (const auto& group : config.workgroups)
        if (group.empty() || group.size() > NetbiosName::kLongest || group == "*")
            root.complain("workgroups", "expected names of 15 characters at most, found \"" +
                                            group + "\"; of a domain, its NetBIOS name");
    config.interfaces = root.texts("interfaces");
    if (const auto flag = root.flag("beyond_network")) config.beyond_network = *flag;
    read_path(root, "targets", config.targets);
    read_path(root, "smb_conf", config.smb_conf);
}

} // namespace

void read_keys(Section root, Config& config) {
    read_top(root, config);
    if (auto section = root.section("limits")) {
        read_number(*section, "answers_per_second", 1000, config.limits.per_second);
        read_number(*section, "burst", 1000, config.limits.burst);
        read_number(*section, "sources", 65536, config.limits.sources);
    }
    if (auto section = root.section("nmbd")) {
        read_path(*section, "socket", config.transport.nmbd_socket);
        read_path(*section, "program", config.transport.nmbd_program);
    }
}

} // namespace mpapi::discovery
