// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How mail reaches us and leaves, in one of three ways:
//
// - by UDP port 138 of our own, from the service manager or bound here;
// - beside nmbd, which has the port where it runs: through its stream, see nmbd_frame.hpp. What we
//   send then leaves by any port, and says 138 in its header;
// - not at all, and why.
//
// nmbd may come and go: where the way is not fixed by configuration, it is looked for every ten
// seconds, and when it ends the port is ours again. One that says nothing is given up, and asked
// again later; one whose version or stream is not known is left alone until another one has taken
// its place. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "discovery/network/nmbd_reader.hpp"
#include "discovery/network/nmbd_version.hpp"
#include "discovery/network/port_socket.hpp"

#include <functional>
#include <memory>
#include <string>

namespace mpapi::discovery {

class Transport {
  public:
    enum class Way : std::uint8_t { Auto, Socket, Nmbd, Off };

    struct Settings {
        Way way = Way::Auto;
        std::string nmbd_socket = "/run/samba/nmbd/unexpected";
        std::string nmbd_program = "/usr/sbin/nmbd";
    };
    struct State {
        const char* way = "off"; // "socket", "nmbd", "off"
        std::string reason;      // why it is off, or is beside nmbd
        bool decided = true;     // false: nmbd is being asked for the first time

        bool operator==(const State& other) const {
            return std::string_view(way) == other.way && reason == other.reason &&
                   decided == other.decided;
        }
    };
    struct Told {
        PortSocket::Received received;
        std::function<void()> changed; // state() is another
    };

    // `given`: UDP port 138 of the service manager, or none.
    static Result<std::unique_ptr<Transport>> start(sd_event* loop, Settings settings, Fd given,
                                                    Told told);
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    const State& state() const { return state_; }
    // To UDP port 138 there. `interface` and `from` may be 0: what the routes say.
    Status send(OctetView packet, std::uint32_t to, int interface, std::uint32_t from);

  private:
    static constexpr int kAccepted = 3; // by both streams, and by us: the version

    Transport(sd_event* loop, Settings settings, Told told);
    void look();
    bool reach_nmbd();
    bool is_beside_nmbd() const { return accepted_ == kAccepted; }
    void nmbd_accepted();
    void nmbd_told_version(Result<std::string> version);
    void nmbd_ended(const Error& why);
    void leave_alone(const Error& why);
    void use_port();
    void become(const char* way, std::string reason, bool decided = true);
    void drop_nmbd();
    static int look_again(sd_event_source* timer, std::uint64_t, void* userdata);

    sd_event* loop_;
    Settings settings_;
    Told told_;
    State state_;
    std::unique_ptr<PortSocket> port_;  // 138
    std::unique_ptr<PortSocket> spare_; // any, to send from beside nmbd
    std::unique_ptr<NmbdReader> questions_, answers_;
    std::unique_ptr<NmbdVersion> version_;
    int accepted_ = 0;
    std::string unfit_; // the nmbd that is left alone
    EventSource timer_;
};

} // namespace mpapi::discovery
