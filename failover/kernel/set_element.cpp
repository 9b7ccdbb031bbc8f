// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/set_element.hpp"

#include "common/system/handle.hpp"

#include <nftables/libnftables.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <sstream>
#include <vector>

namespace mpapi::failover {

namespace {

using Context = std::unique_ptr<nft_ctx, DropWith<nft_ctx_free>>;

// The first line of what it complains of; empty for well.
std::string run(const std::string& command) {
    const Context context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return "no memory";
    nft_ctx_buffer_output(context.get());
    nft_ctx_buffer_error(context.get());
    if (nft_run_cmd_from_buffer(context.get(), command.c_str()) == 0) return {};
    const std::string text = nft_ctx_get_error_buffer(context.get());
    const std::string line = text.substr(0, text.find('\n'));
    return line.empty() ? "refused" : line;
}

} // namespace

bool is_set_name(const std::string& name) {
    if (name.empty() || name.size() > 128) return false;
    std::istringstream words(name);
    std::vector<std::string> parts;
    for (std::string word; words >> word;)
        parts.push_back(word);
    if (parts.size() != 3 || name != parts[0] + " " + parts[1] + " " + parts[2]) return false;
    const auto families = {"ip", "ip6", "inet", "bridge", "netdev", "arp"};
    if (std::find(families.begin(), families.end(), parts[0]) == families.end()) return false;
    return std::all_of(parts.begin() + 1, parts.end(), [](const std::string& part) {
        return std::isalpha(static_cast<unsigned char>(part[0])) &&
               std::all_of(part.begin(), part.end(), [](char c) {
                   return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
               });
    });
}

// Names may come from a file; what is none would be a command.
Status add_to_set(const std::string& name, const Ip& ip) {
    if (!is_set_name(name)) return Error{"add to the nftables set", name, "that is no name of one"};
    const std::string wrong = run("add element " + name + " { " + ip.text() + " }");
    if (wrong.empty()) return Done{};
    return Error{"add " + ip.text() + " to the nftables set", name, wrong};
}

Status remove_from_set(const std::string& name, const Ip& ip) {
    if (!is_set_name(name))
        return Error{"remove from the nftables set", name, "that is no name of one"};
    // An element that is not there is an error of nft's, and adding it first makes it none.
    const std::string element = " element " + name + " { " + ip.text() + " }\n";
    const std::string wrong = run("add" + element + "delete" + element);
    if (wrong.empty() || wrong.find("No such file or directory") != std::string::npos)
        return Done{};
    return Error{"remove " + ip.text() + " from the nftables set", name, wrong};
}

} // namespace mpapi::failover
