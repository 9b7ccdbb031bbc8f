// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/config.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace mpapi::clusprep {
namespace {

using namespace std::chrono_literals;
using settings::Section;

void read_text(Section& section, const char* key, std::string& into) {
    if (auto value = section.text(key)) into = *std::move(value);
}

void read_flag(Section& section, const char* key, bool& into) {
    if (const auto value = section.flag(key)) into = *value;
}

void read_count(Section& section, const char* key, std::int64_t least, std::int64_t most,
                std::size_t& into) {
    if (const auto value = section.integer(key, least, most))
        into = static_cast<std::size_t>(*value);
}

void read_path(Section& section, const char* key, std::string& into) {
    read_text(section, key, into);
    if (section.has(key) && !into.starts_with('/'))
        section.complain(key, "expected an absolute path");
}

bool is_address(const std::string& text) {
    in6_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// systemd.unit(5)
bool is_service(std::string_view name) {
    constexpr std::string_view suffix = ".service", marks = ":-_.\\@";
    const auto good = [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               marks.find(c) != marks.npos;
    };
    return name.size() > suffix.size() && name.size() < 256 && name.ends_with(suffix) &&
           std::all_of(name.begin(), name.end(), good);
}

void read_top(Section& root, Config& config) {
    if (root.has("listen")) {
        config.listen = root.texts("listen");
        if (config.listen.empty()) root.complain("listen", "expected one address or more");
        for (const auto& address : config.listen)
            if (!is_address(address))
                root.complain("listen", "expected IPv4 and IPv6 addresses, found " + address);
    }
    if (const auto port = root.integer("port", 0, 65535))
        config.port = static_cast<std::uint16_t>(*port);
    if (config.port == 135) root.complain("port", "expected another port than 135");
    config.names = root.texts("names");
    read_text(root, "full_name", config.full_name);
    read_path(root, "state_directory", config.state_directory);
    read_text(root, "cluster_service", config.cluster_service);
    if (!is_service(config.cluster_service))
        root.complain("cluster_service",
                      "expected the name of a unit that ends in .service, found " +
                          config.cluster_service);
    if (const auto base = root.integer("partition_base", 0, 1))
        config.partition_base = static_cast<std::uint32_t>(*base);
    read_flag(root, "write_anywhere", config.write_anywhere);
}

// MS-DTYP 2.4.2.1, with at least one subauthority and 15 at most.
bool is_sid(std::string_view text) {
    constexpr std::string_view revision = "S-1-";
    if (!text.starts_with(revision)) return false;
    text.remove_prefix(revision.size());
    std::size_t numbers = 0;
    for (bool more = true; more; ++numbers) {
        const auto end = std::min(text.find('-'), text.size());
        if (end == 0 || text.find_first_not_of("0123456789") < end) return false;
        more = end < text.size();
        text.remove_prefix(more ? end + 1 : end);
    }
    return numbers >= 2 && numbers <= 16;
}

void read_allow(Section section, rpc::AllowList& allow) {
    allow.users = section.texts("users");
    allow.groups = section.texts("groups");
    allow.sids = section.texts("sids");
    for (const auto& user : allow.users)
        if (user.find_first_of("\\@") == std::string::npos)
            section.complain("users", "expected DOMAIN\\user or user@REALM, found " + user);
    // No logon tells the name of a group, so that a name would let nobody in, without a word.
    for (const auto& group : allow.groups)
        if (!is_sid(group))
            section.complain("groups", "expected the SID of a group (S-1-…), found " + group +
                                           "; wbinfo -n '" + group + "' tells it");
    for (const auto& sid : allow.sids)
        if (!is_sid(sid)) section.complain("sids", "expected a SID (S-1-…), found " + sid);
}

void read_authentication(Section section, Config::Authentication& authentication) {
    read_flag(section, "ntlm", authentication.ntlm);
    read_path(section, "accounts", authentication.accounts);
    read_flag(section, "winbind", authentication.winbind);
    read_text(section, "domain", authentication.domain);
    read_flag(section, "kerberos", authentication.kerberos);
    read_path(section, "keytab", authentication.keytab);
    if (!authentication.ntlm && !authentication.kerberos)
        section.complain(section.has("ntlm") ? "ntlm" : "kerberos",
                         "expected NTLM or Kerberos, for without both nobody is let in");
}

void read_limits(Section section, Config::Limits& limits) {
    read_count(section, "connections", 1, 65536, limits.connections);
    read_count(section, "connections_per_address", 1, 65536, limits.connections_per_address);
    read_count(section, "objects", 1, 65536, limits.objects);
    read_count(section, "objects_per_client", 1, 65536, limits.objects_per_client);
    read_count(section, "objects_per_address", 1, 65536, limits.objects_per_address);
}

void read_logs(Section section, Config::Logs& logs) {
    read_text(section, "share", logs.share);
    read_path(section, "directory", logs.directory);
    logs.units = section.texts("units");
    if (const auto span = section.duration("span", 1h, 24h * 365)) {
        logs.span = std::chrono::duration_cast<std::chrono::hours>(*span);
        if (logs.span != *span) section.complain("span", "expected whole hours");
    }
}

} // namespace

void read_keys(Section root, Config& config) {
    read_top(root, config);
    if (const auto section = root.section("allow")) read_allow(*section, config.allow);
    if (const auto section = root.section("authentication"))
        read_authentication(*section, config.authentication);
    if (const auto section = root.section("limits")) read_limits(*section, config.limits);
    if (const auto section = root.section("logs")) read_logs(*section, config.logs);
}

std::vector<Error> missing_files(const Config& config) {
    std::vector<Error> missing;
    const auto look = [&](const std::string& path, mode_t kind, const char* expected) {
        struct stat status {};
        if (::stat(path.c_str(), &status) < 0)
            missing.push_back({"look at", path, "", errno});
        else if ((status.st_mode & S_IFMT) != kind)
            missing.push_back({"look at", path, expected});
    };
    const auto& authentication = config.authentication;
    if (!authentication.accounts.empty()) look(authentication.accounts, S_IFREG, "expected a file");
    if (!authentication.keytab.empty()) look(authentication.keytab, S_IFREG, "expected a file");
    look(config.state_directory, S_IFDIR, "expected a directory");
    look(config.logs.directory, S_IFDIR, "expected a directory");
    return missing;
}

} // namespace mpapi::clusprep
