// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/grammar.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::cli;

namespace {

Parsed parsed(std::vector<std::string> words) {
    words.insert(words.begin(), "mpathadm");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return parse(static_cast<int>(words.size()), argv.data());
}

Command command(const std::vector<std::string>& words) {
    const Parsed result = parsed(words);
    if (const auto* mistake = std::get_if<Mistake>(&result))
        fail_msg("mistake: %s", mistake->message.c_str());
    assert_true(std::holds_alternative<Command>(result));
    return std::get<Command>(result);
}

std::string mistake(const std::vector<std::string>& words) {
    const Parsed result = parsed(words);
    assert_true(std::holds_alternative<Mistake>(result));
    return std::get<Mistake>(result).message;
}

void every_form_of_the_table_is_parsed(void**) {
    for (const Form& form : forms()) {
        for (const NounName& noun : nouns()) {
            if (form.noun != noun.noun && form.noun != Noun::None) continue;
            std::vector<std::string> words = {std::string(name_of(form.verb))};
            if (form.noun != Noun::None) words.emplace_back(noun.name);
            for (const char letter : form.letters) {
                words.push_back({'-', letter});
                if (letter != 'c') words.emplace_back("value");
            }
            if (form.operands == Operands::One || form.operands == Operands::AtLeastOne)
                words.emplace_back("name");
            const Command result = command(words);
            assert_true(result.verb == form.verb);
            assert_true(result.noun == form.noun);
            assert_int_equal(result.options.size(), form.letters.size());
        }
    }
}

void options_keep_their_order_and_may_follow_operands(void**) {
    const Command result =
        command({"Modify", "lu", "one", "-p", "off", "two", "--autofailback", "on"});
    const std::vector<Option> options = {{'p', "off"}, {'a', "on"}};
    const std::vector<std::string> operands = {"one", "two"};
    assert_true(result.options == options);
    assert_true(result.operands == operands);
    assert_text_equal(*result.argument('a'), "on");
    assert_null(result.argument('b'));
}

void of_an_option_given_twice_the_last_counts(void**) {
    assert_text_equal(*command({"enable", "path", "-i", "x", "-i", "y"}).argument('i'), "y");
}

void an_option_without_argument_has_an_empty_one(void**) {
    assert_text_equal(*command({"override", "path", "-c", "-l", "x"}).argument('c'), "");
    assert_text_equal(*command({"override", "path", "--cancel"}).argument('c'), "");
}

void behind_two_dashes_all_are_operands(void**) {
    const Command result = command({"list", "lu", "--", "-n", "--json"});
    assert_int_equal(result.operands.size(), 2);
    assert_false(result.json);
}

void help_is_told_from_an_unknown_option_also_after_one(void**) {
    assert_text_equal(mistake({"list", "lu", "-x"}), "'-x': invalid option");
    assert_true(std::holds_alternative<Help>(parsed({"list", "lu", "-?"})));
    assert_true(std::holds_alternative<Help>(parsed({"list", "--help", "lu"})));
    assert_true(std::holds_alternative<Help>(parsed({"-?"})));
    assert_text_equal(mistake({"list", "lu", "--x"}), "'--x': invalid option");
    assert_true(std::holds_alternative<Help>(parsed({"list", "lu", "-?"})));
    assert_text_equal(mistake({"list", "lu", "-tx", "-yz"}), "'-y': invalid option");
}

void a_mistake_knows_its_topic(void**) {
    const Parsed result = parsed({"modify", "Lu", "-q"});
    const Topic& topic = std::get<Mistake>(result).topic;
    assert_true(topic.verb == Verb::Modify);
    assert_text_equal(std::string(topic.object), "LU");
    const Parsed none = parsed({"frob"});
    assert_false(std::get<Mistake>(none).topic.verb.has_value());
}

void the_version_is_asked_for_before_the_subcommand_only(void**) {
    assert_true(std::holds_alternative<Version>(parsed({"-V"})));
    assert_text_equal(mistake({"list", "-V", "lu"}), "'-V': invalid option");
    assert_text_equal(mistake({"list", "lu", "-V"}), "'-V': invalid option");
}

void the_longest_argument_has_255_bytes(void**) {
    assert_int_equal(
        command({"list", "lu", "-n", std::string(255, 'n')}).options[0].argument.size(), 255);
    assert_true(
        std::holds_alternative<TooLong>(parsed({"list", "lu", "-n", std::string(256, 'n')})));
}

void empty_words_are_words(void**) {
    assert_text_equal(mistake({""}), "invalid subcommand");
    assert_text_equal(mistake({"list", ""}), "invalid object");
    assert_int_equal(command({"list", "lu", ""}).operands.size(), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_the_table_is_parsed),
        cmocka_unit_test(options_keep_their_order_and_may_follow_operands),
        cmocka_unit_test(of_an_option_given_twice_the_last_counts),
        cmocka_unit_test(an_option_without_argument_has_an_empty_one),
        cmocka_unit_test(behind_two_dashes_all_are_operands),
        cmocka_unit_test(help_is_told_from_an_unknown_option_also_after_one),
        cmocka_unit_test(a_mistake_knows_its_topic),
        cmocka_unit_test(the_version_is_asked_for_before_the_subcommand_only),
        cmocka_unit_test(the_longest_argument_has_255_bytes),
        cmocka_unit_test(empty_words_are_words),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
