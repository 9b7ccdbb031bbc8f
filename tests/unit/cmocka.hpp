// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CMocka from C++: its header wants these C headers first and has no extern "C" of its own.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" {
#include <cmocka.h>
}

// A macro named fail breaks every standard stream's fail() that is included after this.
#undef fail
#undef fail_msg
#define fail_msg(message, ...)                                                                     \
    do {                                                                                           \
        print_error("ERROR: " message "\n" __VA_OPT__(, ) __VA_ARGS__);                            \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (false)

// Ends the test with the error's own text when a Result holds none.
#define assert_ok(result)                                                                          \
    do {                                                                                           \
        if (!(result)) fail_msg("%s failed: %s", #result, (result).error().message().c_str());     \
    } while (false)

inline void assert_text_equal(const std::string& actual, const std::string& expected) {
    assert_string_equal(actual.c_str(), expected.c_str());
}

// Fails with the text that was found when `text` does not contain `part`.
inline void assert_contains(const std::string& text, std::string_view part) {
    if (text.find(part) == std::string::npos)
        fail_msg("expected \"%s\" in: %s", std::string(part).c_str(), text.c_str());
}
