// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is asked of the kernel and done by it over rtnetlink(7). Each call waits for the kernel's
// answer, which comes at once. Needs CAP_NET_ADMIN for what changes something.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/kernel/facts.hpp"
#include "failover/kernel/placement.hpp"

#include <netlink/netlink.h>

#include <memory>
#include <optional>
#include <vector>

namespace mpapi::failover {

using NetlinkSocket = std::unique_ptr<nl_sock, DropWith<nl_socket_free>>;

class Netlink {
  public:
    static Result<Netlink> open();

    // Where things change all the time while they are told, Whole is an error in the end; Most is
    // what was told, in which one that came or went meanwhile may be missing.
    enum class Extent : std::uint8_t { Whole, Most };

    // By index; of one interface where `link` is not 0.
    Result<std::vector<LinkFacts>> links(Extent extent = Extent::Whole);
    Result<std::vector<AddressFacts>> addresses(int link, Extent extent = Extent::Whole);
    // Takes as long as there are routes.
    Result<std::vector<GatewayFacts>> default_gateways(Extent extent = Extent::Whole);

    // As it is wanted, also where it is there already. IPv6 without the kernel's own duplicate
    // address detection: ours came before. The address is marked as put there by a program
    // (IFA_PROTO), where the kernel knows such marks.
    Status add(int link, const Placement& placement);
    // Gone when it returns, which is verified; well where it was not there. Other addresses of its
    // network stay (IPv4 drops them with the first one of it, else).
    Status remove(const LinkFacts& link, const Prefixed& address);

  private:
    explicit Netlink(NetlinkSocket socket)
      : socket_(std::move(socket)) {}

    // 0 or what nl_geterror() knows.
    int request(nl_msg* message);
    bool promotes_secondaries(int link); // conf.promote_secondaries, IPv4
    int promote_secondaries(int link, bool promoted);
    template <typename Each>
    int ask(nl_msg* message, Each each); // for one thing
    template <typename Each>
    int dump(int type, const void* head, std::size_t size, Each each);

    NetlinkSocket socket_;
};

} // namespace mpapi::failover
