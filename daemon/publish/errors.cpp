// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/errors.hpp"

#include "daemon/publish/text.hpp"

#include <cerrno>

namespace mpapi::publish::error {

const char* name_for(const Error& error) {
    switch (error.errnum) {
    case ETIMEDOUT:
    case ETIME:
        return kTimedOut;
    case ENOMEM:
        return kInsufficientMemory;
    case EINVAL:
        return kInvalidParameter;
    case EPERM:
    case EACCES:
        return kNotPermitted;
    case EAGAIN:
    case EBUSY:
        return kTryAgain;
    case EOPNOTSUPP:
        return kUnsupported;
    default:
        return kFailed;
    }
}

const char* name_for(paths::Refusal why) {
    using paths::Refusal;
    switch (why) {
    case Refusal::InvalidParameter:
        return kInvalidParameter;
    case Refusal::Failed:
        return kFailed;
    case Refusal::ObjectNotFound:
        return kObjectNotFound;
    case Refusal::Unsupported:
        return kUnsupported;
    case Refusal::AccessStateInvalid:
        return kAccessStateInvalid;
    case Refusal::InvalidWeight:
        return kInvalidWeight;
    case Refusal::PathNonoperational:
        return kPathNonoperational;
    case Refusal::TryAgain:
        return kTryAgain;
    case Refusal::NotPermitted:
        return kNotPermitted;
    case Refusal::TimedOut:
        return kTimedOut;
    }
    return kFailed;
}

const char* name_for(bus::Gatekeeper::Ruling ruling) {
    return ruling == bus::Gatekeeper::Ruling::Busy ? kLimitsExceeded : kAccessDenied;
}

void reply(sd_bus_message* call, const char* name, const std::string& text) {
    std::string scratch;
    const std::string shown(presentable(text, scratch));
    const sd_bus_error error{name, shown.c_str(), 0};
    sd_bus_reply_method_error(call, &error);
}

} // namespace mpapi::publish::error
