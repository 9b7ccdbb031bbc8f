// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An interface of the exporter's objects, whichever object it is: the request's object UUID, an
// IPID, tells (MS-DCOM 3.1.1.5.4). Calls need privacy: they carry disk contents and a secret.
#pragma once

#include "clusprep/dcom/exporter.hpp"
#include "clusprep/rpc/interface.hpp"

#include <string>
#include <utility>

namespace mpapi::dcom {

class ObjectInterface final : public rpc::Interface {
  public:
    // `name`: for people.
    ObjectInterface(Exporter& exporter, const ndr::Guid& iid, std::string name)
      : exporter_(exporter)
      , iid_(iid)
      , name_(std::move(name)) {}

    rpc::SyntaxId id() const override { return {iid_, 0, 0}; }
    // The object knows how many it has.
    std::uint16_t operations() const override { return 0xffff; }
    rpc::AuthLevel least_level() const override { return rpc::AuthLevel::Privacy; }
    // The largest parameter is 1 MiB (MS-CSVP: csvp::most_data); one that is a little larger still
    // gets its HRESULT.
    std::size_t largest_stub() const override { return (1u << 20) + (64u << 10); }
    void call(rpc::Call call, rpc::Reply reply) override;

  private:
    Exporter& exporter_;
    ndr::Guid iid_;
    std::string name_;
};

} // namespace mpapi::dcom
