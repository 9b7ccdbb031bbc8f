// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Answers that carry a descriptor, given only while they are taken. dbus-daemon stops reading from
// a connection once 64 descriptors that came from it lie in the queues of their receivers
// (max_incoming_unix_fds), and limits a receiver's queue to as many (max_outgoing_unix_fds), so one
// client that asks and never reads would silence the daemon for everybody. No receiver confirms a
// message; but the bus itself tells how much waits where (org.freedesktop.DBus.Debug.Stats, which
// the system bus allows to root). So before each such answer it is asked for the descriptors that
// wait for this client and for all that wait of ours, and the client is refused where there are too
// many. One answer after the other: what is told includes all that were sent before.
//
// Where the bus does not tell (dbus-broker charges receivers by itself and has other names for it)
// answers are given at once.
#pragma once

#include "common/system/handle.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace mpapi::publish {

class DescriptorAnswers {
  public:
    // Of 64 that the bus would hold; what other programs sent to a client counts for it as well.
    static constexpr std::uint32_t kPerClient = 4;
    static constexpr std::uint32_t kAltogether = 32;

    using Answer = std::function<void()>;
    using Refusal = std::function<void(const std::string& reason)>;

    explicit DescriptorAnswers(sd_bus* bus)
      : bus_(bus) {}
    DescriptorAnswers(const DescriptorAnswers&) = delete;
    DescriptorAnswers& operator=(const DescriptorAnswers&) = delete;

    // Calls one of the two, at once or later, or none where the client has left. Bounding how many
    // wait is the caller's part.
    void give(const char* client, Answer answer, Refusal refuse);

  private:
    struct Waiting {
        std::string client;
        Answer answer;
        Refusal refuse;
    };

    void next();
    bool ask(BusSlot& slot, const char* connection, sd_bus_message_handler_t handler);
    void decide(std::optional<std::uint32_t> for_client);
    static int own_told(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int client_told(sd_bus_message* reply, void* userdata, sd_bus_error*);

    sd_bus* bus_;
    std::deque<Waiting> waiting_; // the first is being asked for
    bool asking_ = false;
    bool told_ = true; // the bus does tell
    std::uint32_t altogether_ = 0;
    BusSlot own_;
    BusSlot client_;
};

} // namespace mpapi::publish
