// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/nmbd_reader.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>

namespace mpapi::discovery {

NmbdReader::NmbdReader(Fd socket, Told told)
  : socket_(std::move(socket))
  , told_(std::move(told)) {}

Result<Fd> NmbdReader::reach(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return Error{"connect to", path, "", ENAMETOOLONG};
    path.copy(address.sun_path, path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return Error{"open", "stream socket", "", errno};
    // A local stream is connected at once, or not (its backlog is full: EAGAIN).
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return Error{"connect to", path, "", errno};
    return socket;
}

Result<std::unique_ptr<NmbdReader>> NmbdReader::connect(sd_event* loop, const std::string& path,
                                                        std::string_view mailslot, Told told) {
    auto reached = reach(path);
    if (!reached) return reached.error();
    Fd socket = *std::move(reached);
    const Octets query = nmbd_query(mailslot);
    const ssize_t sent = ::send(socket.get(), query.data(), query.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(query.size()))
        return Error{"ask", path, "", sent < 0 ? errno : EPROTO};
    std::unique_ptr<NmbdReader> self(new NmbdReader(std::move(socket), std::move(told)));
    sd_event_source* source = nullptr;
    const int r =
        sd_event_add_io(loop, &source, self->socket_.get(), EPOLLIN, readable, self.get());
    if (r < 0) return Error{"wait for", path, "", -r};
    self->readable_.reset(source);
    return self;
}

int NmbdReader::readable(sd_event_source* source, int fd, std::uint32_t, void* userdata) {
    auto& self = *static_cast<NmbdReader*>(userdata);
    std::array<std::uint8_t, 16384> bytes{};
    const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    Error why{"read", "stream of nmbd", kNmbdEnded, got < 0 ? errno : 0};
    if (got > 0) {
        const bool before = self.frames_.accepted();
        auto fed = self.frames_.feed(OctetView(bytes).first(static_cast<std::size_t>(got)),
                                     self.told_.received);
        if (fed) {
            if (before || !self.frames_.accepted()) return 0;
            const auto accepted = self.told_.accepted;
            accepted(); // may drop us
            return 0;
        }
        why = std::move(fed).error();
    }
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    const auto ended = self.told_.ended;
    ended(why); // may drop us
    return 0;
}

} // namespace mpapi::discovery
