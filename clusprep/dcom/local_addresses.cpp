// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/local_addresses.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>
#include <utility>

namespace mpapi::dcom {

namespace {

struct FreeAddresses {
    void operator()(ifaddrs* list) const noexcept { ::freeifaddrs(list); }
};

// Smaller comes first; negative: not at all.
int rank(const sockaddr& address, bool ipv4, bool ipv6) {
    if (address.sa_family == AF_INET && ipv4) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(address);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127 ? 2 : 0;
    }
    if (address.sa_family == AF_INET6 && ipv6) {
        const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
        if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr)) return -1;
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ? 3 : 1;
    }
    return -1;
}

std::string text_of(const sockaddr& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.sa_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                    sizeof text);
    else
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
                    sizeof text);
    return text;
}

} // namespace

std::vector<std::string> local_addresses(const std::vector<std::string>& listen) {
    bool all_ipv4 = false;
    bool all_ipv6 = false;
    std::vector<std::string> named;
    for (const auto& address : listen) {
        if (address == "0.0.0.0") {
            all_ipv4 = true;
        } else if (address == "::") {
            all_ipv4 = all_ipv6 = true;
        } else {
            named.push_back(address);
        }
    }
    std::vector<std::pair<int, std::string>> found;
    ifaddrs* raw = nullptr;
    if ((all_ipv4 || all_ipv6) && ::getifaddrs(&raw) == 0) {
        const std::unique_ptr<ifaddrs, FreeAddresses> list(raw);
        for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
            if (one->ifa_addr == nullptr) continue;
            const int place = rank(*one->ifa_addr, all_ipv4, all_ipv6);
            if (place >= 0) found.emplace_back(place, text_of(*one->ifa_addr));
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [place, text] : found)
        if (std::find(named.begin(), named.end(), text) == named.end())
            named.push_back(std::move(text));
    return named;
}

} // namespace mpapi::dcom
