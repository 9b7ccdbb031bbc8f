// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace mpapi::multipath_conf {

namespace {

constexpr std::size_t longest_expression = 1024;
constexpr std::uint64_t most_repetitions = 1000;
constexpr auto npos = std::string_view::npos;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// Nested repetitions multiply, and telling nested ones from a row of them would need a parser of
// the expression; the product of all is a bound for both.
bool costs_too_much(std::string_view expression) noexcept {
    if (expression.size() > longest_expression) return true;
    std::uint64_t repetitions = 1;
    for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
        // regcomp() writes "x+" as "xx*", so on top of another repetition it doubles what is below.
        if (expression[i + 1] == '+' && std::string_view("+*?})").find(expression[i]) != npos)
            repetitions *= 2;
        if (repetitions > most_repetitions) return true;
        if (expression[i] == '\\') {
            if (is_digit(expression[i + 1])) return true;
            ++i;
        } else if (expression[i] == '{') {
            std::uint64_t largest = 1;
            for (++i; i < expression.size() && expression[i] != '}';) {
                std::uint64_t number = 0;
                while (i < expression.size() && is_digit(expression[i]) &&
                       number <= most_repetitions)
                    number = number * 10 + static_cast<std::uint64_t>(expression[i++] - '0');
                largest = std::max(largest, number);
                if (largest > most_repetitions) return true;
                if (i < expression.size() && expression[i] != '}') ++i;
            }
            // "{3,}" costs as much as "{4}".
            repetitions *= largest + 1;
            if (repetitions > most_repetitions) return true;
        }
    }
    return false;
}

} // namespace

Result<Pattern> Pattern::compile(std::string_view expression, bool inverted) {
    const auto fail = [&](std::string reason) {
        return Error{"compile regular expression",
                     "\"" + std::string(expression.substr(0, 80)) + "\"", std::move(reason)};
    };
    if (costs_too_much(expression))
        return fail("too long, a back-reference, or too many repetitions");
    auto compiled = std::make_unique<regex_t>();
    const int code =
        regcomp(compiled.get(), std::string(expression).c_str(), REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char text[128];
        regerror(code, compiled.get(), text, sizeof text);
        return fail(text);
    }
    return Pattern(std::unique_ptr<regex_t, Free>(compiled.release()), inverted);
}

Result<Pattern> Pattern::compile(std::string_view expression) {
    return compile(expression, false);
}

Result<Pattern> Pattern::compile_rule(std::string_view expression) {
    if (expression.starts_with('!')) return compile(expression.substr(1), true);
    if (expression.starts_with("\\!")) return compile(expression.substr(1), false);
    return compile(expression, false);
}

bool Pattern::matches(std::string_view text) const {
    const bool found = regexec(expression_.get(), std::string(text).c_str(), 0, nullptr, 0) == 0;
    return found != inverted_;
}

} // namespace mpapi::multipath_conf
