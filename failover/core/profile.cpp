// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/core/profile.hpp"

#include <utility>

namespace mpapi::failover {

namespace {

template <typename T>
using Names = std::pair<std::string_view, T>[3];

constexpr Names<Profile> profiles = {
    {"rfc5227", Profile::Rfc5227}, {"fast", Profile::Fast}, {"none", Profile::None}};
constexpr Names<Forms> all_forms = {
    {"both", Forms::Both}, {"request", Forms::Request}, {"reply", Forms::Reply}};
constexpr Names<Policy> policies = {
    {"always", Policy::Always}, {"once", Policy::Once}, {"never", Policy::Never}};

template <typename T>
std::string_view find(const Names<T>& names, T value) {
    for (const auto& [name, each] : names)
        if (each == value) return name;
    return {};
}

template <typename T>
std::optional<T> find(const Names<T>& names, std::string_view wanted) {
    for (const auto& [name, each] : names)
        if (name == wanted) return each;
    return std::nullopt;
}

} // namespace

ProbeTimes ProbeTimes::of(Profile profile, int family) {
    switch (profile) {
    case Profile::Rfc5227:
        // PROBE_WAIT, PROBE_NUM, PROBE_MIN, PROBE_MAX, ANNOUNCE_WAIT; MAX_RTR_SOLICITATION_DELAY,
        // DupAddrDetectTransmits and RetransTimer.
        if (family == AF_INET) return {Ms(1000), 3, Ms(1000), Ms(2000), Ms(2000)};
        return {Ms(1000), 1, Ms(0), Ms(0), kRetransTimer};
    case Profile::Fast:
        return {Ms(20), 3, Ms(50), Ms(70), Ms(100)};
    case Profile::None:
        break;
    }
    return {};
}

std::string_view name_of(Profile profile) {
    return find(profiles, profile);
}
std::string_view name_of(Forms forms) {
    return find(all_forms, forms);
}
std::string_view name_of(Policy policy) {
    return find(policies, policy);
}
std::optional<Profile> profile_named(std::string_view name) {
    return find(profiles, name);
}
std::optional<Forms> forms_named(std::string_view name) {
    return find(all_forms, name);
}
std::optional<Policy> policy_named(std::string_view name) {
    return find(policies, name);
}

} // namespace mpapi::failover
