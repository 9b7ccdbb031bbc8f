// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An address as a text and as the kernel takes it: RFC 4291 section 2.2 with a zone as RFC 4007
// section 11 writes it ("fe80::1%eth0", "fe80::1%3"), or a dotted quad. Names are not looked up.
#pragma once

#include "common/result.hpp"

#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

namespace mpapi::failover {

class Address {
  public:
    // A zone is for link-local addresses only, and must be an interface that exists.
    static Result<Address> parse(const std::string& text);

    int family() const { return v6_.sin6_family; }
    // Of one host: no multicast, no broadcast, not the unspecified one.
    bool unicast() const;
    bool link_local() const;
    std::uint32_t scope() const { return family() == AF_INET6 ? v6_.sin6_scope_id : 0; }
    void set_scope(std::uint32_t scope) { v6_.sin6_scope_id = scope; }

    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&v6_); }
    socklen_t size() const { return family() == AF_INET ? sizeof(sockaddr_in) : sizeof v6_; }

  private:
    const sockaddr_in& v4() const { return reinterpret_cast<const sockaddr_in&>(v6_); }

    sockaddr_in6 v6_{}; // the larger of the two
};

} // namespace mpapi::failover
