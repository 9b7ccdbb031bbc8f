// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/grammar.hpp"

#include <getopt.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace mpapi::cli {
namespace {

constexpr std::size_t longest_argument = 255; // no name of the API is longer

constexpr auto verb_names = std::to_array<VerbName>({
    {Verb::List, "list"},
    {Verb::Show, "show"},
    {Verb::Modify, "modify"},
    {Verb::Enable, "enable"},
    {Verb::Disable, "disable"},
    {Verb::Failover, "failover"},
    {Verb::Override, "override"},
    {Verb::Status, "status"},
    {Verb::Watch, "watch"},
});

constexpr auto noun_names = std::to_array<NounName>({
    {Noun::MpathSupport, "mpath-support"},
    {Noun::LogicalUnit, "logical-unit"},
    {Noun::LogicalUnit, "LU"},
    {Noun::InitiatorPort, "initiator-port"},
    {Noun::Path, "path"},
});

constexpr auto rules = std::to_array<OptionRule>({
    {'a', "autofailback", "on/off"},
    {'b', "loadbalance", "loadbalance type"},
    {'c', "cancel", nullptr},
    {'i', "initiator-port", "initiator-port name"},
    {'l', "logical-unit", "logical-unit name"},
    {'n', "inqname", "name"},
    {'p', "autoprobe", "on/off"},
    {'t', "target-port", "target-port name"},
});

constexpr auto form_table = std::to_array<Form>({
    {Verb::List, Noun::MpathSupport, "", false, Operands::Optional, true, true},
    {Verb::List, Noun::LogicalUnit, "nt", false, Operands::Optional, true, true},
    {Verb::List, Noun::InitiatorPort, "", false, Operands::Optional, true, true},
    {Verb::Show, Noun::MpathSupport, "", false, Operands::Optional, true, true},
    {Verb::Show, Noun::LogicalUnit, "", false, Operands::Optional, true, true},
    {Verb::Show, Noun::InitiatorPort, "", false, Operands::Optional, true, true},
    {Verb::Modify, Noun::MpathSupport, "apb", true, Operands::AtLeastOne, false, false},
    {Verb::Modify, Noun::LogicalUnit, "apb", true, Operands::AtLeastOne, false, false},
    {Verb::Enable, Noun::Path, "itl", true, Operands::None, false, false},
    {Verb::Disable, Noun::Path, "itl", true, Operands::None, false, false},
    {Verb::Failover, Noun::LogicalUnit, "", false, Operands::One, false, false},
    {Verb::Override, Noun::Path, "itlc", true, Operands::None, false, false},
    {Verb::Status, Noun::None, "", false, Operands::Optional, true, true},
    {Verb::Watch, Noun::None, "", false, Operands::None, true, false},
});

// What getopt_long returns for options without a letter.
enum Long : int { json_option = 256, strict_option, help_option };
constexpr int operand = 1; // what it returns for one

struct Stretch {
    std::string letters;              // as getopt wants them
    std::vector<struct option> names; // with the end that getopt wants
};

Stretch stretch(std::string_view letters, std::string_view start) {
    // '+' stops at the first operand, '-' returns each operand in its place, whatever
    // POSIXLY_CORRECT says; ':' tells a missing argument from an unknown option. -? is left
    // unknown, for what getopt_long returns for it would be what it returns for every unknown one.
    Stretch made{std::string(start) + ":", {}};
    made.names = {{"help", no_argument, nullptr, help_option},
                  {"json", no_argument, nullptr, json_option},
                  {"strict", no_argument, nullptr, strict_option}};
    for (const OptionRule& rule : rules) {
        if (letters.find(rule.letter) == std::string_view::npos) continue;
        made.letters += rule.letter;
        if (rule.argument != nullptr) made.letters += ':';
        made.names.push_back({rule.name, rule.argument != nullptr ? required_argument : no_argument,
                              nullptr, rule.letter});
    }
    return made;
}

// The option that getopt_long has just refused, as it was written.
std::string refused(char** argv) {
    const std::string_view last = argv[optind - 1];
    if (last.starts_with("--") || optopt <= 0 || optopt >= json_option) return std::string(last);
    return {'-', static_cast<char>(optopt)};
}

struct Flags {
    bool json = false;
    bool strict = false;
};

class Parser {
  public:
    Parser(int argc, char** argv)
      : argc_(argc)
      , argv_(argv) {}

    Parsed run();

  private:
    // Reads on behind `at`. Nothing, or what ends the parsing.
    std::optional<Parsed> before_word(int& at, const Topic& topic, bool version);
    std::optional<Parsed> rest(int at, const Form& form, const Topic& topic, Command& command);
    static Parsed mistake(std::string message, const Topic& topic) {
        return Mistake{std::move(message), topic};
    }

