// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IRemoteSCMActivator and IActivation (MS-DCOM 3.1.2.5.2): two ways to ask for the same thing, an
// object of a class. Class objects and persistent objects are refused: none of ours is one.
#pragma once

#include "clusprep/dcom/exporter.hpp"
#include "clusprep/rpc/interface.hpp"

namespace mpapi::dcom {

class ScmActivatorInterface final : public rpc::Interface {
  public:
    explicit ScmActivatorInterface(Exporter& exporter)
      : exporter_(exporter) {}

    rpc::SyntaxId id() const override;
    std::uint16_t operations() const override { return 5; }
    rpc::AuthLevel least_level() const override { return rpc::AuthLevel::Integrity; }
    void call(rpc::Call call, rpc::Reply reply) override;

  private:
    Exporter& exporter_;
};

class ActivationInterface final : public rpc::Interface {
  public:
    explicit ActivationInterface(Exporter& exporter)
      : exporter_(exporter) {}

    rpc::SyntaxId id() const override;
    std::uint16_t operations() const override { return 1; }
    rpc::AuthLevel least_level() const override { return rpc::AuthLevel::Integrity; }
    void call(rpc::Call call, rpc::Reply reply) override;

  private:
    Exporter& exporter_;
};

} // namespace mpapi::dcom
