// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/selectors.hpp"

#include <charconv>
#include <cstdint>

namespace mpapi::paths {

namespace {

std::optional<std::uint32_t> number(std::string_view word) {
    std::uint32_t value = 0;
    const char* const end = word.data() + word.size();
    const auto [at, error] = std::from_chars(word.data(), end, value);
    if (word.empty() || error != std::errc() || at != end) return std::nullopt;
    return value;
}

Error refuse(const std::string& name, const std::string& reason) {
    return Error{"use path selector", name, reason};
}

} // namespace

Result<Selector> parse_selector(std::string_view text) {
    const dm::Words words(text);
    if (words.empty()) return Error{"read path selector", "", "it has no name"};
    Selector selector;
    selector.name = words[0];
    if (words.size() == 1) return selector;
    const auto count = number(words[1]);
    if (!count || *count != words.size() - 2)
        return Error{"read path selector", selector.name,
                     "a name, the number of arguments and so many arguments are expected"};
    for (std::size_t i = 2; i < words.size(); ++i)
        selector.args.append(words[i]);
    return selector;
}

Status check_selector(const Selector& selector) {
    const std::string& name = selector.name;
    if (name == "io-affinity")
        return refuse(name, "it needs a mask of CPUs for each path, which nobody gave");
    if (!path_words(name)) return refuse(name, "its arguments are not known");
    if (name != "historical-service-time")
        return selector.args.empty() ? Status(Done{}) : refuse(name, "it takes no arguments");
    constexpr std::uint32_t kWeightLimit = 1024; // HST_FIXED_1
    if (selector.args.size() > 2)
        return refuse(name, "it takes a base weight and a threshold multiplier");
    for (const auto word : selector.args)
        if (!number(word)) return refuse(name, "\"" + std::string(word) + "\" is no number");
    if (!selector.args.empty() && *number(selector.args[0]) >= kWeightLimit)
        return refuse(name, "the base weight must be below 1024");
    return Done{};
}

std::optional<Refused> unfit_selector(std::string_view text) {
    const auto selector = parse_selector(text);
    if (!selector) return Refused{Refusal::InvalidParameter, selector.error().message() + "."};
    if (const Status status = check_selector(*selector); !status)
        return Refused{path_words(selector->name) ? Refusal::InvalidParameter
                                                  : Refusal::Unsupported,
                       status.error().message() + "."};
    return std::nullopt;
}

std::optional<dm::Words> path_words(std::string_view selector) {
    if (selector == "round-robin" || selector == "queue-length") return dm::Words("1");
    if (selector == "service-time") return dm::Words("1 1");
    if (selector == "historical-service-time") return dm::Words("0");
    return std::nullopt;
}

} // namespace mpapi::paths
