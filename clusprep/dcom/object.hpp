// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a component object server offers to the object exporter (MS-DCOM 3.1.1, 3.2): classes that
// make objects, and objects whose methods are called. An object knows nothing of OXIDs, IPIDs,
// reference counts and pings; the exporter knows nothing of its methods.
//
// Everything here is called on the loop's thread, and completions are given on it.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"
#include "clusprep/rpc/ndr/guid.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::dcom {

// Who calls, checked against the configuration and the least level of the interface before an
// object hears of it. Lives as long as the call() it is given to: copy what is kept longer.
struct Caller {
    const rpc::Principal& principal;
    rpc::AuthLevel level = rpc::AuthLevel::None;
    const rpc::PeerAddress& peer;
    std::size_t padding = 0; // bytes at the end of this call's stub that may be no parameter's
};

// What a method gives back: the bytes of its [out] parameters and its HRESULT, as they follow
// ORPCTHAT (so the first of them stands on an 8-byte boundary), or a fault instead.
struct Answer {
    std::vector<std::uint8_t> stub;
    std::uint32_t fault = 0; // not 0: `stub` is not sent
};

// The promise of one answer. Move-only; answered at once or later; may outlive the object and the
// connection. One that is dropped unanswered faults with RPC_E_SERVERFAULT, so no caller waits for
// what was forgotten.
class Reply {
  public:
    explicit Reply(std::function<void(Answer)> done)
      : done_(std::move(done)) {}
    Reply(Reply&& other) noexcept
      : done_(std::exchange(other.done_, nullptr)) {}
    Reply& operator=(Reply&& other) noexcept {
        if (this != &other) {
            drop();
            done_ = std::exchange(other.done_, nullptr);
        }
        return *this;
    }
    ~Reply() { drop(); }

    void stub(std::vector<std::uint8_t> bytes) { give({std::move(bytes), 0}); }
    void fault(std::uint32_t status) { give({{}, status}); }

  private:
    static constexpr std::uint32_t kServerFault = 0x80010105; // RPC_E_SERVERFAULT

    void give(Answer answer) {
        if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
    }
    void drop() {
        if (done_) give({{}, kServerFault});
    }

    std::function<void(Answer)> done_;
};

// One object, made by one activation for one client. It is destroyed by the exporter: after
// rundown() has ended, never in the middle of one of its own functions.
class Object {
  public:
    virtual ~Object() = default;

    // A method of an interface that its class lists: `opnum` is 3 or more (0 to 2 are IUnknown's
    // and never arrive). `stub` holds the [in] parameters behind ORPCTHIS, whose first byte stands
    // on an 8-byte boundary as far as NDR is concerned; it lives as long as this call. Calls of one
    // object may overlap when a client uses several connections.
    virtual void call(const ndr::Guid& iid, std::uint16_t opnum, std::span<const std::uint8_t> stub,
                      const Caller& caller, Reply reply) = 0;

    // The last reference is gone, by release or because the client stopped to ping (MS-DCOM
    // 3.2.2.1): give back what the object holds and say when that is done; not before, the object
    // stays. No call arrives from here on; those under way may still be answered.
    virtual void rundown(std::function<void()> done) = 0;
};

// One class (CLSID). Outlives the exporter.
class ObjectFactory {
  public:
    virtual ~ObjectFactory() = default;

    // For people: "IClusterStorage2".
    virtual std::string name() const = 0;
    // The interfaces of the objects it makes, IUnknown apart; the same ones for its whole life.
    virtual std::span<const ndr::Guid> interfaces() const = 0;
    // A failure is told to the observer and answered with E_OUTOFMEMORY.
    virtual Result<std::unique_ptr<Object>> create(const Caller& caller) = 0;
};

} // namespace mpapi::dcom
