// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/text/utf16.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;

namespace {

void assert_same(const std::u16string& actual, std::u16string_view expected) {
    if (actual != expected)
        fail_msg("expected %s, found %s", to_utf8(expected).value_or("(no text)").c_str(),
                 to_utf8(actual).value_or("(no text)").c_str());
}

void text_of_each_length_goes_there_and_back(void**) {
    const std::string text = "node\u00e9 \u4e2d \U0001f4be";
    const auto wide = to_utf16(text);
    assert_same(wide, u"node\u00e9 \u4e2d \U0001f4be");
    const auto back = to_utf8(wide);
    assert_true(back.has_value());
    assert_text_equal(*back, text);
}

void the_edges_of_each_length_are_kept(void**) {
    for (const std::u16string_view edge :
         {u"\u007f\u0080", u"\u07ff\u0800", u"\ud7ff\ue000", u"\uffff\U00010000", u"\U0010ffff"}) {
        const auto utf8 = to_utf8(edge);
        assert_true(utf8.has_value());
        assert_same(to_utf16(*utf8), edge);
    }
    assert_true(to_utf8(u"").has_value());
}

void bytes_that_are_no_text_are_replaced_one_by_one(void**) {
    assert_same(to_utf16("a\xff"
                         "b"),
                u"a\ufffd"
                u"b");
    assert_same(to_utf16("\xc3"), u"\ufffd");                               // cut off
    assert_same(to_utf16("\xc0\xaf"), u"\ufffd\ufffd");                     // overlong
    assert_same(to_utf16("\xed\xa0\x80"), u"\ufffd\ufffd\ufffd");           // a surrogate
    assert_same(to_utf16("\xf4\x90\x80\x80"), u"\ufffd\ufffd\ufffd\ufffd"); // beyond U+10FFFF
}

void a_surrogate_that_stands_alone_is_refused(void**) {
    const char16_t high = 0xd83d, low = 0xdcbe;
    assert_false(to_utf8(std::u16string{high}).has_value());
    assert_false(to_utf8(std::u16string{low}).has_value());
    assert_false(to_utf8(std::u16string{high, u'a'}).has_value());
    assert_false(to_utf8(std::u16string{low, high}).has_value());
    assert_true(to_utf8(std::u16string{high, low}).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(text_of_each_length_goes_there_and_back),
        cmocka_unit_test(the_edges_of_each_length_are_kept),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced_one_by_one),
        cmocka_unit_test(a_surrogate_that_stands_alone_is_refused),
    };
    return cmocka_run_group_tests_name("UTF-16", tests, nullptr, nullptr);
}
