// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No exception, ours or a plugin's, goes on into C. What pthread_cancel throws must go on: whoever
// keeps it ends the process.
#pragma once

#include "library/include/mpapi.h"

#include <cxxabi.h>

#include <new>

namespace mpapi::library {

template <typename Call>
MP_STATUS at_boundary(Call call) {
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

} // namespace mpapi::library
