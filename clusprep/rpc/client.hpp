// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client of connection-oriented RPC: one connection, one call at a time, on an sd-event loop.
// Every answer is as hostile as a request: bounded, checked, and refused by closing.
#pragma once

#include "clusprep/rpc/interface.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mpapi::rpc {

struct ClientOptions {
    std::chrono::milliseconds connect{10'000}; // for all addresses of the host together
    std::chrono::milliseconds bind{30'000};    // for a bind or alter_context with all its legs
    std::chrono::milliseconds call{120'000};   // for a call, its fragments both ways
    std::uint16_t fragment = 65528;            // bytes of a PDU, received or sent; at least 2048
    std::size_t reply_stub = 64u << 20;        // bytes of an answer
    std::uint32_t association_group = 0;       // to join; 0: a new one
    // Requests at Packet and above end in a verification trailer (MS-RPCE 2.2.2.13).
    bool verification_trailer = true;
};

class ClientConnection;

class Client {
  public:
    using Done = std::function<void(Status)>;
    // `fault` is the status when the peer answered with a fault, else 0: then the error is of the
    // connection, or of what was asked for.
    using CallDone =
        std::function<void(Result<std::vector<std::uint8_t>> stub, std::uint32_t fault)>;

    // The loop outlives the client. Destroyed, it calls nothing any more. One operation at a time:
    // another one fails while one is under way. Callbacks come from the loop, never from within,
    // and may destroy the client or begin the next operation. After an error that is not a fault
    // the connection is closed and everything else fails.
    explicit Client(sd_event* loop, ClientOptions options = {});
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // `host` is a name or an address. A name is looked up at once, which may take as long as the
    // resolver takes: for a command, not for a daemon.
    void connect(const std::string& host, std::uint16_t port, Done done);
    // A stream socket that is connected already.
    Status attach(Fd socket);

    // The first interface, and with it the security of all that follow. `context` is null for
    // AuthType::None; `level` is that of every call.
    void bind(const SyntaxId& interface, AuthType type, AuthLevel level,
              std::unique_ptr<SecurityContext> context, Done done);
    // Told once, when the connection ends and there is no operation to fail by it; it may destroy
    // the client.
    void on_closed(std::function<void()> closed);

    // A further interface. Sends nothing for one that is bound already.
    void alter_context(const SyntaxId& interface, Done done);

    // The interface must be bound.
    void call(const SyntaxId& interface, std::optional<ndr::Guid> object, std::uint16_t opnum,
              std::vector<std::uint8_t> stub, CallDone done);

    bool connected() const;
    // The same between calls, looked at rather than remembered: a server may end a connection that
    // is idle, and the loop need not have run since.
    bool usable() const;
    // Whether the connection ended because one side did not prove to the other who it is, or is not
    // let in: of a bind that failed this tells apart a refusal and a connection that was lost.
    bool denied() const;
    // Whether it ended because of what the server sent: bytes that are no answer, or that do not
    // verify, which may be somebody else's.
    bool garbled() const;
    std::uint32_t association_group() const; // 0 until bound
    const Principal* principal() const;      // of our own, as far as known; null: none

    // The same, running the loop until it is done: for a command.
    Status connect_and_wait(const std::string& host, std::uint16_t port);
    Status bind_and_wait(const SyntaxId& interface, AuthType type, AuthLevel level,
                         std::unique_ptr<SecurityContext> context);
    Status alter_context_and_wait(const SyntaxId& interface);
    struct Answer {
        Result<std::vector<std::uint8_t>> stub;
        std::uint32_t fault = 0;
    };
    Answer call_and_wait(const SyntaxId& interface, std::optional<ndr::Guid> object,
                         std::uint16_t opnum, std::vector<std::uint8_t> stub);

  private:
    Status wait(const std::function<void(Done)>& begin);

    sd_event* loop_;
    std::shared_ptr<ClientConnection> connection_;
};

} // namespace mpapi::rpc
