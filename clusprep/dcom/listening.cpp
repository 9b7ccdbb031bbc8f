// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/listening.hpp"

#include "common/system/read_file.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace mpapi::dcom {

namespace {

constexpr int kBacklog = 128;
constexpr int kTries = 16;
constexpr std::size_t kLargestTable = 4u << 20;

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Result<Address> parse(const std::string& text, std::uint16_t port) {
    Address address;
    auto& in = reinterpret_cast<sockaddr_in&>(address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        address.size = sizeof in;
        return address;
    }
    address = {};
    auto& in6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (::inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1) {
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(port);
        address.size = sizeof in6;
        return address;
    }
    return Error{"listen on", text, "expected an IPv4 or IPv6 address"};
}

std::string user_name(std::uint32_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(4096);
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return found->pw_name;
    return std::to_string(uid);
}

std::string described(const std::filesystem::path& process, const std::string& pid) {
    const auto name = read_file(process / "comm", 64);
    std::string text = name ? *name : std::string("?\n");
    text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
    return text + " (process " + pid + ")";
}

// The process that has this socket open, as far as we may look; "" otherwise.
std::string process_of(std::uint64_t inode) {
    namespace fs = std::filesystem;
    const std::string wanted = "socket:[" + std::to_string(inode) + "]";
    std::error_code error;
    for (const auto& process : fs::directory_iterator("/proc", error)) {
        const std::string pid = process.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        std::error_code closed;
        for (const auto& fd : fs::directory_iterator(process.path() / "fd", closed)) {
            if (fs::read_symlink(fd.path(), closed) == wanted)
                return described(process.path(), pid);
        }
    }
    return {};
}

std::string described(const Holder& holder) {
    const std::string process = process_of(holder.inode);
    const std::string user = "user " + user_name(holder.uid);
    return process.empty() ? user : process + " of " + user;
}

std::string holder_of(std::uint16_t port) {
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        const auto text = read_file(table, kLargestTable);
        if (!text) continue;
        if (const auto holders = listeners_of(*text, port); !holders.empty())
            return "the port is held by " + described(holders.front());
    }
    return "the port is held by somebody else";
}

} // namespace

std::vector<Holder> listeners_of(std::string_view table, std::uint16_t port) {
    std::vector<Holder> holders;
    while (!table.empty()) {
        const std::size_t end = table.find('\n');
        std::string_view line = table.substr(0, end);
        table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
        std::vector<std::string_view> words;
        while (words.size() < 10) {
            const std::size_t begin = line.find_first_not_of(' ');
            if (begin == std::string_view::npos) break;
            line.remove_prefix(begin);
            const std::size_t length = std::min(line.find(' '), line.size());
            words.push_back(line.substr(0, length));
            line.remove_prefix(length);
        }
        if (words.size() < 10 || words[3] != "0A") continue; // TCP_LISTEN
        const auto number = [](std::string_view text, auto& value, int base) {
            const auto [stop, error] =
                std::from_chars(text.data(), text.data() + text.size(), value, base);
            return error == std::errc() && stop == text.data() + text.size();
        };
        const std::size_t colon = words[1].rfind(':');
        std::uint16_t local = 0;
        Holder holder;
        if (colon == std::string_view::npos || !number(words[1].substr(colon + 1), local, 16) ||
            local != port || !number(words[7], holder.uid, 10) ||
            !number(words[9], holder.inode, 10))
            continue;
        holders.push_back(holder);
    }
    return holders;
}

Result<Fd> listen_on(const std::string& text, std::uint16_t port) {
    const auto address = parse(text, port);
    if (!address) return address.error();
    const auto failed = [&](const char* action, int number) {
        return Error{action, text + ", TCP port " + std::to_string(port),
                     number == EADDRINUSE ? holder_of(port) : std::string(), number};
    };
    Fd socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return failed("make a socket for", errno);
    // For an address that does not wait for connections of an earlier run to be forgotten.
    const int on = 1;
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->storage.ss_family == AF_INET6) {
        const int only = text == "::" ? 0 : 1;
        (void)::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) <
        0)
        return failed("listen on", errno);
    if (::listen(socket.get(), kBacklog) < 0) return failed("listen on", errno);
    return socket;
}

Result<std::vector<Fd>> listen_on_all(const std::vector<std::string>& addresses,
                                      std::uint16_t port) {
    std::optional<Error> last;
    // A port that is free on the first address may be taken on the second.
    for (int attempt = 0; attempt < (port == 0 ? kTries : 1); ++attempt) {
        std::vector<Fd> sockets;
        std::uint16_t chosen = port;
        last.reset();
        for (const auto& address : addresses) {
            auto socket = listen_on(address, chosen);
            if (!socket) {
                last = std::move(socket).error();
                break;
            }
            if (chosen == 0) {
                sockaddr_in6 bound{}; // sin_port stands at the same place
                socklen_t size = sizeof bound;
                (void)::getsockname(socket->get(), reinterpret_cast<sockaddr*>(&bound), &size);
                chosen = ntohs(bound.sin6_port);
            }
            sockets.push_back(*std::move(socket));
        }
        if (!last) return sockets;
    }
    return *std::move(last);
}

} // namespace mpapi::dcom
