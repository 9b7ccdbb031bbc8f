// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client's side: an object on another machine. It is activated by IRemoteSCMActivator at the
// machine's port 135, called at its exporter's port, kept alive by pings while this object lives,
// and released at its end (MS-DCOM 3.2).
//
// The exporter is dialled by the host that the user named, at the port that its bindings give:
// addresses in bindings may be of networks that we do not reach. A connection that was lost is made
// again by the next call; the object does not depend on it.
//
// Everything is called on the loop's thread; completions come from the loop, one call at a time in
// the order of the calls. Names are looked up at once, as rpc::Client does: for a command.
#pragma once

#include "clusprep/dcom/activation_properties.hpp"
#include "clusprep/dcom/object_exporter_messages.hpp"
#include "clusprep/rpc/client.hpp"
#include "common/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::dcom {

struct RemoteSettings {
    std::string host; // a name or an address
    std::uint16_t port = 135;
    rpc::AuthType type = rpc::AuthType::Spnego;
    rpc::Initiators* initiators = nullptr; // outlives the object
    rpc::ClientOptions options;
    std::chrono::seconds ping_period{120}; // MS-DCOM 3.2.2; tests have less
    // The connection to an object ended between calls: the object may be gone, which the next call
    // tells.
    std::function<void()> closed;
};

// Of which kind an error is.
struct Trouble {
    enum class Kind {
        None,
        Connection, // not reached, lost, or no answer in time
        Denied,     // one side did not prove who it is, or is not let in
        Fault,      // `code` is the status of an RPC fault
        Refused,    // `code` is an HRESULT of DCOM, which is the error's reason too ("0x80040154")
        Garbled,    // an answer that means nothing
    };
    Kind kind = Kind::None;
    std::uint32_t code = 0;

    bool operator==(const Trouble&) const = default;
};

class RemoteObject {
  public:
    // The trouble is of kind None when there is no error.
    using Made = std::function<void(Result<std::unique_ptr<RemoteObject>>, Trouble)>;
    using Done = std::function<void(Status, Trouble)>;
    // The [out] parameters behind ORPCTHAT.
    using CallDone = std::function<void(Result<std::vector<std::uint8_t>> parameters, Trouble)>;

    // An object of the class with those interfaces, all of which it must have.
    static void activate(sd_event* loop, const RemoteSettings& settings, const ndr::Guid& clsid,
                         std::vector<ndr::Guid> iids, Made made);

    // Without release() the server keeps the object until it misses our pings. Calls nothing any
    // more.
    ~RemoteObject();
    RemoteObject(const RemoteObject&) = delete;
    RemoteObject& operator=(const RemoteObject&) = delete;

    // A method of an interface that was asked for. `parameters` begin on an 8-byte boundary.
    void call(const ndr::Guid& iid, std::uint16_t opnum, std::vector<std::uint8_t> parameters,
              CallDone done);
    // One more interface of the object.
    void query(const ndr::Guid& iid, Done done);
    // All references; afterwards only destruction is left.
    void release(Done done);

    // The same, running the loop until it is done: for a command.
    struct Activation {
        Result<std::unique_ptr<RemoteObject>> object;
        Trouble trouble;
    };
    static Activation activate_and_wait(sd_event* loop, const RemoteSettings& settings,
                                        const ndr::Guid& clsid, std::vector<ndr::Guid> iids);
    struct Answer {
        Result<std::vector<std::uint8_t>> parameters;
        Trouble trouble;
    };
    Answer call_and_wait(const ndr::Guid& iid, std::uint16_t opnum,
                         std::vector<std::uint8_t> parameters);
    Status query_and_wait(const ndr::Guid& iid);
    Status release_and_wait();

    // How often the server answered a ping, and how often it did not.
    struct Pings {
        unsigned answered = 0, failed = 0;
    };
    Pings pings() const;

  private:
    class State;
    explicit RemoteObject(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

// Whether there is an object resolver, unauthenticated (IObjectExporter::ServerAlive2).
struct Alive {
    ComVersion version;
    DualStringArray bindings;
};
Result<Alive> server_alive(sd_event* loop, const std::string& host, std::uint16_t port = 135,
                           const rpc::ClientOptions& options = {});

} // namespace mpapi::dcom
