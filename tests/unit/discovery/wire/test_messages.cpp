// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The examples of MS-ISTD 4.1 and 4.2, byte for byte, and what is none of them.
#include "discovery/wire/messages.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

Octets wide(std::string_view text, std::size_t size = kMessageSize) {
    Octets bytes{1, 0, 0, 0};
    for (const char c : text) {
        bytes.push_back(static_cast<std::uint8_t>(c));
        bytes.push_back(0);
    }
    bytes.resize(size);
    return bytes;
}

// 4.1: dwVersion, then the rows of szVDSProvMailSlot as far as they are printed.
const std::uint8_t kQuestion[] = {
    0x01, 0x00, 0x00, 0x00, //
    0x5c, 0x00, 0x5c, 0x00, 0x63, 0x00, 0x6c, 0x00, 0x69, 0x00, 0x65, 0x00, 0x6e, 0x00, 0x74, 0x00,
    0x2d, 0x00, 0x63, 0x00, 0x6f, 0x00, 0x6d, 0x00, 0x70, 0x00, 0x75, 0x00, 0x74, 0x00, 0x65, 0x00,
    0x72, 0x00, 0x5c, 0x00, 0x4d, 0x00, 0x41, 0x00, 0x49, 0x00, 0x4c, 0x00, 0x53, 0x00, 0x4c, 0x00,
    0x4f, 0x00, 0x54, 0x00, 0x5c, 0x00, 0x57, 0x00, 0x54, 0x00, 0x56, 0x00, 0x44, 0x00, 0x53, 0x00,
    0x50, 0x00, 0x52, 0x00, 0x4f, 0x00, 0x56, 0x00, 0x00, 0x00, 0x00, 0x00,
};

// 4.2: szWtServerName, whose letters are printed whole.
const std::uint8_t kAnswer[] = {
    0x01, 0x00, 0x00, 0x00, //
    0x53, 0x00, 0x45, 0x00, 0x52, 0x00, 0x56, 0x00, 0x45, 0x00, 0x52, 0x00, 0x2d, 0x00, 0x30, 0x00,
    0x31, 0x00, 0x32, 0x00, 0x33, 0x00, 0x34, 0x00, 0x35, 0x00, 0x2e, 0x00, 0x77, 0x00, 0x69, 0x00,
    0x6e, 0x00, 0x67, 0x00, 0x74, 0x00, 0x69, 0x00, 0x70, 0x00, 0x2e, 0x00, 0x74, 0x00, 0x6f, 0x00,
    0x79, 0x00, 0x73, 0x00, 0x2e, 0x00, 0x6d, 0x00, 0x69, 0x00, 0x63, 0x00, 0x72, 0x00, 0x6f, 0x00,
    0x73, 0x00, 0x6f, 0x00, 0x66, 0x00, 0x74, 0x00, 0x2e, 0x00, 0x63, 0x00, 0x6f, 0x00, 0x6d, 0x00,
};

void assert_padded(const Octets& message, const std::uint8_t* printed, std::size_t size) {
    assert_int_equal(message.size(), 260);
    assert_memory_equal(message.data(), printed, size);
    for (std::size_t at = size; at < message.size(); ++at)
        assert_int_equal(message[at], 0); // "Unused bytes in this field MUST be set to zero."
}

void the_question_is_the_example_of_4_1(void**) {
    const auto question = make_question("client-computer");
    assert_ok(question);
    assert_padded(*question, kQuestion, sizeof kQuestion);
    const auto read = read_question(*question);
    assert_true(read.flaw == Flaw::None);
    assert_text_equal(read.name, "client-computer");
}

void the_answer_is_the_example_of_4_2(void**) {
    const auto answer = make_answer("SERVER-012345.wingtip.toys.microsoft.com");
    assert_ok(answer);
    assert_padded(*answer, kAnswer, sizeof kAnswer);
    const auto read = read_answer(*answer);
    assert_true(read.flaw == Flaw::None);
    assert_text_equal(read.name, "SERVER-012345.wingtip.toys.microsoft.com");
}

void a_name_of_127_characters_fits_and_one_of_128_does_not(void**) {
    const std::string longest(127, 'a');
    const auto answer = make_answer(longest);
    assert_ok(answer);
    assert_int_equal((*answer)[257], 0);
    assert_text_equal(read_answer(*answer).name, longest);
    assert_false(make_answer(longest + "a").has_value());
    // On the wire it leaves no room for its end.
    assert_true(read_answer(wide(longest + "a")).flaw == Flaw::Name);
}

