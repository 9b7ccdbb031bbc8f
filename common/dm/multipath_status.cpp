// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/multipath_status.hpp"

#include "common/dm/word_reader.hpp"
#include "common/dm/word_writer.hpp"

#include <charconv>

namespace mpapi::dm {

namespace {

Result<StatusPath> read_path(WordReader& reader, std::uint32_t status_count) {
    StatusPath path;
    const auto device = reader.word("a path's device");
    if (!device) return device.error();
    path.device = *device;

    const auto state = reader.word("a path state");
    if (!state) return state.error();
    if (*state == "A")
        path.state = PathState::Active;
    else if (*state == "F")
        path.state = PathState::Failed;
    else
        return reader.error("expected a path state, A or F");

    const auto fail_count = reader.number("a fail count");
    if (!fail_count) return fail_count.error();
    path.fail_count = *fail_count;

    auto words = reader.words("a selector's word on a path", status_count);
    if (!words) return words.error();
    path.selector_status = std::move(*words);
    return path;
}

Result<StatusGroup> read_group(WordReader& reader) {
    StatusGroup group;
    const auto state = reader.word("a group state");
    if (!state) return state.error();
    if (*state == "A")
        group.state = GroupState::Active;
    else if (*state == "E")
        group.state = GroupState::Enabled;
    else if (*state == "D")
        group.state = GroupState::Disabled;
    else
        return reader.error("expected a group state, A, E or D");

    const auto word_count = reader.count("the number of selector words");
    if (!word_count) return word_count.error();
    auto words = reader.words("a selector's word on a group", *word_count);
    if (!words) return words.error();
    group.selector_status = std::move(*words);

    const auto path_count = reader.count("the number of paths", 3);
    if (!path_count) return path_count.error();
    if (*path_count == 0) return reader.error("a priority group without a path");
    const auto path_word_count = reader.count("the number of selector words for a path");
    if (!path_word_count) return path_word_count.error();

    group.paths.reserve(*path_count);
    for (std::uint32_t i = 0; i < *path_count; ++i) {
        auto path = read_path(reader, *path_word_count);
        if (!path) return path.error();
        group.paths.push_back(std::move(*path));
    }
    return group;
}

constexpr char letter(GroupState state) noexcept {
    switch (state) {
    case GroupState::Active:
        return 'A';
    case GroupState::Enabled:
        return 'E';
    case GroupState::Disabled:
        return 'D';
    }
    return 'E';
}

} // namespace

bool MultipathStatus::queues_io() const noexcept {
    const std::string_view word = features[0];
    return !word.empty() && word != "0";
}

std::optional<std::uint32_t> MultipathStatus::pg_init_count() const noexcept {
    const std::string_view word = features[1];
    std::uint32_t value = 0;
    const char* const end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, value);
    if (word.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return value;
}

Result<MultipathStatus> parse_multipath_status(std::string_view text) {
    WordReader reader(text, "parse multipath status");
    MultipathStatus status;

    const auto feature_count = reader.count("the number of features");
    if (!feature_count) return feature_count.error();
    auto features = reader.words("a feature", *feature_count);
    if (!features) return features.error();
    status.features = std::move(*features);

    const auto handler_count = reader.count("the number of hardware handler words");
    if (!handler_count) return handler_count.error();
    auto handler = reader.words("a hardware handler's word", *handler_count);
    if (!handler) return handler.error();
    status.hardware_handler_status = std::move(*handler);

    const auto group_count = reader.count("the number of priority groups");
    if (!group_count) return group_count.error();
    const auto current = reader.number("the current priority group", WordReader::largest_count);
    if (!current) return current.error();
    status.current_group = *current;

    status.groups.reserve(*group_count);
    for (std::uint32_t i = 0; i < *group_count; ++i) {
        auto group = read_group(reader);
        if (!group) return group.error();
        status.groups.push_back(std::move(*group));
    }
    if (const auto end = reader.end(); !end) return end.error();
    return status;
}

Result<std::string> build_status(const MultipathStatus& status) {
    WordWriter writer("build multipath status");
    writer.list(status.features);
    writer.list(status.hardware_handler_status);
    writer.count(status.groups.size());
    writer.count(status.current_group);
    for (const StatusGroup& group : status.groups) {
        const char state = letter(group.state);
        writer.word(std::string_view(&state, 1));
        writer.list(group.selector_status);
        if (group.paths.empty()) return writer.error("a priority group without a path");
        writer.count(group.paths.size());
        const std::size_t words = group.paths.front().selector_status.size();
        writer.count(words);
        for (const StatusPath& path : group.paths) {
            writer.word(path.device);
            writer.word(path.state == PathState::Active ? "A" : "F");
            writer.number(path.fail_count);
            if (path.selector_status.size() != words)
                return writer.error("paths of one group with different numbers of words");
            writer.words(path.selector_status);
        }
    }
    return std::move(writer).text();
}

} // namespace mpapi::dm
