// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/change.hpp"

#include "plugin/boundary.hpp"

#include <array>
#include <string_view>

namespace mpapi::plugin {

namespace {

// A controller may take a minute for a failover (the common limit of ALUA transitions).
constexpr std::chrono::seconds kPatience{120};

struct Meaning {
    std::string_view name;
    MP_STATUS status;
};

constexpr std::string_view kOurs = "org.mpapi.Multipath1.Error.";

// One for each status, and what the daemon answers beyond the standard.
constexpr std::array kOurMeanings{
    Meaning{"InvalidParameter", MP_STATUS_INVALID_PARAMETER},
    Meaning{"UnknownFunction", MP_STATUS_UNKNOWN_FN},
    Meaning{"Failed", MP_STATUS_FAILED},
    Meaning{"InsufficientMemory", MP_STATUS_INSUFFICIENT_MEMORY},
    Meaning{"InvalidObjectType", MP_STATUS_INVALID_OBJECT_TYPE},
    Meaning{"ObjectNotFound", MP_STATUS_OBJECT_NOT_FOUND},
    Meaning{"Unsupported", MP_STATUS_UNSUPPORTED},
    Meaning{"FunctionReplaced", MP_STATUS_FN_REPLACED},
    Meaning{"AccessStateInvalid", MP_STATUS_ACCESS_STATE_INVALID},
    Meaning{"InvalidWeight", MP_STATUS_INVALID_WEIGHT},
    Meaning{"PathNonoperational", MP_STATUS_PATH_NONOPERATIONAL},
    Meaning{"TryAgain", MP_STATUS_TRY_AGAIN},
    Meaning{"NotPermitted", MP_STATUS_NOT_PERMITTED},
    Meaning{"LimitsExceeded", MP_STATUS_TRY_AGAIN},
};

// What the bus and sd-bus answer themselves.
constexpr std::array kBusMeanings{
    Meaning{SD_BUS_ERROR_UNKNOWN_METHOD, MP_STATUS_UNSUPPORTED},
    Meaning{SD_BUS_ERROR_UNKNOWN_INTERFACE, MP_STATUS_UNSUPPORTED},
    Meaning{SD_BUS_ERROR_UNKNOWN_OBJECT, MP_STATUS_OBJECT_NOT_FOUND},
    Meaning{SD_BUS_ERROR_ACCESS_DENIED, MP_STATUS_NOT_PERMITTED},
    Meaning{SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, MP_STATUS_NOT_PERMITTED},
    Meaning{SD_BUS_ERROR_NO_MEMORY, MP_STATUS_INSUFFICIENT_MEMORY},
    Meaning{SD_BUS_ERROR_INVALID_ARGS, MP_STATUS_INVALID_PARAMETER},
};

template <std::size_t count>
MP_STATUS look_up(const std::array<Meaning, count>& meanings, std::string_view name) {
    for (const Meaning& meaning : meanings)
        if (meaning.name == name) return meaning.status;
    return MP_STATUS_FAILED;
}

} // namespace

MP_STATUS status_of(const CallError& error) {
    const std::string_view name = error.name;
    if (name.starts_with(kOurs)) return look_up(kOurMeanings, name.substr(kOurs.size()));
    return look_up(kBusMeanings, name);
}

MP_STATUS change(const std::string& object_path, const char* interface, const char* method,
                 const std::function<int(sd_bus_message*)>& arguments) {
    const NoCancellation here;
    auto connection = Connection::open(Connection::Wait::No);
    if (!connection) return MP_STATUS_FAILED;
    const auto message = (*connection)->new_call(object_path.c_str(), interface, method);
    if (!message) return MP_STATUS_FAILED;
    int r = sd_bus_message_set_allow_interactive_authorization(message->get(), true);
    if (r >= 0) r = arguments(message->get());
    if (r >= 0) r = sd_bus_message_append(message->get(), "a{sv}", 0);
    if (r < 0) return MP_STATUS_FAILED;
    const Answer answer = (*connection)->call(*message, kPatience);
    return answer ? MP_STATUS_SUCCESS : status_of(answer.error());
}

} // namespace mpapi::plugin
