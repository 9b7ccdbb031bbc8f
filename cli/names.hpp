// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What values of the API are called: `text` as the reference command prints them, which scripts
// read; `token` in JSON and in what goes beyond the reference, as on the bus. Values that the API
// does not define are called unknown.
#pragma once

#include <mpapi.h>

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::cli {

struct Name {
    std::string_view text;
    std::string_view token;
};

Name name_of(MP_STATUS);
Name name_of(MP_OBJECT_TYPE);
Name name_of(MP_PATH_STATE);
Name name_of(MP_PORT_TRANSPORT_TYPE);
Name name_of(MP_ACCESS_STATE_TYPE);
Name name_of(MP_LOGICAL_UNIT_NAME_TYPE);

// Load balance types, the same in both: `none` is 0, a set of several is `unknown`.
std::string load_balance_name(MP_LOAD_BALANCE_TYPE);
std::vector<std::string> load_balance_names(MP_LOAD_BALANCE_TYPE set);
// A text that is no name is MP_LOAD_BALANCE_TYPE_UNKNOWN.
MP_LOAD_BALANCE_TYPE load_balance_type(std::string_view name);

} // namespace mpapi::cli
