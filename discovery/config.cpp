// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/config.hpp"

#include "common/settings/document.hpp"
#include "common/system/read_file.hpp"
#include "discovery/wire/messages.hpp"

#include <cerrno>

namespace mpapi::discovery {

namespace {

using settings::Section;

constexpr std::size_t kLargestFile = 1u << 20; // far beyond any sensible file
constexpr std::size_t kMostWorkgroups = 16;    // each is asked with a packet of its own

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

Result<Config> parse_config(std::string_view text, const std::string& name) {
    auto document = settings::Document::parse(text, name);
    if (!document) return document.error();
    Config config;
    Section root = document->root();
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
    if (const Status status = document->finish(); !status) return status.error();
    return config;
}

Result<Config> load_config(const std::string& path) {
    const auto text = read_file(path, kLargestFile);
    if (text) return parse_config(*text, path);
    if (text.error().action == "open" && text.error().errnum == ENOENT) return Config{};
    return text.error();
}

} // namespace mpapi::discovery
