// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam of remote.hpp over DCOM.
#pragma once

#include "clusprep/client/remote.hpp"
#include "clusprep/dcom/remote_object.hpp"

namespace mpapi::client {

class DcomRemote final : public Remote {
  public:
    // Loop and initiators outlive it, and it outlives the objects it makes.
    DcomRemote(sd_event* loop, dcom::RemoteSettings settings);

    Outcome<std::unique_ptr<RemoteObject>> activate(const ndr::Guid& clsid,
                                                    const ndr::Guid& iid) override;

  private:
    class Object;

    sd_event* loop_;
    dcom::RemoteSettings settings_;
    bool lost_ = false; // the last call found nobody
};

} // namespace mpapi::client
