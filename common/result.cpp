// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/result.hpp"

namespace mpapi {

std::string Error::message() const {
    std::string text = action;
    if (!object.empty()) text += " " + object;
    std::string cause = reason;
    if (errnum != 0) {
        char buffer[128];
        if (!cause.empty()) cause += ": ";
        cause += strerror_r(errnum, buffer, sizeof buffer);
    }
    if (!cause.empty()) text += ": " + cause;
    return text;
}

} // namespace mpapi
