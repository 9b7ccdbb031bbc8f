// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-rule-set: has CAP_NET_ADMIN, which listing nftables' rules takes, and answers each
// connection of systemd's socket with all of them as JSON, then ends (service/frame.hpp). It reads
// nothing from the connection and judges nothing: what does that needs no right.
#include "clusprep/node/firewall/rule_set.hpp"
#include "clusprep/node/service/frame.hpp"
#include "common/system/read_file.hpp"
#include "common/system/write_all.hpp"

#include <nftables/libnftables.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unistd.h>

namespace {

using namespace mpapi;

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

Result<std::string> rule_set() {
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
    const char* json = nft_ctx_get_output_buffer(context.get());
    if (std::strlen(json) > node::firewall::RuleSet::kMostBytes)
        return Error{"list", "rules", "there are more than 8 MiB of them"};
    return std::string(json);
}

} // namespace

int main() {
    const auto found = rule_set();
    const std::string frame =
        found ? node::service::answer(*found) : node::service::refusal(found.error().message());
    const Status written = write_all(STDOUT_FILENO, frame, "answer");
    return found && written ? EXIT_SUCCESS : EXIT_FAILURE;
}
