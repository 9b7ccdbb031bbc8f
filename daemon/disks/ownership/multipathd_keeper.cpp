// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/ownership/multipathd_keeper.hpp"

#include "common/text/hex.hpp"

#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::disks {

namespace {

// "0xab", with "0" or "1" behind a colon where the registration was made with APTPL too.
bool is_key(std::string_view told, ReservationKey key) {
    std::uint64_t number = 0;
    if (!told.starts_with("0x")) return false;
    const auto [end, error] =
        std::from_chars(told.data() + 2, told.data() + told.size(), number, 16);
    const bool ends = end == told.data() + told.size() || *end == '\n' || *end == ':';
    return error == std::errc() && ends && number == key;
}

// A word, or a number before multipath-tools 0.9.5.
bool is_unset(const std::string& status) {
    return status.starts_with("unset") || status.starts_with("0");
}

bool is_name(const std::string& map) {
    return !map.empty() && map.find_first_of(" \t\n\"") == std::string::npos;
}

} // namespace

void MultipathdKeeper::say(std::vector<std::string> commands,
                           std::function<void(Result<std::string>)> then) {
    auto command = std::move(commands.front());
    commands.erase(commands.begin());
    ask_(std::move(command),
         [this, commands = std::move(commands), then = std::move(then)](Result<std::string> reply) {
             if (!reply || commands.empty()) return then(std::move(reply));
             say(commands, then);
         });
}

void MultipathdKeeper::adopt(ReservationKey key, Ended ended) {
    const std::string map = map_();
    if (!is_name(map)) return ended(Done{});
    say({"setprkey map " + map + " key 0x" + hex(key, 1), "setprstatus map " + map,
         "getprkey map " + map},
        [ended = std::move(ended), map, key](const Result<std::string>& reply) {
            if (!reply && reply.error().errnum == ESHUTDOWN) return ended(Done{});
            if (reply && is_key(*reply, key)) return ended(Done{});
            ended(Error{"hand the reservation key to", "multipathd",
                        (reply ? "it did not take it" : reply.error().message()) + "; a path of " +
                            map +
                            " that it brings back meets conflicts until mpapid has registered "
                            "it: set \"reservation_key file\" in multipath.conf",
                        0});
        });
}

void MultipathdKeeper::disown(Ended ended) {
    const std::string map = map_();
    if (!is_name(map)) return ended(Done{});
    say({"unsetprstatus map " + map, "unsetprkey map " + map, "getprstatus map " + map},
        [ended = std::move(ended)](const Result<std::string>& reply) {
            if (!reply && reply.error().errnum == ESHUTDOWN) return ended(Done{});
            if (reply && is_unset(*reply)) return ended(Done{});
            ended(Error{"take the reservation key from", "multipathd",
                        reply ? "it still has it" : reply.error().message(), 0});
        });
}

} // namespace mpapi::disks
