// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One connection of the server: which PDU may come when, and what it is answered with.
//
// The rules that C706 leaves open, or that the field does another way:
//  - One call at a time (C706 9.3.3 without PFC_CONC_MPX). While a call, a security step or unsent
//    output is pending nothing else is looked at but cancel and orphaned.
//  - A client may open further security contexts by alter_context under other auth_context_ids
//    (MS-RPCE 3.3.1.5.4). A token for one that is complete is ignored: clients repeat stale ones.
//  - auth3 has no answer, so its failure is the fault 5 of the next request.
//  - A bind at any level is accepted. It is the request that is refused when it is below the level
//    of its interface.
//  - Fault PDUs carry no verifier: the clients of the field do not look at one, and their state
//    would fall behind ours.
//  - Cancel is without effect, as our calls cannot be interrupted. An orphaned call's answer is
//    not sent. Both must be protected when requests are, else they are ignored.
//  - What breaks the protocol is answered by nca_s_proto_error, what does not verify by fault 5,
//    and then the connection ends. After the last answer what the peer still sends is read and
//    thrown away for a moment, else a reset could overtake the answer.
#pragma once

#include "clusprep/rpc/presentation.hpp"
#include "clusprep/rpc/protection.hpp"
#include "clusprep/rpc/server_state.hpp"
#include "clusprep/rpc/stream.hpp"

namespace mpapi::rpc {

struct SecuritySlot {
    Security security;
    std::unique_ptr<SecurityContext> context;
    std::shared_ptr<const Principal> principal; // once complete
    bool let_in = false;                        // it is no stranger's
    bool failed = false;
};
// A call of which not all fragments are there yet.
struct CallAssembly {
    Header header;
    Request request;
    SecuritySlot* slot = nullptr;
    Interface* interface = nullptr;
    std::vector<std::uint8_t> stub;
    std::size_t counted = 0;  // of it in the server's budget
    std::uint32_t doomed = 0; // the fault that it will get; its stub is not kept
    std::chrono::steady_clock::time_point by;
};
struct RunningCall {
    std::uint64_t serial = 0;
    Header header;
    std::uint16_t context = 0;
    Security security;
    bool silent = false; // nobody wants its answer
};
struct OwedAnswer { // of a bind or alter_context, until its token is there
    Header header;
    std::optional<BindAck> ack; // nothing for auth3
    SecuritySlot* slot = nullptr;
    std::chrono::steady_clock::time_point by{};
};

class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
  public:
    using Time = std::chrono::steady_clock::time_point;

    ServerConnection(ServerState& server, std::uint64_t id, Fd socket, PeerAddress peer,
                     std::uint16_t local_port);
    ~ServerConnection();

    Status start();
    // Ends it if it is past a deadline.
    void expire();
    // The socket is closed, the server forgets it. Calls that are under way go on unanswered.
    void end(const Error& why);

    std::uint64_t id() const { return id_; }
    const PeerAddress& peer() const { return peer_; }
    std::uint32_t group() const { return group_; }
    bool let_in() const { return let_in_; }

  private:
    void input();
    bool next();
    bool busy() const { return running_ || answering_ || stream_.unsent() != 0; }
    void handle(const Header& header, std::span<std::uint8_t> pdu);
    void bind(const Header& header, Bytes pdu, const std::optional<Verifier>& verifier);
    void auth3(const Header& header, const std::optional<Verifier>& verifier);
    void step(OwedAnswer answering, const std::optional<Verifier>& verifier);
    void stepped(Result<SecurityContext::Token> token);
    void request(const Header& header, std::span<std::uint8_t> pdu,
                 const std::optional<Verifier>& verifier);
    Result<SecuritySlot*> slot_of_request(const std::optional<Verifier>& verifier);
    bool begin_call(const Header& header, const Request& request, SecuritySlot* slot);
    void dispatch();
    void answer(std::uint64_t serial, Reply::Answer answer);
    void abandon(const Header& header, std::span<std::uint8_t> pdu,
                 const std::optional<Verifier>& verifier);
    void drop_assembly();
    bool count(CallAssembly& assembly, std::size_t bytes);

    SecuritySlot* find_slot(std::uint32_t id);
    Result<SecuritySlot*> make_slot(const SecTrailer& trailer);

    void nak(const Header& header, std::uint16_t reason, const Error& why);
    void fault(const Header& header, std::uint16_t context, std::uint32_t status, bool executed);
    void send(std::vector<std::uint8_t> bytes);
    // No more is taken from the peer; ends when what was sent is taken.
    void finish(const Error& why);
    void linger(); // all is sent
    void finish_with_fault(const Header& header, std::uint32_t status, const Error& why);
    void sent();

    ServerState& server_;
    std::uint64_t id_;
    PeerAddress peer_;
    std::uint16_t local_port_;
    Stream stream_;
    PresentationContexts contexts_;
    std::map<std::uint32_t, SecuritySlot> slots_; // by auth_context_id
    bool bound_ = false;
    bool header_signing_ = false;
    bool authenticated_ = false;
    bool let_in_ = false;
    std::string owner_; // for budgets: the first principal that was let in, else the network
    std::uint32_t group_ = 0;
    std::uint16_t max_transmit_ = least_fragment;

    std::optional<CallAssembly> assembly_;
    std::optional<OwedAnswer> answering_;
    std::optional<RunningCall> running_;
    std::uint64_t last_serial_ = 0;
    std::size_t output_ = 0; // of ours in server_.output

    bool processing_ = false;
    bool finishing_ = false;
    bool ended_ = false;

    Time begun_;
    Time active_;
    std::optional<Time> pdu_by_;    // the PDU that has begun
    std::optional<Time> output_by_; // what is unsent
    std::optional<Time> gone_by_;   // lingering
};

} // namespace mpapi::rpc
