// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where threads of the library meet: one lock and one signal for what is rare (loading, unloading,
// registrations, callbacks). The lock is never held while a plugin or a callback runs.
#pragma once

#include <condition_variable>
#include <mutex>

namespace mpapi::library {

struct Rendezvous {
    std::mutex mutex;
    std::condition_variable changed; // something that a thread may wait for
};

// Usable as long as the code is: at the process's end it is not destroyed under threads that wait.
Rendezvous& rendezvous();

// In the child after fork: whoever held or waited is not there.
void renew_rendezvous();

// Whether this thread is inside a callback of a client: then it must not wait for callbacks.
bool in_callback();

class InCallback {
  public:
    InCallback();
    ~InCallback();
    InCallback(const InCallback&) = delete;
    InCallback& operator=(const InCallback&) = delete;
};

} // namespace mpapi::library
