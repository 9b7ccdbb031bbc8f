// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A connection to nmbd's socket for one mailslot. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "discovery/network/nmbd_frame.hpp"

#include <functional>
#include <memory>
#include <string>

namespace mpapi::discovery {

inline constexpr char kNmbdEnded[] = "nmbd has ended it"; // the reason, where it is that

class NmbdReader {
  public:
    struct Told {
        NmbdFrames::Received received;
        // In either the reader may be dropped.
        std::function<void()> accepted;
        std::function<void(const Error&)> ended; // once: nmbd, or its stream is none that we know
    };

    // A connection, and nothing said on it. Fails where nobody listens at the socket: "connect to"
    // with ENOENT or ECONNREFUSED, for nmbd leaves its socket behind when it ends.
    static Result<Fd> reach(const std::string& path);
    // Fails as that.
    static Result<std::unique_ptr<NmbdReader>> connect(sd_event* loop, const std::string& path,
                                                       std::string_view mailslot, Told told);
    NmbdReader(const NmbdReader&) = delete;
    NmbdReader& operator=(const NmbdReader&) = delete;

  private:
    NmbdReader(Fd socket, Told told);
    static int readable(sd_event_source*, int fd, std::uint32_t, void* userdata);

    Fd socket_;
    Told told_;
    NmbdFrames frames_;
    EventSource readable_;
};

} // namespace mpapi::discovery
