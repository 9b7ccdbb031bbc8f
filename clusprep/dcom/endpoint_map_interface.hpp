// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The endpoint mapper (C706 appendix O) of this server alone: it knows its own interfaces and takes
// no registrations. Anybody may ask.
//
// A lookup that is too long for one answer goes on by a context handle. The client repeats its
// question with it, so all that the handle has to say is how far we were: that is what it holds,
// and nothing is kept here for clients who never come back.
#pragma once

#include "clusprep/dcom/endpoint_map_messages.hpp"
#include "clusprep/dcom/ping_sets.hpp"
#include "clusprep/dcom/tower.hpp"
#include "clusprep/rpc/interface.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::dcom {

class EndpointMapInterface final : public rpc::Interface {
  public:
    explicit EndpointMapInterface(const Random& random);

    struct Endpoint {
        rpc::SyntaxId interface;
        std::uint16_t port = 0;
    };
    // May change at any time. Of `hosts` the IPv4 addresses count.
    void set(std::vector<Endpoint> endpoints, const std::vector<std::string>& hosts);

    rpc::SyntaxId id() const override;
    std::uint16_t operations() const override { return 7; }
    rpc::AuthLevel least_level() const override { return rpc::AuthLevel::None; }
    void call(rpc::Call call, rpc::Reply reply) override;

  private:
    struct Found {
        std::vector<Tower> towers;
        LookupHandle next; // nil: that was all
        std::uint32_t status = 0;
    };
    template <typename Wanted>
    Found collect(const LookupHandle& from, std::uint32_t most, Wanted wanted) const;
    EptLookup::Out lookup(const EptLookup::In& in) const;
    EptMap::Out map(const EptMap::In& in) const;

    ndr::Guid mark_; // of our handles; data1 is the position
    std::vector<Endpoint> endpoints_;
    std::vector<std::array<std::uint8_t, 4>> addresses_;
};

} // namespace mpapi::dcom
