// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IObjectExporter (MS-DCOM 3.1.2.5.1) as the object resolver answers it: where the exporter is,
// pings, and whether anybody is there. Anybody may ask.
#pragma once

#include "clusprep/dcom/exporter.hpp"
#include "clusprep/rpc/interface.hpp"

namespace mpapi::dcom {

class ObjectExporterInterface final : public rpc::Interface {
  public:
    explicit ObjectExporterInterface(Exporter& exporter)
      : exporter_(exporter) {}

    rpc::SyntaxId id() const override;
    std::uint16_t operations() const override { return 6; }
    rpc::AuthLevel least_level() const override { return rpc::AuthLevel::None; }
    void call(rpc::Call call, rpc::Reply reply) override;

  private:
    Exporter& exporter_;
};

} // namespace mpapi::dcom
