// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/errands/errand.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace mpapi::disks {

namespace {

constexpr std::string_view kEnd = "end\n";

bool stands_for_itself(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte < 0x7f && c != '%';
}

void append_word(std::string& text, std::string_view word) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (word.empty()) text += '%';
    for (const char c : word) {
        if (stands_for_itself(c)) {
            text += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        text += '%';
        text += digits[byte >> 4U];
        text += digits[byte & 0xfU];
    }
}

std::optional<unsigned> nibble(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    return std::nullopt;
}

std::optional<std::string> parse_word(std::string_view raw) {
    std::string word;
    if (raw == "%") return word;
    word.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size(); ++at) {
        if (stands_for_itself(raw[at])) {
            word += raw[at];
            continue;
        }
        if (raw[at] != '%' || raw.size() - at < 3) return std::nullopt;
        const auto high = nibble(raw[at + 1]), low = nibble(raw[at + 2]);
        if (!high || !low) return std::nullopt;
        const char c = static_cast<char>(*high * 16 + *low);
        if (stands_for_itself(c)) return std::nullopt; // one spelling for each word
        word += c;
        at += 2;
    }
    return word;
}

Error damaged(const char* reason) {
    return Error{"parse", "errand", reason, 0};
}

} // namespace

std::string build_errand(const Lines& lines) {
    std::string text;
    for (const auto& line : lines) {
        for (const auto& word : line) {
            if (&word != &line.front()) text += ' ';
            append_word(text, word);
        }
        text += '\n';
    }
    text += kEnd;
    return text;
}

bool is_whole(std::string_view text) {
    return text == kEnd || text.ends_with("\nend\n");
}

Result<Lines> parse_errand(std::string_view text) {
    if (text.size() > kLargestErrand) return damaged("it is too large");
    if (!is_whole(text)) return damaged("it ends early");
    text.remove_suffix(kEnd.size());
    Lines lines;
    while (!text.empty()) {
        if (lines.size() == kMostLines) return damaged("it has too many lines");
        auto line = text.substr(0, text.find('\n')); // each ends with one
        text.remove_prefix(line.size() + 1);
        Words words;
        for (bool more = true; more;) {
            if (words.size() == kMostWords) return damaged("a line has too many words");
            const auto raw = line.substr(0, line.find(' '));
            if (raw.empty()) return damaged("a word is missing");
            auto word = parse_word(raw);
            if (!word) return damaged("a word is damaged");
            words.push_back(std::move(*word));
            more = raw.size() < line.size();
            if (more) line.remove_prefix(raw.size() + 1);
        }
        if (words.size() == 1 && words[0] == "end") return damaged("it goes on after its end");
        lines.push_back(std::move(words));
    }
    return lines;
}

Words failure_words(const Error& error) {
    return {"failed", std::to_string(error.errnum), error.action, error.object, error.reason};
}

bool read_failure(const Words& words, Error& into) {
    if (words.size() != 5 || words[0] != "failed") return false;
    int errnum = 0;
    const char* const end = words[1].data() + words[1].size();
    const auto parsed = std::from_chars(words[1].data(), end, errnum);
    if (parsed.ec != std::errc() || parsed.ptr != end || errnum < 0 || errnum > 4095) return false;
    into = Error{words[2], words[3], words[4], errnum};
    return true;
}

} // namespace mpapi::disks
