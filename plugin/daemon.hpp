// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the daemon knows, as of now. The newest snapshot stays mapped; whether it still is the
// newest, and whether the daemon lives, is looked up in the shared page before each read, so a read
// never shows less than what the daemon had published and costs no message while nothing changes.
// A daemon or a bus that was restarted is found again by the next read.
#pragma once

#include "plugin/connection.hpp"
#include "plugin/picture.hpp"

#include <mutex>

namespace mpapi::plugin {

class Daemon {
  public:
    Daemon() = default;
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // For any thread. Without a daemon that answers, why: a few words in Error::reason. `stop` as
    // Connection::call has it.
    Result<PicturePtr> picture(int stop = -1);

  private:
    PicturePtr held() const;
    void hold(PicturePtr picture);
    Result<PicturePtr> fetch(int stop);
    // The descriptor in the answer to a method of the manager.
    Result<Fd> ask(const char* method, const char* signature, int stop);

    mutable std::mutex held_mutex_; // for as long as a pointer is copied
    PicturePtr held_;

    std::mutex fetching_; // one asks, the others wait for what they would ask for as well
    std::unique_ptr<Connection> connection_;
    std::shared_ptr<const Page> page_;
};

} // namespace mpapi::plugin
