// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-firewall: judges the packets that ipfailoverd asks about, one question for each connection
// of systemd's socket (common/service/frame.hpp, packet.hpp), then ends. All that costs memory and
// time by the length of the rules happens here, and not in a daemon that has addresses to defend;
// nothing but judgements leaves it.
#include "common/service/frame.hpp"
#include "common/service/question.hpp"
#include "common/system/read_file.hpp"
#include "common/system/write_all.hpp"
#include "common/text/printable.hpp"
#include "failover/firewall/rule_set.hpp"
#include "failover/kernel/netlink.hpp"

#include <linux/capability.h>
#include <nftables/libnftables.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>

namespace {

using namespace mpapi;
using namespace mpapi::failover;

constexpr std::size_t kLongestQuestion = std::size_t{4} << 20;
// Less than ipfailoverd waits: what is not judged by then is told so, and the rest is not lost.
constexpr std::chrono::seconds kPatience{7};

struct Free {
    void operator()(nft_ctx* context) const noexcept { nft_ctx_free(context); }
};

// The tables of the older packet filter, which nftables does not show.
Status no_older_filter() {
    for (const char* path : {"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"}) {
        const auto names = read_file(path, 4096);
        if (!names && names.error().errnum == ENOENT) continue;
        if (!names) return names.error();
        if (!names->empty())
            return Error{"list", "rules",
                         "rules of the older iptables (iptables-legacy) are in force too: " +
                             names->substr(0, names->find('\n'))};
    }
    return Done{};
}

Result<std::string> listed_rules() {
    if (auto none = no_older_filter(); !none) return none.error();
    const std::unique_ptr<nft_ctx, Free> context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return Error{"list", "rules", "", ENOMEM};
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON);
    nft_ctx_buffer_output(context.get());
    nft_ctx_buffer_error(context.get());
    if (nft_run_cmd_from_buffer(context.get(), "list ruleset") != 0) {
        const std::string said = nft_ctx_get_error_buffer(context.get());
        return Error{"list", "rules", said.substr(0, said.find('\n'))};
    }
    return std::string(nft_ctx_get_output_buffer(context.get()));
}

// The names of devices of VRFs, by those of the interfaces in them.
Result<std::map<std::string, std::string>> vrfs() {
    auto kernel = Netlink::open();
    if (!kernel) return kernel.error();
    const auto links = kernel->links(Netlink::Extent::Most);
    if (!links) return links.error();
    std::map<int, std::string> devices;
    for (const LinkFacts& link : *links)
        if (link.kind == "vrf") devices.emplace(link.index, link.name);
    std::map<std::string, std::string> found;
    for (const LinkFacts& link : *links)
        if (const auto vrf = devices.find(link.master); vrf != devices.end())
            found.emplace(printable(link.name), printable(vrf->second));
    return found;
}

// What is left to do needs none: texts of others are read.
Status give_up_rights() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) < 0)
        return Error{"give up", "capabilities", "", errno};
    return Done{};
}

Result<std::string> judged() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const auto question = service::read_question(STDIN_FILENO, kLongestQuestion);
    if (!question) return question.error();
    const auto json = listed_rules();
    if (!json) return json.error();
    const auto routed = vrfs();
    if (!routed) return routed.error();
    if (auto given_up = give_up_rights(); !given_up) return given_up.error();
    const auto packets = firewall::read_question(*question);
    if (!packets) return packets.error();
    const auto set = firewall::RuleSet::parse(*json);
    if (!set) return set.error();
    std::vector<firewall::Judgement> judgements;
    judgements.reserve(packets->size());
    for (const firewall::Packet& packet : *packets) {
        const auto vrf = routed->find(packet.adapter);
        judgements.push_back(std::chrono::steady_clock::now() < end
                                 ? set->judge(packet, vrf == routed->end() ? "" : vrf->second)
                                 : firewall::Judgement{false, "there was no time to judge it"});
    }
    return firewall::answer(judgements);
}

} // namespace

int main() {
    const auto found = judged();
    const std::string frame =
        found ? service::answer(*found) : service::refusal(found.error().message());
    const Status written = write_all(STDOUT_FILENO, frame, "answer");
    return found && written ? EXIT_SUCCESS : EXIT_FAILURE;
}
