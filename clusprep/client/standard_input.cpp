// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/standard_input.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>

namespace mpapi::client {
namespace {

constexpr std::size_t longest_line = std::size_t{64} * 1024;

} // namespace

// False when there is nothing to wait for any more.
bool StandardInput::await() {
    bool ready = false;
    const auto arrived = [](sd_event_source*, int, std::uint32_t, void* userdata) {
        *static_cast<bool*>(userdata) = true;
        return 0;
    };
    sd_event_source* source = nullptr;
    const int r = sd_event_add_io(loop_, &source, STDIN_FILENO, EPOLLIN, arrived, &ready);
    if (r == -EPERM) return true; // a file: never to be waited for
    if (r < 0) return false;
    const EventSource owned(source);
    while (!ready && interrupt_.signal() == 0)
        if (sd_event_run(loop_, UINT64_MAX) < 0) return false;
    return ready;
}

std::optional<std::string> StandardInput::next() {
    for (;;) {
        const std::size_t newline = read_.find('\n');
        if (newline != std::string::npos) {
            std::string line = read_.substr(0, newline);
            read_.erase(0, newline + 1);
            return line;
        }
        if (ended_ || read_.size() > longest_line) {
            if (read_.empty()) return std::nullopt;
            return std::exchange(read_, {});
        }
        if (!await()) return std::nullopt;
        char part[4096];
        const ssize_t got = ::read(STDIN_FILENO, part, sizeof part);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0)
            ended_ = true;
        else
            read_.append(part, static_cast<std::size_t>(got));
    }
}

} // namespace mpapi::client
