// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/adapters/facts.hpp"

#include "common/system/handle.hpp"
#include "failover/kernel/netlink.hpp"

#include <sys/socket.h> // before the following, which need it

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <linux/wireless.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace mpapi::failover::adapters {

namespace {

Driver ask_driver(int fd, const std::string& name) {
    Driver driver;
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    std::strncpy(request.ifr_name, name.c_str(), sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char*>(&info);
    if (::ioctl(fd, SIOCETHTOOL, &request) == 0) {
        driver.name.assign(info.driver, ::strnlen(info.driver, sizeof info.driver));
        driver.bus.assign(info.bus_info, ::strnlen(info.bus_info, sizeof info.bus_info));
    }
    iwreq wireless{};
    std::strncpy(wireless.ifr_name, name.c_str(), sizeof wireless.ifr_name - 1);
    driver.wireless = ::ioctl(fd, SIOCGIWNAME, &wireless) == 0;
    return driver;
}

} // namespace

Result<Facts> read_facts() {
    auto kernel = Netlink::open();
    if (!kernel) return kernel.error();
    const Fd drivers(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!drivers) return Error{"make", "socket", "to ask drivers", errno};
    constexpr auto most = Netlink::Extent::Most;
    auto links = kernel->links(most);
    if (!links) return links.error();
    auto addresses = kernel->addresses(0, most);
    if (!addresses) return addresses.error();
    auto gateways = kernel->default_gateways(most);
    if (!gateways) return gateways.error();
    Facts facts{*std::move(links), {}, *std::move(addresses), *std::move(gateways)};
    facts.drivers.reserve(facts.links.size());
    for (const LinkFacts& link : facts.links)
        facts.drivers.push_back(ask_driver(drivers.get(), link.name));
    return facts;
}

} // namespace mpapi::failover::adapters
