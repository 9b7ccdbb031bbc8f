// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace mpapi::rpc {

namespace {

constexpr std::size_t first_buffer = 8192;

Error socket_error(const char* action) {
    return {action, "socket", "", errno};
}

} // namespace

Status Stream::start(sd_event* loop, Events events) {
    events_ = std::move(events);
    sd_event_source* source = nullptr;
    wanted_ = EPOLLIN;
    const int r = sd_event_add_io(loop, &source, socket_.get(), wanted_, on_ready, this);
    if (r < 0) return Error{"watch", "socket", "", -r};
    source_.reset(source);
    return Done{};
}

void Stream::consume(std::size_t size) {
    const std::size_t used = std::min(size, end_ - begin_);
    ::explicit_bzero(buffer_.data() + begin_, used); // it was deciphered in place
    begin_ += used;
    if (begin_ == end_) begin_ = end_ = 0;
    want();
}

Status Stream::send(std::vector<std::uint8_t> bytes) {
    if (!socket_) return Error{"send", "socket", "is closed"};
    std::size_t taken = 0;
    if (unsent() == 0) {
        const ssize_t n =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return socket_error("send");
        taken = n < 0 ? 0 : static_cast<std::size_t>(n);
        if (taken == bytes.size()) return Done{};
        output_ = std::move(bytes);
        output_begin_ = taken;
    } else {
        output_.insert(output_.end(), bytes.begin(), bytes.end());
    }
    want();
    return Done{};
}

void Stream::acknowledge() {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void Stream::drain() {
    draining_ = true;
    begin_ = end_ = 0;
    ::shutdown(socket_.get(), SHUT_WR);
    want();
}

void Stream::close() {
    source_.reset();
    socket_.reset();
}

bool Stream::is_over() const {
    std::uint8_t byte = 0;
    const ssize_t n = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

int Stream::on_ready(sd_event_source*, int, std::uint32_t ready, void* data) {
    auto& stream = *static_cast<Stream*>(data);
    const auto kept = stream.events_.owner.lock();
    stream.ready(ready);
    return 0;
}

void Stream::ready(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush();
    if (!socket_) return;
    if ((events & EPOLLIN) != 0) return receive();
    // With input that nobody wants yet, only these tell that the peer has gone.
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        end({"receive", "socket", "the peer has closed the connection"});
}

void Stream::receive() {
    if (begin_ != 0 && end_ == buffer_.size()) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
    }
    if (end_ == buffer_.size())
        buffer_.resize(std::min(most_input_, std::max(first_buffer, 2 * buffer_.size())));
    if (end_ == buffer_.size()) return; // full: no room is no end
    const ssize_t n =
        ::recv(socket_.get(), buffer_.data() + end_, buffer_.size() - end_, MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) end(socket_error("receive"));
        return;
    }
    if (n == 0) return end({"receive", "socket", "the peer has closed the connection"});
    if (draining_) return;
    end_ += static_cast<std::size_t>(n);
    events_.input();
    if (socket_) want();
}

void Stream::flush() {
    if (unsent() == 0) return want();
    const ssize_t n = ::send(socket_.get(), output_.data() + output_begin_, unsent(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) end(socket_error("send"));
        return;
    }
    output_begin_ += static_cast<std::size_t>(n);
    if (unsent() != 0) return;
    output_ = {};
    output_begin_ = 0;
    want();
    events_.sent();
}

void Stream::want() {
    if (!source_) return;
    std::uint32_t wanted = 0;
    if (end_ - begin_ < most_input_) wanted |= EPOLLIN;
    if (unsent() != 0) wanted |= EPOLLOUT;
    if (wanted == wanted_) return;
    wanted_ = wanted;
    sd_event_source_set_io_events(source_.get(), wanted);
}

void Stream::end(Error why) {
    close();
    events_.ended(std::move(why));
}

} // namespace mpapi::rpc
