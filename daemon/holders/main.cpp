// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-holders: started by systemd for one connection of mpapid, which has no right to look into
// other processes. Reads one request from its input, looks, answers on its output, and ends.
#include "common/system/write_all.hpp"
#include "daemon/holders/block_stack.hpp"
#include "daemon/holders/process_report.hpp"
#include "daemon/holders/process_search.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace {

using namespace mpapi;

int fail(const Error& error) {
    std::fprintf(stderr, "mpapi-holders: %s\n", error.message().c_str());
    return EXIT_FAILURE;
}

// Up to the first end of a line. A peer that never ends it is the unit's to end.
Result<std::string> read_request() {
    std::string line;
    std::array<char, holders::kLargestRequest> piece{};
    while (!line.ends_with('\n')) {
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size() - line.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", "request", "", errno};
        if (got == 0) return Error{"read", "request", "it ends early", 0};
        line.append(piece.data(), static_cast<std::size_t>(got));
        if (line.size() == piece.size() && !line.ends_with('\n'))
            return Error{"read", "request", "it is too long", 0};
    }
    return line;
}

} // namespace

int main() {
    const auto line = read_request();
    if (!line) return fail(line.error());
    const auto numbers = holders::parse_request(*line);
    if (!numbers) return fail(numbers.error());
    const kernel::Sysfs sysfs;
    std::vector<holders::BlockDevice> devices;
    for (const auto& number : *numbers)
        devices.push_back(holders::stack_on(sysfs, number).front());
    const auto report = holders::build_report(holders::search_processes("/proc", devices));
    const auto written = write_all(STDOUT_FILENO, report, "reply");
    return written ? EXIT_SUCCESS : fail(written.error());
}
