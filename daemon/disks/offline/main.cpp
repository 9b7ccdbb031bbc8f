// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-disk-state: started by systemd for one connection of mpapid, which may neither unmount nor
// enter other namespaces. Carries out one errand (errand_words.hpp), answers, and ends.
#include "daemon/disks/errands/conversation.hpp"
#include "daemon/disks/offline/errand_words.hpp"
#include "daemon/disks/offline/kernel_layer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace {

using namespace mpapi;
using namespace mpapi::disks;

struct Answer {
    Lines lines;
    Fd passed;
};

Answer failed(const Error& why) {
    return {{failure_words(why)}, Fd()};
}

Answer ended(const Status& status) {
    return status ? Answer{{{"done"}}, Fd()} : failed(status.error());
}

Answer make_path_read_only(KernelLayer& layer, const Words& words) {
    const auto path = words.size() == 2 ? dm::parse_device_number(words[1]) : std::nullopt;
    if (!path) return failed({"understand", "errand", words[0], EINVAL});
    if (auto status = layer.set_read_only(*path, true); !status) return ended(status);
    const auto flag = layer.read_only(*path);
    if (!flag) return failed(flag.error());
    return *flag ? Answer{{{"done"}}, Fd()}
                 : failed({"make read-only", words[1], "the kernel does not keep it", 0});
}

Answer carry_out(const Lines& request) {
    KernelLayer layer;
    if (request.size() != 1) return failed({"understand", "errand", "", EINVAL});
    const Words& words = request.front();
    if (words[0] == "path") return make_path_read_only(layer, words);
    const auto disk = read_disk(words);
    if (!disk) return failed({"understand", "errand", words[0], EINVAL});
    if (words[0] == "offline") {
        auto taken = take_offline(layer, *disk);
        if (!taken.claim) return {failure_lines(taken.failure), Fd()};
        return {{{"offline"}}, std::move(taken.claim)};
    }
    if (words[0] == "writable") {
        const auto writable = make_writable(layer, *disk);
        if (!writable) return failed(writable.error());
        return {{{*writable ? "writable" : "still-read-only"}}, Fd()};
    }
    if (words[0] == "partitions") return ended(find_partitions(layer, *disk));
    return failed({"understand", "errand", words[0], EINVAL});
}

} // namespace

int main() {
    const auto request = receive_errand(STDIN_FILENO);
    const auto answer = request ? carry_out(*request) : failed(request.error());
    const auto sent = answer_errand(STDOUT_FILENO, answer.lines, answer.passed.get());
    if (sent) return EXIT_SUCCESS;
    std::fprintf(stderr, "mpapi-disk-state: %s\n", sent.error().message().c_str());
    return EXIT_FAILURE;
}
