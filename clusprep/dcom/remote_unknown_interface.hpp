// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IRemUnknown and IRemUnknown2 (MS-DCOM 3.1.1.5.6, 3.1.1.5.7): more interfaces of an object, and
// references. One object of the exporter has both, at the IPID that an activation names; calls with
// another object UUID are refused.
#pragma once

#include "clusprep/dcom/exporter.hpp"
#include "clusprep/rpc/interface.hpp"

namespace mpapi::dcom {

class RemoteUnknownInterface final : public rpc::Interface {
  public:
    enum class Version { RemUnknown, RemUnknown2 };

    RemoteUnknownInterface(Exporter& exporter, Version version)
      : exporter_(exporter)
      , version_(version) {}

    rpc::SyntaxId id() const override;
    std::uint16_t operations() const override { return version_ == Version::RemUnknown ? 6 : 7; }
    rpc::AuthLevel least_level() const override { return rpc::AuthLevel::Integrity; }
    void call(rpc::Call call, rpc::Reply reply) override;

  private:
    Exporter& exporter_;
    Version version_;
};

} // namespace mpapi::dcom
