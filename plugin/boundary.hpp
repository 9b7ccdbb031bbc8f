// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Between C and us. No exception of ours goes on into C. What pthread_cancel throws must go on
// (whoever keeps it ends the process), so libsystemd, which knows nothing of cancelled threads, is
// called with cancellation off.
#pragma once

#include "library/include/mpapi-plugin.h"

#include <cxxabi.h>
#include <pthread.h>

#include <new>

namespace mpapi::plugin {

template <typename Call>
MP_STATUS at_boundary(Call&& call) {
    try {
        return call();
    } catch (abi::__forced_unwind&) {
        throw;
    } catch (const std::bad_alloc&) {
        return MP_STATUS_INSUFFICIENT_MEMORY;
    } catch (...) {
        return MP_STATUS_FAILED;
    }
}

class NoCancellation {
  public:
    NoCancellation() { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
    ~NoCancellation() { ::pthread_setcancelstate(before_, nullptr); }
    NoCancellation(const NoCancellation&) = delete;
    NoCancellation& operator=(const NoCancellation&) = delete;

  private:
    int before_ = PTHREAD_CANCEL_ENABLE;
};

} // namespace mpapi::plugin
