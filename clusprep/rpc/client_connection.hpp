// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client's side of one connection. An operation is under way or none is; what the server may
// send follows from that alone, and anything else ends the connection.
//
// The token exchange (MS-RPCE 3.3.1.5.2.1): the first token goes with bind, what answers bind_ack
// goes with alter_context, and a last one that needs no answer with auth3.
#pragma once

#include "clusprep/rpc/client.hpp"
#include "clusprep/rpc/dialling.hpp"
#include "clusprep/rpc/protection.hpp"
#include "clusprep/rpc/stream.hpp"

#include <map>
#include <variant>

namespace mpapi::rpc {

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
  public:
    ClientConnection(sd_event* loop, ClientOptions options)
      : loop_(loop)
      , options_(options) {}

    void connect(const std::string& host, std::uint16_t port, Client::Done done);
    Status attach(Fd socket);
    void bind(const SyntaxId& interface, AuthType type, AuthLevel level,
              std::unique_ptr<SecurityContext> context, Client::Done done);
    void on_closed(std::function<void()> closed) { closed_ = std::move(closed); }
    void alter_context(const SyntaxId& interface, Client::Done done);
    void call(const SyntaxId& interface, const std::optional<ndr::Guid>& object,
              std::uint16_t opnum, std::vector<std::uint8_t> stub, Client::CallDone done);
    // Nothing is called any more.
    void abandon();

    bool connected() const { return stream_ && stream_->is_open(); }
    bool usable() const { return connected() && !stream_->is_over(); }
    bool denied() const { return denied_; }
    bool garbled() const { return garbled_; }
    std::uint32_t group() const { return group_; }
    const Principal* principal() const;

  private:
    enum class Doing { Nothing, Connecting, Binding, Calling, Telling };

    bool begin(Doing what, std::chrono::milliseconds limit, Client::CallDone done);
    void succeed(std::vector<std::uint8_t> stub = {});
    void fail(Error why, std::uint32_t fault = 0); // closes unless it is a fault
    void deny(Error why);                          // closes
    void distrust(Error why);                      // closes
    void tell(Result<std::vector<std::uint8_t>> result, std::uint32_t fault);

    void input();
    bool next();
    void handle(const Header& header, std::span<std::uint8_t> pdu);
    void bind_answered(const Header& header, std::span<std::uint8_t> pdu,
                       const std::optional<Verifier>& verifier);
    void stepped(Result<SecurityContext::Token> token);
    void send_bind(Bytes token);
    void send_auth3(Bytes token);
    void fault_answered(const Header& header, std::span<std::uint8_t> pdu,
                        const std::optional<Verifier>& verifier);
    void responded(const Header& header, std::span<std::uint8_t> pdu,
                   const std::optional<Verifier>& verifier);
    bool send(std::vector<std::uint8_t> bytes);

    sd_event* loop_;
    ClientOptions options_;
    std::unique_ptr<Dialling> dialling_;
    std::unique_ptr<Stream> stream_;
    EventSource deadline_;
    EventSource telling_;

    std::unique_ptr<SecurityContext> context_;
    Security security_;
    bool bound_ = false;
    bool denied_ = false;
    bool garbled_ = false;
    bool header_signing_ = false;
    std::uint32_t group_ = 0;
    std::uint16_t max_transmit_ = least_fragment;
    std::map<SyntaxId, std::uint16_t> contexts_;
    std::optional<SyntaxId> binding_; // what the bind or alter_context under way is for

    Doing doing_ = Doing::Nothing;
    Client::CallDone done_;
    std::function<void()> closed_;
    std::uint32_t call_id_ = 0;
    std::uint16_t called_ = 0; // presentation context
    std::vector<std::uint8_t> stub_;
    bool begun_ = false; // a first fragment of the answer is there
    std::optional<Result<std::vector<std::uint8_t>>> result_;
    std::uint32_t fault_ = 0;
};

} // namespace mpapi::rpc
