// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/multipath_table.hpp"

#include "common/dm/word_reader.hpp"
#include "common/dm/word_writer.hpp"

#include <algorithm>
#include <charconv>

namespace mpapi::dm {

namespace {

Result<TableGroup> read_group(WordReader& reader) {
    TableGroup group;
    const auto selector = reader.word("a path selector");
    if (!selector) return selector.error();
    group.selector = *selector;

    const auto arg_count = reader.count("the number of selector arguments");
    if (!arg_count) return arg_count.error();
    auto args = reader.words("a selector argument", *arg_count);
    if (!args) return args.error();
    group.selector_args = std::move(*args);

    const auto path_count = reader.count("the number of paths");
    if (!path_count) return path_count.error();
    // parse_priority_group() takes no group without a path.
    if (*path_count == 0) return reader.error("a priority group without a path");
    const auto path_arg_count = reader.count("the number of path arguments");
    if (!path_arg_count) return path_arg_count.error();

    group.paths.reserve(*path_count);
    for (std::uint32_t i = 0; i < *path_count; ++i) {
        const auto device = reader.word("a path's device");
        if (!device) return device.error();
        auto path_args = reader.words("a path argument", *path_arg_count);
        if (!path_args) return path_args.error();
        group.paths.push_back(TablePath{std::string(*device), std::move(*path_args)});
    }
    return group;
}

bool same_without_case(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::uint32_t> plain_number(std::string_view text) noexcept {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return value;
}

} // namespace

Result<MultipathTable> parse_multipath_table(std::string_view text) {
    WordReader reader(text, "parse multipath table");
    MultipathTable table;

    const auto feature_count = reader.count("the number of features");
    if (!feature_count) return feature_count.error();
    auto features = reader.words("a feature", *feature_count);
    if (!features) return features.error();
    table.features = std::move(*features);

    const auto handler_count = reader.count("the number of hardware handler words");
    if (!handler_count) return handler_count.error();
    if (*handler_count > 0) {
        const auto handler = reader.word("a hardware handler");
        if (!handler) return handler.error();
        table.hardware_handler = *handler;
        auto args = reader.words("a hardware handler argument", *handler_count - 1);
        if (!args) return args.error();
        table.hardware_handler_args = std::move(*args);
    }

    const auto group_count = reader.count("the number of priority groups");
    if (!group_count) return group_count.error();
    const auto initial = reader.number("the initial priority group", WordReader::largest_count);
    if (!initial) return initial.error();
    if ((*group_count == 0) != (*initial == 0))
        return reader.error("the initial priority group does not fit the number of groups");
    table.initial_group = *initial;

    table.groups.reserve(*group_count);
    for (std::uint32_t i = 0; i < *group_count; ++i) {
        auto group = read_group(reader);
        if (!group) return group.error();
        table.groups.push_back(std::move(*group));
    }
    if (const auto end = reader.end(); !end) return end.error();
    return table;
}

Result<std::string> build_table(const MultipathTable& table) {
    WordWriter writer("build multipath table");
    writer.list(table.features);
    if (table.hardware_handler.empty()) {
        if (!table.hardware_handler_args.empty())
            return writer.error("hardware handler arguments without a handler");
        writer.count(0);
    } else {
        writer.count(table.hardware_handler_args.size() + 1);
        writer.word(table.hardware_handler);
        writer.words(table.hardware_handler_args);
    }
    if (table.groups.empty() != (table.initial_group == 0))
        return writer.error("the initial priority group does not fit the number of groups");
    writer.count(table.groups.size());
    writer.count(table.initial_group);
    for (const TableGroup& group : table.groups) {
        writer.word(group.selector);
        writer.list(group.selector_args);
        if (group.paths.empty()) return writer.error("a priority group without a path");
        writer.count(group.paths.size());
        const std::size_t args = group.paths.front().selector_args.size();
        writer.count(args);
        for (const TablePath& path : group.paths) {
            writer.word(path.device);
            if (path.selector_args.size() != args)
                return writer.error("paths of one group with different numbers of arguments");
            writer.words(path.selector_args);
        }
    }
    return std::move(writer).text();
}

Features features_of(const MultipathTable& table) {
    Features features;
    const auto end = table.features.end();
    for (auto at = table.features.begin(); at != end; ++at) {
        const std::string_view name = *at;
        const auto next = std::next(at);
        const bool has_value = next != end;
        if (same_without_case(name, "queue_if_no_path")) {
            features.queue_if_no_path = true;
        } else if (same_without_case(name, "retain_attached_hw_handler")) {
            features.retain_attached_hw_handler = true;
        } else if (has_value && same_without_case(name, "queue_mode")) {
            features.queue_mode = *next;
            at = next;
        } else if (has_value && same_without_case(name, "pg_init_retries") && plain_number(*next)) {
            features.pg_init_retries = plain_number(*next);
            at = next;
        } else if (has_value && same_without_case(name, "pg_init_delay_msecs") &&
                   plain_number(*next)) {
            features.pg_init_delay_msecs = plain_number(*next);
            at = next;
        } else {
            features.unknown.append(name);
        }
    }
    return features;
}

} // namespace mpapi::dm
