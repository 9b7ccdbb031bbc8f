// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/report.hpp"

#include "common/text/hex.hpp"
#include "common/text/printable.hpp"

#include <algorithm>
#include <cstdio>

namespace mpapi::client {
namespace {

constexpr const char* green = "\x1b[32m";
constexpr const char* red = "\x1b[31m";
constexpr const char* plain = "\x1b[0m";

// Columns of a terminal, taking each character for one wide.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string words_of(const Value& value, const std::string& words) {
    if (!words.empty()) return printable(words);
    struct Words {
        std::string operator()(std::monostate) const { return "-"; }
        std::string operator()(bool yes) const { return yes ? "yes" : "no"; }
        std::string operator()(std::uint64_t number) const { return std::to_string(number); }
        std::string operator()(const std::string& text) const { return printable(text); }
        std::string operator()(const std::vector<std::string>& texts) const {
            std::string all;
            for (const std::string& each : texts)
                all += (all.empty() ? "" : ", ") + printable(each);
            return all.empty() ? "-" : all;
        }
        std::string operator()(const std::vector<std::uint8_t>& bytes) const {
            return hex_of(bytes);
        }
    };
    return std::visit(Words{}, value);
}

std::string toned(const std::string& text, Tone tone, bool colours) {
    if (!colours || tone == Tone::Plain) return text;
    return (tone == Tone::Good ? green : red) + text + plain;
}

std::string padded(std::size_t used, std::size_t wanted) {
    return std::string(wanted > used ? wanted - used : 0, ' ');
}

void add_facts(std::string& text, const std::vector<Fact>& facts, bool colours) {
    std::size_t widest = 0;
    for (const Fact& fact : facts)
        widest = std::max(widest, width(fact.label));
    for (const Fact& fact : facts) {
        if (fact.label.empty()) continue;
        if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&fact.value);
            bytes != nullptr && bytes->size() > 32 && fact.words.empty()) {
            text += fact.label + ":\n" + hex_dump(*bytes);
            continue;
        }
        text += fact.label + ":" + padded(width(fact.label), widest) + " " +
                toned(words_of(fact.value, fact.words), fact.tone, colours) + "\n";
    }
}

void add_list(std::string& text, const List& list, bool colours) {
    if (list.rows.empty()) {
        if (!list.none.empty()) text += list.none + "\n";
        return;
    }
    const std::size_t count = list.columns.size();
    std::vector<std::size_t> widths(count);
    for (std::size_t i = 0; i < count; ++i) {
        widths[i] = width(list.columns[i].heading);
        for (const auto& row : list.rows)
            widths[i] = std::max(widths[i], width(words_of(row[i].value, row[i].words)));
    }
    const auto line = [&](const auto& cell) {
        std::size_t missing = 0; // blanks that are due if anything follows
        std::string made;
        for (std::size_t i = 0; i < count; ++i) {
            if (list.columns[i].heading.empty()) continue;
            const auto [shown, tone] = cell(i);
            made += std::string(missing, ' ') + toned(shown, tone, colours);
            missing = widths[i] - width(shown) + 2;
        }
        text += made + "\n";
    };
    line([&](std::size_t i) { return std::pair(list.columns[i].heading, Tone::Plain); });
    for (const auto& row : list.rows)
        line([&](std::size_t i) {
            return std::pair(words_of(row[i].value, row[i].words), row[i].tone);
        });
}

} // namespace

std::string hex_dump(const std::vector<std::uint8_t>& bytes) {
    constexpr std::size_t per_line = 16;
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += per_line) {
        char number[24];
        std::snprintf(number, sizeof number, "%08zx ", at);
        text += number;
        std::string characters;
        for (std::size_t i = at; i < at + per_line; ++i) {
            if (i < bytes.size()) {
                text += " " + hex(bytes[i], 2);
                characters +=
                    bytes[i] >= 0x20 && bytes[i] < 0x7f ? static_cast<char>(bytes[i]) : '.';
            } else {
                text += "   ";
            }
        }
        text += "  |" + characters + "|\n";
    }
    return text;
}

std::string text(const Report& report, const ShownAs& as) {
    std::string text;
    add_facts(text, report.facts, as.colours);
    for (const List& list : report.lists) {
        if (std::all_of(list.columns.begin(), list.columns.end(),
                        [](const Column& column) { return column.heading.empty(); }))
            continue; // for programs alone
        if (!text.empty()) text += "\n";
        add_list(text, list, as.colours);
    }
    return text;
}

} // namespace mpapi::client
