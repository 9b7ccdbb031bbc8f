// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam to the wire: objects on a node, and calls on them. Over DCOM in dcom_remote.hpp, played
// in the tests.
//
// Functions return when the answer is there; meanwhile the implementation runs the event loop, so
// that pings go out and somebody at a terminal sees the time go by.
#pragma once

#include "clusprep/client/failure.hpp"
#include "clusprep/rpc/ndr/guid.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace mpapi::client {

// An object that lives on the node until this goes (or until the node misses our pings).
class RemoteObject {
  public:
    virtual ~RemoteObject() = default;
    // `stub` holds the [in] parameters; back come the [out] parameters and the HRESULT. The failure
    // names neither node nor method.
    virtual Outcome<std::vector<std::uint8_t>> call(std::uint16_t opnum,
                                                    std::vector<std::uint8_t> stub) = 0;
};

class Remote {
  public:
    virtual ~Remote() = default;
    virtual Outcome<std::unique_ptr<RemoteObject>> activate(const ndr::Guid& clsid,
                                                            const ndr::Guid& iid) = 0;
};

} // namespace mpapi::client