void an_asker_has_106_characters_at_most(void**) {
    const std::string longest(106, 'a');
    const auto question = make_question(longest);
    assert_ok(question);
    assert_text_equal(read_question(*question).name, longest);
    assert_false(make_question(longest + "a").has_value());
    assert_true(read_question(wide("\\\\" + longest + "a\\MAILSLOT\\WTVDSPROV")).flaw ==
                Flaw::Name);
}

void the_mailslot_is_compared_without_case(void**) {
    const auto read = read_question(wide("\\\\a\\mailslot\\WtVdsProv"));
    assert_true(read.flaw == Flaw::None);
    assert_text_equal(read.name, "a");
}

void what_follows_the_end_is_not_looked_at(void**) {
    auto message = wide("\\\\a\\MAILSLOT\\WTVDSPROV");
    message.back() = 0x55;
    assert_true(read_question(message).flaw == Flaw::None);
}

void another_size_is_refused_before_all_else(void**) {
    for (const std::size_t size : {0u, 4u, 259u, 261u, 512u}) {
        assert_true(read_question(Octets(size, 0)).flaw == Flaw::Size);
        assert_true(read_answer(Octets(size, 0)).flaw == Flaw::Size);
    }
}

void another_version_is_refused(void**) {
    for (const int version : {0, 2, 255}) {
        auto message = wide("\\\\a\\MAILSLOT\\WTVDSPROV");
        message[0] = static_cast<std::uint8_t>(version);
        assert_true(read_question(message).flaw == Flaw::Version);
    }
    auto message = wide("a");
    message[3] = 1;
    assert_true(read_answer(message).flaw == Flaw::Version);
}

void other_mailslots_and_odd_names_are_refused(void**) {
    for (const char* text :
         {"", "\\", "\\\\", "\\\\a", "a\\MAILSLOT\\WTVDSPROV", "\\\\\\MAILSLOT\\WTVDSPROV",
          "\\\\*\\MAILSLOT\\WTVDSPROV", "\\\\.\\MAILSLOT\\WTVDSPROV", "\\\\a\\MAILSLOT\\BROWSE",
          "\\\\a\\MAILSLOT\\WTVDSPROV\\", "\\\\a\\MAILSLOT\\WTVDSPROVX",
          "\\\\a b\\MAILSLOT\\WTVDSPROV", "\\\\a..b\\MAILSLOT\\WTVDSPROV",
          "\\\\a.\\MAILSLOT\\WTVDSPROV", "\\\\a/b\\MAILSLOT\\WTVDSPROV",
          "\\\\a\x1b[2J\\MAILSLOT\\WTVDSPROV", "\\\\a\\PIPE\\MAILSLOT\\WTVDSPROV"}) {
        if (read_question(wide(text)).flaw != Flaw::Name) fail_msg("it was taken: %s", text);
    }
    for (const char* text : {"", ".", "a.", ".a", "a b", "a\n", "*", "a\\b", "a\x7f"})
        if (read_answer(wide(text)).flaw != Flaw::Name) fail_msg("it was taken: %s", text);
    auto message = wide("abc");
    message[5] = 0x01; // U+0161
    assert_true(read_answer(message).flaw == Flaw::Name);
}

void nothing_is_made_that_would_be_refused(void**) {
    for (const char* name : {"", "a b", "*", ".", "a\\b", "\xc3\xa4"}) {
        assert_false(make_question(name).has_value());
        assert_false(make_answer(name).has_value());
    }
}

void a_name_that_is_too_long_is_its_first_label(void**) {
    assert_text_equal(std::string(fitting("a.b", 3)), "a.b");
    assert_text_equal(std::string(fitting("ab.c", 3)), "ab");
    assert_text_equal(std::string(fitting("abcd.e", 3)), "abc");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_question_is_the_example_of_4_1),
        cmocka_unit_test(the_answer_is_the_example_of_4_2),
        cmocka_unit_test(a_name_of_127_characters_fits_and_one_of_128_does_not),
        cmocka_unit_test(an_asker_has_106_characters_at_most),
        cmocka_unit_test(the_mailslot_is_compared_without_case),
        cmocka_unit_test(what_follows_the_end_is_not_looked_at),
        cmocka_unit_test(another_size_is_refused_before_all_else),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(other_mailslots_and_odd_names_are_refused),
        cmocka_unit_test(nothing_is_made_that_would_be_refused),
        cmocka_unit_test(a_name_that_is_too_long_is_its_first_label),
    };
    return cmocka_run_group_tests_name("messages of MS-ISTD", tests, nullptr, nullptr);
}
