// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Answers that weigh on the bus, those with a descriptor and large ones, given only while they are
// taken. dbus-daemon stops reading from a connection once 64 descriptors or 127 MB that came from
// it lie in the queues of their receivers (max_incoming_unix_fds, max_incoming_bytes), and limits a
// receiver's queue to as much, so one client that asks and never reads would silence the daemon for
// everybody. No receiver confirms a message; but the bus itself tells how much waits where
// (org.freedesktop.DBus.Debug.Stats, which the system bus allows to root). So before each such
// answer it is asked for what waits for this client and for all that waits of ours, and the client
// is refused where that is too much. One answer after the other: what is told includes all that
// were sent before. Root is given more, so that nobody else can keep an administrator out.
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

namespace mpapi::bus {

class HeavyAnswers {
  public:
    // What lies in queues of the bus.
    struct Burden {
        std::uint32_t descriptors = 0;
        std::uint32_t bytes = 0;

        bool reaches(const Burden& limit) const {
            return descriptors >= limit.descriptors || bytes >= limit.bytes;
        }
    };
    // What other programs sent to a client counts for it as well.
    static constexpr Burden kPerClient{4, 16u << 20};
    static constexpr Burden kAltogether{24, 32u << 20};
    static constexpr Burden kAltogetherForRoot{48, 64u << 20};
    // An answer of more bytes is a large one.
    static constexpr std::size_t kLarge = std::size_t{64} << 10;

    using Answer = std::function<void()>;
    using Refusal = std::function<void(const std::string& reason)>;

    explicit HeavyAnswers(sd_bus* bus)
      : bus_(bus) {}
    HeavyAnswers(const HeavyAnswers&) = delete;
    HeavyAnswers& operator=(const HeavyAnswers&) = delete;

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
    bool ask();
    void decide();
    static int own_told(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int user_told(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int client_told(sd_bus_message* reply, void* userdata, sd_bus_error*);

    sd_bus* bus_;
    std::deque<Waiting> waiting_; // the first is being asked for
    bool asking_ = false;
    bool tells_ = true; // the bus does
    std::optional<Burden> altogether_;
    std::optional<Burden> for_client_;
    bool root_ = false;
    BusSlot own_question_;
    BusSlot user_question_;
    BusSlot client_question_;
};

} // namespace mpapi::bus
