// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/service/socket.hpp"

#include "common/service/frame.hpp"
#include "common/system/handle.hpp"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>

namespace mpapi::service {

struct Socket::Talk {
    Socket& owner;
    Answered answered;
    std::string question;
    std::size_t sent = 0;
    std::string answer;
    Fd fd;
    EventSource ready;
    EventSource expiry;
};

Socket::Socket(sd_event* loop, std::string path, const Limits& limits)
  : loop_(loop)
  , path_(std::move(path))
  , limits_(limits)
  , room_(limits.at_once) {}

Socket::~Socket() = default;

void Socket::ask(std::string question, Answered answered) {
    room_.enter([this, question = std::move(question),
                 answered = std::move(answered)](const Turnstile::Leave& leave) {
        begin(question, [leave, answered](Result<std::string> result) {
            leave();
            answered(std::move(result));
        });
    });
}

void Socket::begin(std::string question, Answered answered) {
    Talk& talk = open_.emplace_back(
        Talk{*this, std::move(answered), std::move(question), 0, {}, {}, {}, {}});
    if (auto begun = begin(talk); !begun) end(talk, begun.error());
}

Status Socket::begin(Talk& talk) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
        return Error{"connect to", path_, "the name is too long", ENAMETOOLONG};
    ::memcpy(address.sun_path, path_.data(), path_.size());
    talk.fd.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!talk.fd) return Error{"connect to", path_, "", errno};
    // A full queue is EAGAIN, which nothing ends: as good as no service.
    if (::connect(talk.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        const int why = errno;
        const bool none = why == ENOENT || why == ECONNREFUSED;
        return Error{"connect to", path_, none ? "is its socket unit of systemd started?" : "",
                     why};
    }
    sd_event_source* source = nullptr;
    int r = sd_event_add_io(loop_, &source, talk.fd.get(), EPOLLIN | EPOLLOUT, ready, &talk);
    if (r < 0) return Error{"wait for", path_, "", -r};
    talk.ready.reset(source);
    r = sd_event_add_time_relative(
        loop_, &source, CLOCK_MONOTONIC,
        static_cast<std::uint64_t>(std::chrono::microseconds(limits_.patience).count()), 10'000,
        expired, &talk);
    if (r < 0) return Error{"wait for", path_, "", -r};
    talk.expiry.reset(source);
    return Done{};
}

void Socket::end(Talk& talk, Result<std::string> result) {
    const Answered answered = std::move(talk.answered);
    open_.remove_if([&](const Talk& each) { return &each == &talk; });
    answered(std::move(result));
}

int Socket::ready(sd_event_source* source, int fd, std::uint32_t events, void* userdata) {
    Talk& talk = *static_cast<Talk*>(userdata);
    Socket& self = talk.owner;
    if ((events & EPOLLOUT) && talk.sent < talk.question.size()) {
        const ssize_t sent = ::send(fd, talk.question.data() + talk.sent,
                                    talk.question.size() - talk.sent, MSG_NOSIGNAL);
        if (sent > 0) talk.sent += static_cast<std::size_t>(sent);
        // Who does not read on has an answer already, or is gone, which reading shows.
        if (sent < 0 && errno != EAGAIN && errno != EINTR) talk.sent = talk.question.size();
    }
    if ((events & EPOLLOUT) && talk.sent == talk.question.size()) {
        ::shutdown(fd, SHUT_WR);
        sd_event_source_set_io_events(source, EPOLLIN);
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return 0;
    std::array<char, 65536> piece{};
    const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got < 0) {
        self.end(talk, Error{"ask", self.path_, "", errno});
        return 0;
    }
    if (got == 0) {
        self.end(talk, read_answer(talk.answer, self.path_));
        return 0;
    }
    talk.answer.append(piece.data(), static_cast<std::size_t>(got));
    ::explicit_bzero(piece.data(), static_cast<std::size_t>(got)); // it may be a secret
    if (talk.answer.size() > self.limits_.answer + kFrameSize)
        self.end(talk, Error{"ask", self.path_, "the answer is too large", EMSGSIZE});
    return 0;
}

int Socket::expired(sd_event_source*, std::uint64_t, void* userdata) {
    Talk& talk = *static_cast<Talk*>(userdata);
    Socket& self = talk.owner;
    self.end(talk, Error{"ask", self.path_, "", ETIMEDOUT});
    return 0;
}

} // namespace mpapi::service
