// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A connected stream socket on the loop: what came in and is not used yet, what is to go out and
// was not taken yet. Both are bounded by who uses it.
#pragma once

#include "clusprep/rpc/little_endian.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <memory>

namespace mpapi::rpc {

class Stream {
  public:
    struct Events {
        std::weak_ptr<void> owner;        // of the stream: kept while an event is told
        std::function<void()> input;      // more bytes are there
        std::function<void()> sent;       // all output was taken that had to wait
        std::function<void(Error)> ended; // the peer has gone; nothing more comes
    };

    // At most `most_input` bytes are kept; the rest waits in the socket.
    Stream(Fd socket, std::size_t most_input)
      : socket_(std::move(socket))
      , most_input_(most_input) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Events come from the loop and may close the stream and let its owner go.
    Status start(sd_event* loop, Events events);

    std::span<std::uint8_t> input() { return std::span(buffer_).subspan(begin_, end_ - begin_); }
    void consume(std::size_t size);

    // What the socket does not take at once is kept. Fails when the peer has gone.
    Status send(std::vector<std::uint8_t> bytes);
    std::size_t unsent() const { return output_.size() - output_begin_; }

    // Tells the peer that nothing more comes. What it still sends is thrown away.
    void drain();
    void close();
    bool is_open() const { return bool(socket_); }
    // Whether the peer has ended the connection, even if no event has told so yet. For an open
    // stream with no input that waits.
    bool is_over() const;
    int fd() const { return socket_.get(); }
    // What has come is acknowledged at once, for once: for a peer that sends on only then.
    void acknowledge();

  private:
    static int on_ready(sd_event_source* source, int fd, std::uint32_t ready, void* data);
    void ready(std::uint32_t events);
    void receive();
    void flush();
    void want();
    void end(Error why);

    Fd socket_;
    std::size_t most_input_;
    Events events_;
    EventSource source_;
    std::uint32_t wanted_ = 0;
    std::vector<std::uint8_t> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::vector<std::uint8_t> output_;
    std::size_t output_begin_ = 0;
    bool draining_ = false;
};

} // namespace mpapi::rpc
