// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <pthread.h>

namespace mpapi::library {

// As long as this lives its thread is not cancelled: what must not be left half done.
class NoCancellation {
  public:
    NoCancellation() { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
    ~NoCancellation() { ::pthread_setcancelstate(before_, nullptr); }
    NoCancellation(const NoCancellation&) = delete;
    NoCancellation& operator=(const NoCancellation&) = delete;

  private:
    int before_ = PTHREAD_CANCEL_ENABLE;
};

} // namespace mpapi::library