    int argc_;
    char** argv_;
    Flags flags_;
};

std::optional<Parsed> Parser::before_word(int& at, const Topic& topic, bool version) {
    Stretch known = stretch("", "+");
    if (version) {
        known.letters += 'V';
        known.names.push_back({"version", no_argument, nullptr, 'V'});
    }
    known.names.push_back({});
    char** const argv = argv_ + at;
    ::optind = 0; // glibc: begin anew
    ::opterr = 0;
    for (;;) {
        const int found =
            ::getopt_long(argc_ - at, argv, known.letters.c_str(), known.names.data(), nullptr);
        if (found == -1) break;
        if (found == json_option) {
            flags_.json = true;
        } else if (found == strict_option) {
            flags_.strict = true;
        } else if (found == 'V') {
            return Version{};
        } else if (found == help_option || (found == '?' && ::optopt == '?')) {
            return Help{topic};
        } else {
            return mistake("'" + refused(argv) + "': invalid option", topic);
        }
    }
    at += ::optind;
    return std::nullopt;
}

std::optional<Parsed> Parser::rest(int at, const Form& form, const Topic& topic, Command& command) {
    Stretch known = stretch(form.letters, "-");
    known.names.push_back({});
    char** const argv = argv_ + at;
    ::optind = 0;
    for (;;) {
        const int found =
            ::getopt_long(argc_ - at, argv, known.letters.c_str(), known.names.data(), nullptr);
        if (found == -1) break;
        if (found == operand) {
            command.operands.emplace_back(::optarg);
        } else if (found == json_option) {
            flags_.json = true;
        } else if (found == strict_option) {
            flags_.strict = true;
        } else if (found == help_option || (found == '?' && ::optopt == '?')) {
            return Help{topic};
        } else if (found == ':') {
            return mistake("'" + refused(argv) + "': option requires an argument", topic);
        } else if (found == '?') {
            return mistake(form.letters.empty() ? "no options permitted"
                                                : "'" + refused(argv) + "': invalid option",
                           topic);
        } else {
            std::string argument = ::optarg != nullptr ? ::optarg : "";
            if (argument.size() > longest_argument) return TooLong{};
            command.options.push_back({static_cast<char>(found), std::move(argument)});
        }
    }
    for (int index = ::optind; index < argc_ - at; ++index)
        command.operands.emplace_back(argv[index]);
    return std::nullopt;
}

Parsed Parser::run() {
    int at = 0;
    if (argc_ < 2) return mistake("", {});
    if (auto end = before_word(at, {}, true)) return *end;
    if (at >= argc_) return mistake("", {});

    const auto* const verb = std::ranges::find_if(
        verb_names, [&](const VerbName& known) { return equal_words(known.name, argv_[at]); });
    if (verb == verb_names.end()) return mistake("invalid subcommand", {});

    Topic topic{verb->verb, {}};
    std::string called(verb->name);
    const Form* form = form_of(verb->verb, Noun::None);
    if (form == nullptr) {
        if (auto end = before_word(at, topic, false)) return *end;
        if (at >= argc_) return mistake("missing object", topic);
        const auto* const noun = std::ranges::find_if(
            noun_names, [&](const NounName& known) { return equal_words(known.name, argv_[at]); });
        if (noun == noun_names.end()) return mistake("invalid object", topic);
        form = form_of(verb->verb, noun->noun);
        if (form == nullptr)
            return mistake("invalid subcommand for " + std::string(noun->name), topic);
        topic.object = noun->name;
        (called += ' ') += noun->name;
    }

    Command command{form->verb, form->noun, {}, {}};
    if (auto end = rest(at, *form, topic, command)) return *end;
    if ((flags_.json && !form->json) || (flags_.strict && !form->strict))
        return mistake(std::string(flags_.json && !form->json ? "'--json'" : "'--strict'") +
                           ": invalid option",
                       topic);
    command.json = flags_.json;
    command.strict = flags_.strict;
    if (form->needs_option && command.options.empty())
        return mistake("at least one option required", topic);
    const std::size_t count = command.operands.size();
    if (form->operands == Operands::None && count > 0)
        return mistake(called + " takes no operands", topic);
    if (count == 0 && (form->operands == Operands::AtLeastOne || form->operands == Operands::One))
        return mistake(called + " requires an operand", topic);
    if (form->operands == Operands::One && count > 1)
        return mistake(called + " accepts only a single operand", topic);
    return command;
}

} // namespace

const std::string* Command::argument(char letter) const {
    const auto found = std::find_if(options.rbegin(), options.rend(),
                                    [&](const Option& option) { return option.letter == letter; });
    return found == options.rend() ? nullptr : &found->argument;
}

Parsed parse(int argc, char** argv) {
    return Parser(argc, argv).run();
}

std::span<const VerbName> verbs() {
    return verb_names;
}
std::span<const NounName> nouns() {
    return noun_names;
}
std::span<const Form> forms() {
    return form_table;
}
std::span<const OptionRule> option_rules() {
    return rules;
}

std::string_view name_of(Verb verb) {
    const auto* const found =
        std::ranges::find_if(verb_names, [&](const VerbName& known) { return known.verb == verb; });
    assert(found != verb_names.end());
    return found->name;
}

const Form* form_of(Verb verb, Noun noun) {
    const auto* const found = std::ranges::find_if(
        form_table, [&](const Form& form) { return form.verb == verb && form.noun == noun; });
    return found == form_table.end() ? nullptr : found;
}

bool takes_object(Verb verb) {
    return form_of(verb, Noun::None) == nullptr;
}

bool equal_words(std::string_view one, std::string_view other) {
    return one.size() == other.size() && ::strncasecmp(one.data(), other.data(), one.size()) == 0;
}

} // namespace mpapi::cli
