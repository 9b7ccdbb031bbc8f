// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server of connection-oriented RPC on one sd-event loop: C706 chapters 9, 12 and 13,
// MS-RPCE 3.3. What a connection does is told in server_connection.hpp.
//
// A connection carries one call at a time: PFC_CONC_MPX is not granted, and what is sent all the
// same waits in the socket, but for cancel and orphaned. Everything a peer can make us keep is
// bounded by ServerLimits.
//
// A stranger is who has not authenticated, or has and is not let in. Strangers have rooms of their
// own, so that however many come they take none from those who are let in; who comes always gets
// in, for it may be somebody who is about to authenticate, and the oldest stranger from where most
// of them come from goes instead. Addresses are counted by network (peer_address.hpp).
#pragma once

#include "clusprep/rpc/interface.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::rpc {

struct ServerLimits {
    std::uint16_t fragment = 65528;        // bytes of a PDU, received or sent; at least 2048
    std::size_t stranger_stub = 32u << 10; // bytes of one call's reassembled stub
    std::size_t reassembly = 256u << 20;   // of all stubs that are not complete
    std::size_t reassembly_per_client = 128u << 20; // of one principal's
    std::size_t output = 128u << 20;                // of all answers that are not sent yet
    std::size_t output_per_client = 64u << 20; // of one principal's, or one address's strangers
    std::chrono::milliseconds authenticate{30'000}; // from accepted to the first bind that is done
    std::chrono::milliseconds fragments{60'000};    // from a call's first fragment to its last, and
                                                    // from a PDU's first byte to its last
    std::chrono::milliseconds slow_reader{60'000};  // for an answer to be taken
    std::chrono::milliseconds idle{15 * 60'000};    // between calls
    std::chrono::milliseconds stranger_idle{60'000};
    std::chrono::milliseconds stranger_life{120'000}; // in all
    std::size_t connections = 2048;                   // of those who are let in
    std::size_t connections_per_address = 512;
    std::size_t strangers = 512;
    std::size_t strangers_per_address = 256;
    std::size_t presentation_contexts = 64; // of one connection
    // Of one connection: clients open a new one with each alter_context (impacket does).
    std::size_t security_contexts = 64;
};

// Told from the loop; may destroy nothing of the server.
class ServerObserver {
  public:
    virtual ~ServerObserver() = default;
    // For the log: a peer that was refused or dropped, and why. Authentication that failed too,
    // unless its error has no reason: then it was told elsewhere.
    virtual void refused(const PeerAddress& peer, const Error& why) = 0;
};

struct ServerState;

class Server {
  public:
    using Now = std::function<std::chrono::steady_clock::time_point()>;

    // Who is no stranger once it is authenticated.
    using LetIn = std::function<bool(const Principal&)>;

    // Loop, acceptors and observer (which may be null) outlive the server. Without `let_in`
    // everybody is who authenticates.
    Server(sd_event* loop, Acceptors& acceptors, Now now, ServerLimits limits = {},
           ServerObserver* observer = nullptr, LetIn let_in = {});
    ~Server(); // ends every connection, telling the observer
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Outlives the server. Fails for an interface that is there already.
    Status add(Interface& interface);

    // Accepts on a listening socket (TCP or UNIX stream) from the loop, as long as the server
    // lives.
    Status listen(Fd socket);
    // A connected stream socket; `local_port` is told to the peer as secondary address.
    void serve(Fd socket, const PeerAddress& peer, std::uint16_t local_port);

    std::size_t connections() const;
    void close(std::uint64_t connection);
    void close_all();
    // The listening sockets are closed; connections go on.
    void stop_listening();

    // Ends what is past its time by `now`. A timer of the loop does it each second while there is a
    // connection.
    void expire();

  private:
    std::unique_ptr<ServerState> state_;
};

} // namespace mpapi::rpc
