// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/help.hpp"

#include <string_view>

namespace mpapi::cli {
namespace {

std::string operands_text(const Form& form, std::string_view object) {
    if (form.operands == Operands::None) return {};
    std::string text = object.empty() ? "logical-unit" : std::string(object);
    text += form.operands == Operands::One ? " name" : " name ...";
    return form.operands == Operands::Optional ? " [<" + text + ">]" : " <" + text + ">";
}

std::string options_text(const Form& form) {
    if (!form.letters.empty() && form.needs_option) return " <OPTIONS>";
    return form.letters.empty() && !form.json ? "" : " [OPTIONS]";
}

std::string subcommand_line(Verb verb) {
    const std::string name(name_of(verb));
    if (takes_object(verb)) return "Usage:\tmpathadm " + name + " [-?] <OBJECT> [-?] [<OPERAND>]\n";
    const Form& form = *form_of(verb, Noun::None);
    return "Usage:\tmpathadm " + name + " [-?]" + options_text(form) + operands_text(form, "") +
           "\n";
}

std::string object_line(const Form& form, std::string_view object) {
    return "\tmpathadm " + std::string(name_of(form.verb)) + " [-?] " + std::string(object) +
           " [-?]" + options_text(form) + operands_text(form, object) + "\n";
}

void add_option(std::string& text, std::string_view letter, std::string_view name,
                const char* argument) {
    (text += "\t\t") += letter;
    text += name;
    if (argument != nullptr) ((text += "  <") += argument) += ">";
    text += "\n";
}

std::string option_lines(const Form& form) {
    std::string text;
    for (const char letter : form.letters)
        for (const OptionRule& rule : option_rules())
            if (rule.letter == letter)
                add_option(text, std::string{'-', letter} + ", --", rule.name, rule.argument);
    if (form.json) add_option(text, "--", "json", nullptr);
    if (form.strict) add_option(text, "--", "strict", nullptr);
    if (!text.empty()) text.insert(0, "\tOPTIONS:\n");
    return text;
}

// A noun once for each of its names.
std::string objects_of(Verb verb) {
    std::string text = "Usage by OBJECT:\n";
    for (const NounName& noun : nouns())
        if (const Form* form = form_of(verb, noun.noun)) text += object_line(*form, noun.name);
    return text;
}

const Form& form_of(const Topic& topic) {
    Noun noun = Noun::None;
    for (const NounName& known : nouns())
        if (known.name == topic.object) noun = known.noun;
    return *form_of(*topic.verb, noun);
}

} // namespace

std::string version_text() {
    return "mpathadm: Version  1. 0\n"; // (sic) what scripts compare it with
}

std::string usage_text(const Topic& topic) {
    std::string text;
    if (!topic.verb) {
        for (const VerbName& verb : verbs())
            text += subcommand_line(verb.verb);
    } else if (topic.object.empty()) {
        text = subcommand_line(*topic.verb);
    } else {
        const Form& form = form_of(topic);
        text = "Usage:" + object_line(form, topic.object) + option_lines(form);
    }
    return text;
}

std::string help_text(const Topic& topic) {
    if (topic.verb && (!topic.object.empty() || !takes_object(*topic.verb)))
        return usage_text(topic) +
               (topic.object.empty() ? option_lines(form_of(topic)) : std::string());
    std::string text;
    if (topic.verb) return usage_text(topic) + objects_of(*topic.verb);
    text = "Usage:\tmpathadm -?,-V,--help,--version\n";
    for (const VerbName& verb : verbs()) {
        text += subcommand_line(verb.verb);
        text += takes_object(verb.verb) ? objects_of(verb.verb)
                                        : option_lines(*form_of(verb.verb, Noun::None));
    }
    return text;
}

std::string more_information() {
    return "For more information, please see mpathadm(1M)\n";
}

} // namespace mpapi::cli
