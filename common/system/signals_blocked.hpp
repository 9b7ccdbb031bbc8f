// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For the start of a thread, which inherits the mask of signals: they are the business of those
// who wait for them.
#pragma once

#include <csignal>

#include <pthread.h>

namespace mpapi {

class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

} // namespace mpapi
