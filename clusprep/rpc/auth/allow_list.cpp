// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/allow_list.hpp"

#include "clusprep/rpc/auth/ntlm/text.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

// What is no text equals nothing.
bool is_same_name(const std::string& a, const std::string& b) {
    const auto one = ntlm::utf16_of(a), other = ntlm::utf16_of(b);
    return one && other && !one->empty() && ntlm::upper_case(*one) == ntlm::upper_case(*other);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::any_of(names, [&](const auto& one) { return is_same_name(one, name); });
}

bool is_qualified(const std::string& name) {
    return name.find_first_of("\\@") != name.npos;
}

} // namespace

bool is_allowed(const Principal& principal, const AllowList& list) {
    if (is_qualified(principal.name) && contains(list.users, principal.name)) return true;
    return std::ranges::any_of(principal.groups, [&](const auto& group) {
        return contains(list.groups, group) || contains(list.sids, group);
    });
}

} // namespace mpapi::rpc
