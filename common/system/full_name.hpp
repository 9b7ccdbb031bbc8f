// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The fully qualified name of this machine, from files: hosts(5), resolv.conf(5). A resolver is not
// asked: it may wait for a network. Pure.
#pragma once

#include <string>
#include <string_view>

namespace mpapi {

// As "hostname -f" has it from files: the name itself where it has a dot, else the name with a dot
// that a line of hosts gives it, else with the first domain that resolv.conf has. The name alone
// where nothing says more. In lower case, without a dot at the end.
std::string full_name(std::string_view name, std::string_view hosts, std::string_view resolv);

// In lower case, without a dot at the end.
std::string tidy_name(std::string_view name);

} // namespace mpapi
