// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The names of errors on the bus: one for each status of the standard that is a failure
// (ISO/IEC 11002 6.4), and a few that it has no word for. What sd-bus itself answers (unknown
// object, interface, property, method, wrong arguments) keeps the D-Bus standard's names, and so
// does the answer to a caller that may not: NotPermitted says that nobody may.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/result.hpp"
#include "daemon/paths/outcome.hpp"

#include <systemd/sd-bus.h>

#include <string>

namespace mpapi::publish::error {

#define MPAPI_ERROR(name) "org.mpapi.Multipath1.Error." name

inline constexpr char kInvalidParameter[] = MPAPI_ERROR("InvalidParameter");
inline constexpr char kUnknownFunction[] = MPAPI_ERROR("UnknownFunction");
inline constexpr char kFailed[] = MPAPI_ERROR("Failed");
inline constexpr char kInsufficientMemory[] = MPAPI_ERROR("InsufficientMemory");
inline constexpr char kInvalidObjectType[] = MPAPI_ERROR("InvalidObjectType");
inline constexpr char kObjectNotFound[] = MPAPI_ERROR("ObjectNotFound");
inline constexpr char kUnsupported[] = MPAPI_ERROR("Unsupported");
inline constexpr char kFunctionReplaced[] = MPAPI_ERROR("FunctionReplaced");
inline constexpr char kAccessStateInvalid[] = MPAPI_ERROR("AccessStateInvalid");
inline constexpr char kInvalidWeight[] = MPAPI_ERROR("InvalidWeight");
inline constexpr char kPathNonoperational[] = MPAPI_ERROR("PathNonoperational");
inline constexpr char kTryAgain[] = MPAPI_ERROR("TryAgain");
inline constexpr char kNotPermitted[] = MPAPI_ERROR("NotPermitted");

inline constexpr char kAccessDenied[] = SD_BUS_ERROR_ACCESS_DENIED;

inline constexpr char kTimedOut[] = MPAPI_ERROR("TimedOut");
inline constexpr char kTooLarge[] = MPAPI_ERROR("TooLarge");
inline constexpr char kLimitsExceeded[] = MPAPI_ERROR("LimitsExceeded");
inline constexpr char kResync[] = MPAPI_ERROR("Resync");

#undef MPAPI_ERROR

// The name for a failure inside the daemon.
const char* name_for(const Error& error);
const char* name_for(paths::Refusal why);
// The name for a verdict that is not allowed.
const char* name_for(bus::Gatekeeper::Ruling ruling);

// Answers a call with an error. Failure to send is not reported: the caller is gone then.
void reply(sd_bus_message* call, const char* name, const std::string& text);

} // namespace mpapi::publish::error
