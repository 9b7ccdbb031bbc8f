// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/json_writer.hpp"
#include "daemon/publish/text.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::publish;

namespace {

std::string shown(std::string_view text) {
    std::string scratch;
    return std::string(presentable(text, scratch));
}

constexpr char kBad[] = "\xef\xbf\xbd";

void text_that_is_utf8_stays_as_it_is(void**) {
    for (const char* text : {"", "ACME Array", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x92\xbe",
                             "\xf4\x8f\xbf\xbd", "\x01\t"})
        assert_text_equal(shown(text), text);
}

void each_byte_that_is_not_is_replaced(void**) {
    const std::string bad(kBad);
    assert_text_equal(shown("a\xff"
                            "b"),
                      "a" + bad + "b");
    assert_text_equal(shown(std::string_view("a\0b", 3)), "a" + bad + "b");
    assert_text_equal(shown("\xc3"), bad);                               // cut off
    assert_text_equal(shown("\xc0\x80"), bad + bad);                     // overlong
    assert_text_equal(shown("\xed\xa0\x80"), bad + bad + bad);           // surrogate
    assert_text_equal(shown("\xf4\x90\x80\x80"), bad + bad + bad + bad); // above U+10FFFF
    assert_text_equal(shown("\xef\xbf\xbf"), bad + bad + bad);           // noncharacter
    assert_true(is_presentable(shown("\x80\xc3\xa4\xff\xfe\xc3")));
}

void json_is_escaped(void**) {
    JsonWriter out;
    out.begin_object();
    out.key("a\"b");
    out.begin_array();
    out.text("line\nback\\slash\x7f\xff");
    out.number(18446744073709551615u);
    out.boolean(false);
    out.null();
    out.end_array();
    out.key("c");
    out.begin_object();
    out.end_object();
    out.end_object();
    assert_text_equal(out.buffer(), std::string("{\"a\\\"b\":[\"line\\u000aback\\\\slash\\u007f") +
                                        kBad + "\",18446744073709551615,false,null],\"c\":{}}");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_utf8_stays_as_it_is),
        cmocka_unit_test(each_byte_that_is_not_is_replaced),
        cmocka_unit_test(json_is_escaped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
