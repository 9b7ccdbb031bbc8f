// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sends errands: systemd starts a process for each connection. Nothing is waited for: the reply
// comes from the loop, or a deadline passes. Loop's thread only.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/disks/errands/errand.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace mpapi::disks {

struct ErrandReply {
    Lines lines;
    Fd passed; // the descriptor that came with it
};

class ErrandClient {
  public:
    using Then = std::function<void(Result<ErrandReply>)>;

    // `loop` outlives this. `program` names in errors who was asked.
    ErrandClient(sd_event* loop, std::string socket, std::string program);
    ~ErrandClient(); // what is under way is not answered
    ErrandClient(const ErrandClient&) = delete;
    ErrandClient& operator=(const ErrandClient&) = delete;

    // `then` is called once, from the loop, never from within; it may send again. A reply that is
    // one failure and nothing else is that error. EBUSY:
    // too many are under way; ETIMEDOUT.
    void send(const Lines& request, std::chrono::milliseconds limit, Then then);

  private:
    struct Errand;

    Status connect(Errand& errand, std::chrono::milliseconds limit);
    void ready(Errand& errand, std::uint32_t events);
    void give(Errand& errand);
    void take(Errand& errand);
    void finish(Errand& errand, Result<ErrandReply> result);
    Error failed(std::string reason, int errnum) const;

    sd_event* loop_;
    std::string socket_;
    std::string program_;
    std::unordered_map<Errand*, std::unique_ptr<Errand>> errands_;
};

} // namespace mpapi::disks
